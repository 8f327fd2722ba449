#include "providers/aws/credentials/profiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace tandem::aws {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

// A comment after a value starts with a blank.
std::string_view WithoutComment(std::string_view value) {
  for (size_t i = 0; i < value.size(); ++i) {
    if ((value[i] == '#' || value[i] == ';') && (i == 0 || IsBlank(value[i - 1]))) {
      return Trim(value.substr(0, i));
    }
  }
  return value;
}

std::string_view Unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
      text.front() == text.back()) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

// The profile that a section is, or nothing if it is something else.
std::optional<std::string> ProfileOf(std::string_view header, ProfileFileKind kind) {
  header = Trim(header);
  if (kind == ProfileFileKind::kCredentials) return std::string(Unquoted(header));
  if (header == "default") return "default";
  constexpr std::string_view kWord = "profile";
  if (header.starts_with(kWord) && header.size() > kWord.size() && IsBlank(header[kWord.size()])) {
    return std::string(Unquoted(Trim(header.substr(kWord.size()))));
  }
  return std::nullopt;
}

std::string ExpandHome(const Environment& environment, const std::string& path) {
  if (!path.starts_with("~/")) return path;
  return GetVariable(environment, "HOME").value_or("") + path.substr(1);
}

Result<Sections> LoadFile(const Environment& environment, const std::string& path,
                          ProfileFileKind kind) {
  Result<std::string> text = environment.read(path);
  if (!text.ok()) {
    if (text.status().code() == Code::kNotFound) return Sections();
    return Status(Code::kFailedPrecondition, text.status().message());
  }
  Result<Sections> sections = ParseProfileFile(*text, kind);
  if (!sections.ok()) {
    return Status(Code::kFailedPrecondition, path + ": " + sections.status().message());
  }
  return sections;
}

}  // namespace

Result<Sections> ParseProfileFile(std::string_view text, ProfileFileKind kind) {
  Sections sections;
  Section* section = nullptr;
  bool skipped = false;  // in a section that is no profile
  bool has_key = false;
  int number = 0;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    std::string_view content = Trim(line);
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '[') {
      size_t close = content.find(']');
      if (close == std::string_view::npos) {
        return InvalidArgument(fmt::format("line {} lacks the ']' of its section", number));
      }
      std::optional<std::string> profile = ProfileOf(content.substr(1, close - 1), kind);
      if (profile && profile->empty()) {
        return InvalidArgument(fmt::format("line {} names no section", number));
      }
      section = profile ? &sections[*profile] : nullptr;
      skipped = !profile;
      has_key = false;
      continue;
    }
    // An indented line belongs to the setting above it ("s3 =" and what follows), which is not
    // ours.
    if (IsBlank(line.front()) && has_key) continue;
    size_t equals = content.find('=');
    if (equals == std::string_view::npos || Trim(content.substr(0, equals)).empty()) {
      return InvalidArgument(fmt::format("line {} is neither a section nor key = value", number));
    }
    has_key = true;
    if (skipped) continue;
    if (section == nullptr) {
      return InvalidArgument(fmt::format("line {} comes before any section", number));
    }
    (*section)[Lower(Trim(content.substr(0, equals)))] =
        WithoutComment(Trim(content.substr(equals + 1)));
  }
  return sections;
}

bool Profiles::Has(std::string_view name) const {
  return config.find(name) != config.end() || credentials.find(name) != credentials.end();
}

std::string Profiles::Get(std::string_view name, std::string_view key) const {
  for (const Sections* sections : {&credentials, &config}) {
    auto section = sections->find(name);
    if (section == sections->end()) continue;
    auto setting = section->second.find(key);
    if (setting != section->second.end() && !setting->second.empty()) return setting->second;
  }
  return "";
}

Result<Profiles> LoadProfiles(const Environment& environment) {
  Profiles profiles;
  profiles.config_path = ExpandHome(
      environment, GetVariable(environment, "AWS_CONFIG_FILE").value_or("~/.aws/config"));
  profiles.credentials_path = ExpandHome(
      environment,
      GetVariable(environment, "AWS_SHARED_CREDENTIALS_FILE").value_or("~/.aws/credentials"));
  TANDEM_ASSIGN_OR_RETURN(profiles.config,
                          LoadFile(environment, profiles.config_path, ProfileFileKind::kConfig));
  TANDEM_ASSIGN_OR_RETURN(profiles.credentials, LoadFile(environment, profiles.credentials_path,
                                                         ProfileFileKind::kCredentials));
  return profiles;
}

std::string ProfileName(const Environment& environment, const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  if (auto name = GetVariable(environment, "AWS_PROFILE")) return *name;
  if (auto name = GetVariable(environment, "AWS_DEFAULT_PROFILE")) return *name;
  return "default";
}

Result<std::string> DefaultRegion(const Environment& environment, const std::string& profile) {
  if (auto region = GetVariable(environment, "AWS_REGION")) return *region;
  if (auto region = GetVariable(environment, "AWS_DEFAULT_REGION")) return *region;
  TANDEM_ASSIGN_OR_RETURN(Profiles profiles, LoadProfiles(environment));
  return profiles.Get(ProfileName(environment, profile), "region");
}

}  // namespace tandem::aws
