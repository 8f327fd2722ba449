// Where a resource stands in the model: `group/Kind/[namespace/]name[@account]` (R11).
#pragma once

#include <string>
#include <string_view>

#include "tandem/base/status.h"

namespace tandem {

/// A kind by its group and name: "ec2.aws/VPC". The Kubernetes core group is written "core", tandem's
/// own group "tandem".
struct KindName {
  std::string group;
  std::string kind;
  std::string ToString() const { return group + "/" + kind; }
  friend auto operator<=>(const KindName&, const KindName&) = default;
};

struct Address {
  std::string group;
  std::string kind;
  std::string ns;  // "" where the kind has none
  std::string name;
  std::string account;  // "" where the document does not name one

  KindName kind_name() const { return {group, kind}; }
  /// With "@account" when the account is set.
  std::string ToString() const;
  /// kInvalidArgument says what part is wrong.
  static Result<Address> Parse(std::string_view text);

  friend auto operator<=>(const Address&, const Address&) = default;
};

/// "group/version" of an apiVersion; group is "core" for a bare version. `tandem/v1` → {"tandem", "v1"}.
struct ApiVersion {
  std::string group;
  std::string version;
};
Result<ApiVersion> ParseApiVersion(std::string_view text);

}  // namespace tandem
