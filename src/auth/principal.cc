#include "tandem/auth/principal.h"

#include <fmt/format.h>

#include <algorithm>

namespace tandem {
namespace {

struct Named {
  Role role;
  std::string_view name;
};
constexpr Named kRoles[] = {{Role::kViewer, "viewer"},     {Role::kPlanner, "planner"},
                            {Role::kOperator, "operator"}, {Role::kApprover, "approver"},
                            {Role::kAdmin, "admin"},       {Role::kBreakGlass, "break-glass"}};

bool Gives(Role role, Permission permission) {
  switch (permission) {
    case Permission::kLook: return role != Role::kBreakGlass;
    case Permission::kPlan:
      return role == Role::kPlanner || role == Role::kOperator || role == Role::kAdmin;
    case Permission::kOperate: return role == Role::kOperator || role == Role::kAdmin;
    case Permission::kApprove: return role == Role::kApprover || role == Role::kAdmin;
    case Permission::kAdminister: return role == Role::kAdmin;
    case Permission::kBreakGlass: return role == Role::kBreakGlass;
  }
  return false;
}

std::string_view Needed(Permission permission) {
  switch (permission) {
    case Permission::kLook: return "viewer";
    case Permission::kPlan: return "planner";
    case Permission::kOperate: return "operator";
    case Permission::kApprove: return "approver";
    case Permission::kAdminister: return "admin";
    case Permission::kBreakGlass: return "break-glass";
  }
  return "admin";
}

bool IsNameless(std::string_view principal) { return principal.empty() || principal == "cn:"; }

}  // namespace

std::string_view RoleName(Role role) {
  for (const Named& named : kRoles)
    if (named.role == role) return named.name;
  return "viewer";
}

Result<Role> ParseRole(std::string_view text) {
  for (const Named& named : kRoles)
    if (named.name == text) return named.role;
  return InvalidArgument(fmt::format(
      "'{}' is not a role; roles are viewer, planner, operator, approver, admin, break-glass", text));
}

RoleMap::RoleMap(std::string owner) {
  std::set<Role>& all = roles_[std::move(owner)];
  for (const Named& named : kRoles) all.insert(named.role);
}

Result<RoleMap> RoleMap::From(const std::map<std::string, std::vector<std::string>>& mapping,
                              std::string owner) {
  RoleMap map(std::move(owner));
  if (mapping.empty()) return map;
  map.roles_.clear();
  for (const auto& [name, principals] : mapping) {
    TANDEM_ASSIGN_OR_RETURN(const Role role, ParseRole(name));
    for (const std::string& principal : principals) {
      const bool known = principal == "*" || principal.rfind("uid:", 0) == 0 ||
                         principal.rfind("cn:", 0) == 0;
      if (!known)
        return InvalidArgument(fmt::format(
            "'{}' is not a principal; write uid:NUMBER, cn:SUBJECT or \"*\"", principal));
      map.roles_[principal].insert(role);
    }
  }
  return map;
}

std::set<Role> RoleMap::RolesOf(std::string_view principal) const {
  std::set<Role> roles;
  if (const auto all = roles_.find("*"); all != roles_.end()) roles = all->second;
  if (IsNameless(principal)) {
    const bool looks = std::any_of(roles.begin(), roles.end(),
                                   [](Role role) { return Gives(role, Permission::kLook); });
    return looks ? std::set<Role>{Role::kViewer} : std::set<Role>{};
  }
  if (const auto own = roles_.find(principal); own != roles_.end())
    roles.insert(own->second.begin(), own->second.end());
  return roles;
}

bool RoleMap::Allows(std::string_view principal, Permission permission) const {
  const std::set<Role> roles = RolesOf(principal);
  return std::any_of(roles.begin(), roles.end(),
                     [&](Role role) { return Gives(role, permission); });
}

Status RoleMap::Check(std::string_view principal, Permission permission) const {
  if (Allows(principal, permission)) return OkStatus();
  const bool nameless = IsNameless(principal);
  if (nameless && permission != Permission::kLook)
    return PermissionDenied(fmt::format(
        "a caller without a name needs the role {}, and can hold viewer only; call with a client "
        "certificate, and start tandemd with --tls-client-ca",
        Needed(permission)));
  return PermissionDenied(fmt::format(
      "{} needs the role {}; roles are mapped in the daemon's settings under 'roles'",
      nameless ? "a caller without a name" : principal, Needed(permission)));
}

}  // namespace tandem
