#include "providers/aws/credentials/sources.h"

#include <fmt/format.h>

#include <algorithm>

#include "tandem/codec/json.h"

namespace tandem::aws {
namespace {

constexpr Duration kMetadataTimeout = std::chrono::seconds(2);
constexpr Duration kContainerTimeout = std::chrono::seconds(5);
constexpr Duration kProcessTimeout = std::chrono::seconds(60);

std::string TrimLine(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.pop_back();
  }
  return text;
}

bool IsTrue(const std::optional<std::string>& value) {
  if (!value || value->size() != 4) return false;
  constexpr std::string_view kTrue = "true";
  return std::equal(value->begin(), value->end(), kTrue.begin(),
                    [](char c, char t) { return (c | 0x20) == t; });
}

// Failed, for a place that is set up. Any failure may look like "not found" to what is below.
Status Broken(const Status& status, std::string_view what) {
  Code code = status.code() == Code::kNotFound ? Code::kFailedPrecondition : status.code();
  return Status(code, status.message()).Annotate(what);
}

HttpRequest RequestFor(std::string method, HttpUrl url, HttpHeaders headers) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.headers = std::move(headers);
  request.reach = HttpReach::kAny;
  return request;
}

Result<HttpResponse> Get(const CredentialPorts& ports, HttpUrl url, HttpHeaders headers,
                         Duration timeout, std::stop_token stop) {
  HttpOutcome outcome = ports.http->Send(RequestFor("GET", std::move(url), std::move(headers)),
                                         timeout, std::move(stop));
  if (!outcome.ok()) return outcome.failure().status;
  return std::move(outcome.response());
}

// Without TLS a token must not leave the machine or its link.
bool MayBeClear(const HttpOrigin& origin) {
  const std::string& host = origin.host;
  if (host == "localhost" || host == "::1" || host == "169.254.170.2" || host == "169.254.170.23" ||
      host == "fd00:ec2::23") {
    return true;
  }
  bool numeric = std::all_of(host.begin(), host.end(),
                             [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return numeric && host.starts_with("127.") && std::count(host.begin(), host.end(), '.') == 3;
}

Result<HttpUrl> ContainerUrl(const Environment& environment) {
  if (auto relative = GetVariable(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    Result<HttpUrl> url = relative->front() == '/'
                              ? ParseHttpUrl("http://169.254.170.2" + *relative)
                              : InvalidArgument("it does not start with /");
    if (!url.ok()) return Broken(url.status(), "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    return url;
  }
  auto full = GetVariable(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!full) {
    return NotFound("neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor _FULL_URI is set");
  }
  Result<HttpUrl> url = ParseHttpUrl(*full);
  if (!url.ok()) return Broken(url.status(), "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!url->origin.tls && !MayBeClear(url->origin)) {
    return FailedPrecondition(fmt::format(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI: {} needs https: without it only this machine and the "
        "container agents' addresses are allowed",
        url->origin.host));
  }
  return url;
}

Result<std::string> ContainerToken(const Environment& environment) {
  std::string token;
  if (auto path = GetVariable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    Result<std::string> text = environment.read(*path);
    if (!text.ok()) return Broken(text.status(), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    token = TrimLine(std::move(*text));
  } else {
    token = GetVariable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  }
  if (token.find_first_of("\r\n") != std::string::npos) {
    return FailedPrecondition("the container's authorization token has a line break");
  }
  return token;
}

struct MetadataPlace {
  HttpUrl base;
  bool given = false;  // somebody said that it is there
};

Result<MetadataPlace> FindMetadata(const Environment& environment, const Profiles& profiles,
                                   const std::string& profile) {
  std::string endpoint = GetVariable(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT")
                             .value_or(profiles.Get(profile, "ec2_metadata_service_endpoint"));
  bool given = !endpoint.empty();
  if (!given) {
    std::string mode = GetVariable(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
                           .value_or(profiles.Get(profile, "ec2_metadata_service_endpoint_mode"));
    bool six = mode == "IPv6" || mode == "ipv6" || mode == "IPV6";
    endpoint = six ? "http://[fd00:ec2::254]/" : "http://169.254.169.254/";
  }
  Result<HttpUrl> url = ParseHttpUrl(endpoint);
  if (!url.ok()) return Broken(url.status(), "the metadata service's endpoint");
  if (url->target.back() == '/') url->target.pop_back();
  return MetadataPlace{std::move(*url), given};
}

HttpUrl Below(HttpUrl base, std::string_view path) {
  base.target += path;
  return base;
}

// The session token's header, or none where the service cannot give a token: it is older than
// tokens, or the answer may not travel as far as this container. kNotFound if there is no such
// service.
Result<HttpHeaders> MetadataSession(const CredentialPorts& ports, const MetadataPlace& place,
                                    bool version1, std::stop_token stop) {
  HttpOutcome outcome =
      ports.http->Send(RequestFor("PUT", Below(place.base, "/latest/api/token"),
                                  {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}}),
                       kMetadataTimeout, std::move(stop));
  if (!outcome.ok()) {
    const HttpFailure& failure = outcome.failure();
    if (failure.status.code() == Code::kCancelled) return failure.status;
    if (!failure.sent && !place.given) return NotFound(failure.status.message());
    bool too_far = failure.sent && failure.status.code() == Code::kDeadlineExceeded;
    if (too_far && version1) return HttpHeaders{};
    return failure.status;
  }
  HttpResponse& response = outcome.response();
  if (response.status == 200 && !response.body.empty() && response.body.size() <= 4096) {
    std::string token = TrimLine(std::move(response.body));
    return HttpHeaders{{"X-aws-ec2-metadata-token", std::move(token)}};
  }
  bool unknown = response.status == 403 || response.status == 404 || response.status == 405;
  if (unknown && version1) return HttpHeaders{};
  return Unavailable(fmt::format("a session token was refused with status {}{}", response.status,
                                 unknown ? ", and version 1 is disabled" : ""));
}

bool IsRoleName(std::string_view name) {
  constexpr std::string_view kSpecial = "_+=,.@-";
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kSpecial.find(c) != std::string_view::npos;
  });
}

}  // namespace

Result<Credentials> ReadCredentialJson(const std::string& text, std::string_view token_name) {
  Result<Value> value = ParseJson(text);
  if (!value.ok() || !value->is_map()) return Unavailable("its answer is no JSON object");
  std::string code = value->StringOr("Code", "Success");
  if (code != "Success") {
    return Unavailable(code.size() <= 64 && IsRoleName(code) ? "it answered " + code
                                                             : "it answered with an error");
  }
  Credentials credentials;
  credentials.access_key = value->StringOr("AccessKeyId", "");
  credentials.secret_key = value->StringOr("SecretAccessKey", "");
  credentials.token = value->StringOr(token_name, "");
  if (credentials.access_key.empty() || credentials.secret_key.empty()) {
    return Unavailable("its answer lacks AccessKeyId or SecretAccessKey");
  }
  if (const Value* expiration = value->Find("Expiration"); expiration && !expiration->is_null()) {
    Result<Time> time =
        expiration->is_string() ? ParseTime(expiration->as_string()) : InvalidArgument("no text");
    if (!time.ok()) return Unavailable("its answer's Expiration is no time");
    credentials.expiry = *time;
  }
  return credentials;
}

Result<Credentials> FromEnvironment(const CredentialPorts& ports) {
  Credentials credentials;
  auto access_key = GetVariable(ports.environment, "AWS_ACCESS_KEY_ID");
  auto secret_key = GetVariable(ports.environment, "AWS_SECRET_ACCESS_KEY");
  if (!access_key && !secret_key) return NotFound("AWS_ACCESS_KEY_ID is not set");
  if (!access_key || !secret_key) {
    return FailedPrecondition(fmt::format(
        "{} is set, but {} is not", access_key ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
        access_key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"));
  }
  credentials.access_key = *access_key;
  credentials.secret_key = *secret_key;
  credentials.token = GetVariable(ports.environment, "AWS_SESSION_TOKEN").value_or("");
  if (auto text = GetVariable(ports.environment, "AWS_CREDENTIAL_EXPIRATION")) {
    Result<Time> expiry = ParseTime(*text);
    if (!expiry.ok()) return Broken(expiry.status(), "AWS_CREDENTIAL_EXPIRATION");
    credentials.expiry = *expiry;
  }
  credentials.origin = "environment";
  return credentials;
}

Result<Credentials> FromContainer(const CredentialPorts& ports, std::stop_token stop) {
  TANDEM_ASSIGN_OR_RETURN(HttpUrl url, ContainerUrl(ports.environment));
  TANDEM_ASSIGN_OR_RETURN(std::string token, ContainerToken(ports.environment));
  HttpHeaders headers = {{"Accept", "application/json"}};
  if (!token.empty()) headers.emplace_back("Authorization", std::move(token));
  std::string place = url.origin.ToString();
  Result<HttpResponse> response =
      Get(ports, std::move(url), std::move(headers), kContainerTimeout, std::move(stop));
  if (!response.ok()) return Broken(response.status(), "the container's agent");
  if (response->status != 200) {
    return Status(response->status >= 500 ? Code::kUnavailable : Code::kUnauthenticated,
                  fmt::format("the container's agent at {} answered with status {}", place,
                              response->status));
  }
  Result<Credentials> credentials = ReadCredentialJson(response->body, "Token");
  if (!credentials.ok()) return Broken(credentials.status(), "the container's agent at " + place);
  credentials->origin = "container at " + place;
  return credentials;
}

Result<Credentials> FromInstance(const CredentialPorts& ports, const Profiles& profiles,
                                 const std::string& profile, std::stop_token stop) {
  if (IsTrue(GetVariable(ports.environment, "AWS_EC2_METADATA_DISABLED"))) {
    return NotFound("AWS_EC2_METADATA_DISABLED is true");
  }
  TANDEM_ASSIGN_OR_RETURN(MetadataPlace place, FindMetadata(ports.environment, profiles, profile));
  const HttpUrl& base = place.base;
  std::string where = "the metadata service at " + base.origin.ToString();
  auto disabled = GetVariable(ports.environment, "AWS_EC2_METADATA_V1_DISABLED");
  if (!disabled) disabled = profiles.Get(profile, "ec2_metadata_v1_disabled");
  Result<HttpHeaders> session = MetadataSession(ports, place, !IsTrue(disabled), stop);
  if (!session.ok() && session.status().code() == Code::kNotFound) {
    return NotFound(where + " does not answer");
  }
  if (!session.ok()) return Broken(session.status(), where);
  constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
  Result<HttpResponse> roles = Get(ports, Below(base, kRoles), *session, kMetadataTimeout, stop);
  if (!roles.ok()) return Broken(roles.status(), where);
  if (roles->status == 404) return NotFound(where + " says that the instance has no role");
  std::string role = roles->body.substr(0, roles->body.find('\n'));
  role = TrimLine(std::move(role));
  if (roles->status != 200 || !IsRoleName(role)) {
    return Unavailable(fmt::format("{} names no role (status {})", where, roles->status));
  }
  Result<HttpResponse> keys =
      Get(ports, Below(base, std::string(kRoles) + role), *session, kMetadataTimeout, stop);
  if (!keys.ok()) return Broken(keys.status(), where);
  if (keys->status != 200) {
    return Unavailable(fmt::format("{} answered with status {}", where, keys->status));
  }
  Result<Credentials> credentials = ReadCredentialJson(keys->body, "Token");
  if (!credentials.ok()) return Broken(credentials.status(), where);
  // While it cannot renew them, the service hands out expired ones that AWS still accepts.
  Time soon = ports.clock->Now() + std::chrono::minutes(10);
  if (credentials->expiry && *credentials->expiry < ports.clock->Now()) credentials->expiry = soon;
  credentials->origin = "instance role " + role;
  return credentials;
}

Result<Credentials> FromProcess(const CredentialPorts& ports, const std::string& command,
                                std::stop_token stop) {
  Result<std::vector<std::string>> words = SplitCommand(command);
  if (!words.ok()) return Broken(words.status(), "credential_process");
  Result<std::string> output = ports.environment.run(*words, kProcessTimeout, std::move(stop));
  if (!output.ok()) return Broken(output.status(), "credential_process");
  Result<Value> value = ParseJson(*output);
  if (value.ok() && value->IntOr("Version", 0) != 1) {
    return FailedPrecondition("credential_process: its answer's Version is not 1");
  }
  Result<Credentials> credentials = ReadCredentialJson(*output, "SessionToken");
  if (!credentials.ok()) {
    return FailedPrecondition("credential_process: " + credentials.status().message());
  }
  return credentials;
}

Result<Credentials> FromSection(const Section& section) {
  auto get = [&section](std::string_view key) {
    auto setting = section.find(key);
    return setting == section.end() ? std::string() : setting->second;
  };
  Credentials credentials;
  credentials.access_key = get("aws_access_key_id");
  credentials.secret_key = get("aws_secret_access_key");
  credentials.token = get("aws_session_token");
  if (credentials.access_key.empty() && credentials.secret_key.empty()) {
    return NotFound("it has no aws_access_key_id");
  }
  if (credentials.access_key.empty() || credentials.secret_key.empty()) {
    return FailedPrecondition("it has only one of aws_access_key_id and aws_secret_access_key");
  }
  return credentials;
}

}  // namespace tandem::aws
