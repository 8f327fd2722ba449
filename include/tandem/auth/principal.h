// Who calls, and what they may do (R16).
//
// A principal is a unix socket peer ("uid:1000") or the subject of a TLS client certificate
// ("cn:alice"); "" is a TLS client without a certificate, which is a viewer at most, because nobody could
// say who it was. Roles are mapped in the daemon's settings, never in the model. Immutable; thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/status.h"

namespace tandem {

enum class Role { kViewer, kPlanner, kOperator, kApprover, kAdmin, kBreakGlass };
std::string_view RoleName(Role role);  // viewer planner operator approver admin break-glass
Result<Role> ParseRole(std::string_view text);

/// What one request needs. A viewer looks; a planner also plans; an operator also applies, cancels,
/// pauses and refreshes; an approver looks and approves; an admin does all of that and lifts
/// protection. Break-glass stands alone: it only adds the right to accept a second writer.
enum class Permission { kLook, kPlan, kOperate, kApprove, kAdminister, kBreakGlass };

class RoleMap {
 public:
  /// `owner` holds every role when nothing else is mapped.
  explicit RoleMap(std::string owner);
  /// From settings: role → principals; "*" is everybody who can connect. kInvalidArgument names what is
  /// not understood. With a mapping the owner has only what it gives.
  static Result<RoleMap> From(const std::map<std::string, std::vector<std::string>>& mapping,
                              std::string owner);

  bool Allows(std::string_view principal, Permission permission) const;
  std::set<Role> RolesOf(std::string_view principal) const;
  /// OK, or kPermissionDenied saying which role is missing and where roles are mapped.
  Status Check(std::string_view principal, Permission permission) const;

 private:
  std::map<std::string, std::set<Role>, std::less<>> roles_;
};

}  // namespace tandem
