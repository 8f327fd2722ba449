// The shared configuration files: ~/.aws/config and ~/.aws/credentials.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "providers/aws/credentials/environment.h"
#include "tandem/base/status.h"

namespace tandem::aws {

/// Settings of one section, keys in lower case.
using Section = std::map<std::string, std::string, std::less<>>;
using Sections = std::map<std::string, Section, std::less<>>;

enum class ProfileFileKind { kConfig, kCredentials };

/// By profile. In a config file profiles are `[profile NAME]` and `[default]`, and other sections
/// are left out. kInvalidArgument names the line that is malformed, never its text.
Result<Sections> ParseProfileFile(std::string_view text, ProfileFileKind kind);

struct Profiles {
  Sections config;
  Sections credentials;
  std::string config_path;
  std::string credentials_path;

  bool Has(std::string_view name) const;
  /// A setting of either file, credentials first, or "".
  std::string Get(std::string_view name, std::string_view key) const;
};

/// From AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or their places under HOME. A file that
/// does not exist is empty; one that cannot be read is kFailedPrecondition.
Result<Profiles> LoadProfiles(const Environment& environment);

/// `wanted`, else AWS_PROFILE, AWS_DEFAULT_PROFILE, "default".
std::string ProfileName(const Environment& environment, const std::string& wanted);

/// AWS_REGION, AWS_DEFAULT_REGION, or the profile's; "" if none says.
Result<std::string> DefaultRegion(const Environment& environment, const std::string& profile);

}  // namespace tandem::aws
