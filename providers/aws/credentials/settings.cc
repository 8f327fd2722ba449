#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "providers/aws/credentials/credentials.h"
#include "tandem/base/spelling.h"

namespace tandem::aws {
namespace {

using Source = CredentialSettings::Source;

struct SourceRule {
  std::string_view name;
  Source source;
  std::vector<std::string_view> members;
};

const std::vector<SourceRule>& Rules() {
  static const std::vector<SourceRule> rules = {
      {"default", Source::kDefault, {"profile"}},
      {"environment", Source::kEnvironment, {}},
      {"profile", Source::kProfile, {"profile"}},
      {"assume-role", Source::kAssumeRole, {"profile", "roleArn", "externalId", "sessionName"}},
      {"web-identity", Source::kWebIdentity, {"roleArn", "sessionName", "tokenFile"}},
      {"container", Source::kContainer, {}},
      {"instance", Source::kInstance, {}},
  };
  return rules;
}

bool IsSessionName(std::string_view text) {
  constexpr std::string_view kSpecial = "_+=,.@-";
  return text.size() >= 2 && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  kSpecial.find(c) != std::string_view::npos;
         });
}

Status CheckForms(const CredentialSettings& settings) {
  if (!settings.role_arn.empty() && (!settings.role_arn.starts_with("arn:") ||
                                     settings.role_arn.find(":role/") == std::string::npos)) {
    return InvalidArgument("credentials.roleArn is not the ARN of a role (arn:aws:iam::…:role/…)");
  }
  if (!settings.session_name.empty() && !IsSessionName(settings.session_name)) {
    return InvalidArgument(
        "credentials.sessionName is not 2 to 64 letters, digits and characters of _+=,.@-");
  }
  if (settings.source == Source::kAssumeRole && settings.role_arn.empty()) {
    return InvalidArgument("credentials.source assume-role needs credentials.roleArn");
  }
  return OkStatus();
}

}  // namespace

Result<CredentialSettings> ReadCredentialSettings(const Value& credentials) {
  CredentialSettings settings;
  if (credentials.is_null()) return settings;
  if (!credentials.is_map()) return InvalidArgument("credentials is not a map");
  std::string name = "default";
  if (const Value* source = credentials.Find("source")) {
    if (!source->is_string()) return InvalidArgument("credentials.source is not a string");
    name = source->as_string();
  }
  const SourceRule* rule = nullptr;
  std::vector<std::string> names;
  for (const SourceRule& each : Rules()) {
    names.emplace_back(each.name);
    if (each.name == name) rule = &each;
  }
  if (rule == nullptr) {
    std::string nearest = NearestWord(name, names);
    return InvalidArgument(
        fmt::format("credentials.source {} is unknown; {}", name,
                    nearest.empty() ? "default, environment, profile, assume-role, web-identity, "
                                      "container and instance are known"
                                    : fmt::format("did you mean {}?", nearest)));
  }
  settings.source = rule->source;
  const std::array<std::pair<std::string_view, std::string*>, 5> members = {{
      {"profile", &settings.profile},
      {"roleArn", &settings.role_arn},
      {"externalId", &settings.external_id},
      {"sessionName", &settings.session_name},
      {"tokenFile", &settings.token_file},
  }};
  for (const auto& [key, value] : credentials.as_map()) {
    if (key == "source") continue;
    auto member = std::find_if(members.begin(), members.end(),
                               [&key = key](const auto& each) { return each.first == key; });
    if (member == members.end()) {
      return InvalidArgument(fmt::format("credentials.{} is unknown", key));
    }
    if (!value.is_string() || value.as_string().empty()) {
      return InvalidArgument(fmt::format("credentials.{} is not a string with text", key));
    }
    if (std::find(rule->members.begin(), rule->members.end(), key) == rule->members.end()) {
      return InvalidArgument(
          fmt::format("credentials.{} is of no use to credentials.source {}", key, name));
    }
    *member->second = value.as_string();
  }
  TANDEM_RETURN_IF_ERROR(CheckForms(settings));
  return settings;
}

}  // namespace tandem::aws
