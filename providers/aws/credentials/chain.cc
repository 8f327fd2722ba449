#include "providers/aws/credentials/chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <vector>

namespace tandem::aws {
namespace {

using Source = CredentialSettings::Source;

constexpr size_t kMaxRoles = 8;

// One walk over the places.
class Walk {
 public:
  Walk(const CredentialSettings& settings, const CredentialPorts& ports, std::stop_token stop)
      : settings_(settings), ports_(ports), stop_(std::move(stop)) {}

  Result<Credentials> Run() {
    Result<Credentials> found = Look();
    if (!found.ok()) return AsFailure(found.status());
    return found;
  }

 private:
  Result<Credentials> Look() {
    TANDEM_ASSIGN_OR_RETURN(profiles_, LoadProfiles(ports_.environment));
    profile_ = ProfileName(ports_.environment, settings_.profile);
    region_ = ports_.region;
    if (region_.empty()) {
      TANDEM_ASSIGN_OR_RETURN(region_, DefaultRegion(ports_.environment, profile_));
    }
    switch (settings_.source) {
      case Source::kDefault:
        return Chain();
      case Source::kEnvironment:
        return Only("environment", FromEnvironment(ports_),
                    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for the daemon");
      case Source::kProfile:
        return Only("profile " + profile_, Profile(profile_, {}),
                    fmt::format("Give the profile keys, a role or a credential_process in {} or {}",
                                profiles_.config_path, profiles_.credentials_path));
      case Source::kAssumeRole:
        return AccountRole();
      case Source::kWebIdentity:
        return Only("web identity", WebIdentity(),
                    "Set credentials.tokenFile and credentials.roleArn of the Account, or "
                    "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN");
      case Source::kContainer:
        return Only("container", FromContainer(ports_, stop_),
                    "This works only in an ECS task or an EKS pod with an identity");
      case Source::kInstance:
        return Only("instance", Instance(), "This works only on an EC2 instance with a role");
    }
    return Internal("an unknown source of credentials");
  }

  // A single source: not being set up is a failure too.
  static Result<Credentials> Only(const std::string& name, Result<Credentials> found,
                                  std::string_view advice) {
    if (found.ok()) return found;
    Status status = found.status();
    if (status.code() == Code::kNotFound) {
      return Unauthenticated(
          fmt::format("no AWS credentials: {}: {}. {}", name, status.message(), advice));
    }
    return status.Annotate("AWS credentials from " + name);
  }

  // Whatever is wrong with a place, its account is not signed in. Only what may pass by itself
  // keeps its code.
  static Status AsFailure(const Status& status) {
    switch (status.code()) {
      case Code::kUnavailable:
      case Code::kDeadlineExceeded:
      case Code::kCancelled:
      case Code::kPermissionDenied:
        return status;
      default:
        return Unauthenticated(status.message());
    }
  }

  Result<Credentials> Chain() {
    struct Place {
      std::string name;
      std::function<Result<Credentials>()> look;
    };
    // A profile that the account itself names was meant more than a variable.
    bool named = !settings_.profile.empty();
    std::vector<Place> places;
    if (!named) places.push_back({"environment", [this] { return FromEnvironment(ports_); }});
    places.push_back({"role of profile " + profile_, [this] { return ProfileRole(); }});
    if (!named) places.push_back({"web identity", [this] { return WebIdentity(); }});
    places.push_back({"profile " + profile_, [this] { return Profile(profile_, {}); }});
    places.push_back({"container", [this] { return FromContainer(ports_, stop_); }});
    places.push_back({"instance", [this] { return Instance(); }});
    std::string tried;
    for (const Place& place : places) {
      Result<Credentials> found = place.look();
      if (found.ok()) return found;
      Status status = found.status();
      if (status.code() == Code::kCancelled) return status;
      tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", place.name, status.message());
      if (status.code() == Code::kNotFound) continue;
      return Status(status.code(), fmt::format("AWS credentials from {} were set up and failed. "
                                               "Tried: {}",
                                               place.name, tried));
    }
    return Unauthenticated(fmt::format(
        "no AWS credentials. Tried: {}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or "
        "AWS_PROFILE for the daemon, or credentials.source of the Account",
        tried));
  }

  Result<Credentials> Instance() { return FromInstance(ports_, profiles_, profile_, stop_); }

  // The account's role, signed with its profile, or else with the chain.
  Result<Credentials> AccountRole() {
    Result<Credentials> base = settings_.profile.empty()
                                   ? Chain()
                                   : Only("profile " + profile_, Profile(profile_, {}),
                                          "It signs the call that assumes credentials.roleArn");
    if (!base.ok()) return base.status().Annotate("assuming " + settings_.role_arn);
    return AssumeRole(*base, settings_.role_arn, settings_.external_id, settings_.session_name, "");
  }

  Result<Credentials> AssumeRole(const Credentials& signer, const std::string& role,
                                 const std::string& external_id, const std::string& session,
                                 const std::string& seconds) {
    StsCall call;
    call.action = "AssumeRole";
    call.region = region_;
    call.signer = signer;
    call.parameters = {{"RoleArn", role}, {"RoleSessionName", SessionName(session)}};
    if (!external_id.empty()) call.parameters.emplace_back("ExternalId", external_id);
    if (!seconds.empty()) call.parameters.emplace_back("DurationSeconds", seconds);
    return Call(call, role, signer.origin);
  }

  Result<Credentials> Call(const StsCall& call, const std::string& role, const std::string& from) {
    Result<Credentials> found = ports_.sts(call, stop_);
    if (!found.ok()) {
      Status status = found.status();
      if (status.code() == Code::kNotFound) status = Unauthenticated(status.message());
      return status.Annotate(fmt::format("assuming {} with credentials from {}", role, from));
    }
    found->origin = fmt::format("role {} from {}", role, from);
    return found;
  }

  std::string SessionName(const std::string& wanted) const {
    if (!wanted.empty()) return wanted;
    auto now = ports_.clock->Now().time_since_epoch();
    return fmt::format("tandem-{}", std::chrono::duration_cast<std::chrono::seconds>(now).count());
  }

  Result<Credentials> WebIdentity() {
    const Environment& environment = ports_.environment;
    std::string file = settings_.token_file;
    if (file.empty()) {
      file = GetVariable(environment, "AWS_WEB_IDENTITY_TOKEN_FILE").value_or("");
    }
    if (file.empty()) return NotFound("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    std::string role = settings_.source == Source::kWebIdentity ? settings_.role_arn : "";
    if (role.empty()) role = GetVariable(environment, "AWS_ROLE_ARN").value_or("");
    if (role.empty()) return FailedPrecondition("a token file is set, but AWS_ROLE_ARN is not");
    std::string session = settings_.source == Source::kWebIdentity ? settings_.session_name : "";
    if (session.empty()) session = GetVariable(environment, "AWS_ROLE_SESSION_NAME").value_or("");
    return WebIdentity(file, role, session);
  }

  Result<Credentials> WebIdentity(const std::string& file, const std::string& role,
                                  const std::string& session) {
    Result<std::string> token = ports_.environment.read(file);
    if (!token.ok()) return FailedPrecondition(token.status().message());
    while (!token->empty() && (token->back() == '\n' || token->back() == '\r')) token->pop_back();
    if (token->empty()) return FailedPrecondition(file + " is empty");
    StsCall call;
    call.action = "AssumeRoleWithWebIdentity";
    call.region = region_;
    call.parameters = {{"RoleArn", role},
                       {"RoleSessionName", SessionName(session)},
                       {"WebIdentityToken", std::move(*token)}};
    return Call(call, role, "web identity");
  }

  bool HasRole(const std::string& name) const {
    return !profiles_.Get(name, "role_arn").empty() ||
           !profiles_.Get(name, "web_identity_token_file").empty();
  }

  Result<Credentials> ProfileRole() {
    if (!HasRole(profile_)) return NotFound("it has no role_arn");
    return Profile(profile_, {});
  }

  // `path`: the profiles that led here.
  Result<Credentials> Profile(const std::string& name, std::vector<std::string> path) {
    if (!profiles_.Has(name)) {
      std::string text = fmt::format("profile {} is neither in {} nor in {}", name,
                                     profiles_.config_path, profiles_.credentials_path);
      // Only the default profile may be absent; another one was asked for.
      if (name == "default" && path.empty()) return NotFound(text);
      return FailedPrecondition(text);
    }
    if (HasRole(name)) return RoleOf(name, std::move(path));
    return KeysOf(name);
  }

  Result<Credentials> RoleOf(const std::string& name, std::vector<std::string> path) {
    std::string role = profiles_.Get(name, "role_arn");
    std::string session = profiles_.Get(name, "role_session_name");
    auto wrong = [&name](std::string_view what) {
      return FailedPrecondition(fmt::format("profile {}: {}", name, what));
    };
    if (role.empty()) return wrong("web_identity_token_file needs role_arn");
    if (std::string file = profiles_.Get(name, "web_identity_token_file"); !file.empty()) {
      Result<Credentials> found = WebIdentity(file, role, session);
      if (!found.ok()) return found.status().Annotate("profile " + name);
      return found;
    }
    if (!profiles_.Get(name, "mfa_serial").empty()) {
      return wrong("mfa_serial needs a person with a code; use a role without it");
    }
    std::string seconds = profiles_.Get(name, "duration_seconds");
    int number = 0;
    auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), number);
    if (!seconds.empty() && (error != std::errc() || end != seconds.data() + seconds.size())) {
      return wrong("duration_seconds is no number");
    }
    std::string source = profiles_.Get(name, "source_profile");
    std::string place = profiles_.Get(name, "credential_source");
    if (source.empty() == place.empty()) {
      return wrong("role_arn needs one of source_profile and credential_source");
    }
    path.push_back(name);
    Result<Credentials> base = place.empty() ? SourceProfile(source, path) : NamedPlace(place);
    if (!base.ok()) {
      Status status = base.status();
      if (status.code() == Code::kNotFound) status = FailedPrecondition(status.message());
      return status.Annotate("profile " + name);
    }
    return AssumeRole(*base, role, profiles_.Get(name, "external_id"), session, seconds);
  }

  Result<Credentials> SourceProfile(const std::string& source,
                                    const std::vector<std::string>& path) {
    // A profile may name itself: its own keys assume its role.
    if (source == path.back()) return KeysOf(source);
    if (std::find(path.begin(), path.end(), source) != path.end() || path.size() > kMaxRoles) {
      return FailedPrecondition(fmt::format("source_profile goes round in circles: {} -> {}",
                                            fmt::join(path, " -> "), source));
    }
    return Profile(source, path);
  }

  Result<Credentials> NamedPlace(const std::string& place) {
    if (place == "Environment") return FromEnvironment(ports_);
    if (place == "Ec2InstanceMetadata") return Instance();
    if (place == "EcsContainer") return FromContainer(ports_, stop_);
    return FailedPrecondition(
        "credential_source is none of Environment, Ec2InstanceMetadata and EcsContainer");
  }

  // Without a role: keys in the credentials file, a process, keys in the config file.
  Result<Credentials> KeysOf(const std::string& name) {
    auto section = [&name](const Sections& sections) {
      auto found = sections.find(name);
      return found == sections.end() ? Section() : found->second;
    };
    auto finish = [&name](Result<Credentials> found) -> Result<Credentials> {
      if (!found.ok()) return found.status().Annotate("profile " + name);
      found->origin = "profile " + name;
      return found;
    };
    Result<Credentials> found = FromSection(section(profiles_.credentials));
    if (found.ok() || found.status().code() != Code::kNotFound) return finish(std::move(found));
    if (std::string command = profiles_.Get(name, "credential_process"); !command.empty()) {
      return finish(FromProcess(ports_, command, stop_));
    }
    found = FromSection(section(profiles_.config));
    if (found.ok() || found.status().code() != Code::kNotFound) return finish(std::move(found));
    for (const char* key : {"sso_session", "sso_start_url", "login_session"}) {
      if (profiles_.Get(name, key).empty()) continue;
      return Unimplemented(fmt::format(
          "profile {} signs a person in ({}), which a daemon cannot; write credential_process = "
          "aws "
          "configure export-credentials --profile {} in another profile and name that one",
          name, key, name));
    }
    // Such a profile only sets other things, a region for instance.
    return NotFound(fmt::format("profile {} has no keys, role or process", name));
  }

  const CredentialSettings& settings_;
  const CredentialPorts& ports_;
  const std::stop_token stop_;
  Profiles profiles_;
  std::string profile_;
  std::string region_;
};

}  // namespace

Result<Credentials> FetchCredentials(const CredentialSettings& settings,
                                     const CredentialPorts& ports, std::stop_token stop) {
  return Walk(settings, ports, std::move(stop)).Run();
}

}  // namespace tandem::aws
