#include "tandem/auth/principal.h"

#include <gtest/gtest.h>

namespace tandem {
namespace {

TEST(RoleMap, R16OwnerHoldsEveryRoleWithoutSettings) {
  const RoleMap map("uid:1000");
  for (const Permission permission :
       {Permission::kLook, Permission::kPlan, Permission::kOperate, Permission::kApprove,
        Permission::kAdminister, Permission::kBreakGlass}) {
    EXPECT_TRUE(map.Allows("uid:1000", permission));
    EXPECT_FALSE(map.Allows("uid:1001", permission));
  }
}

TEST(RoleMap, R16SettingsReplaceTheDefault) {
  const auto map = RoleMap::From({{"viewer", {"*"}},
                                  {"operator", {"uid:1"}},
                                  {"approver", {"cn:alice"}},
                                  {"admin", {"uid:2"}}},
                                 "uid:0");
  ASSERT_TRUE(map.ok());
  struct Case {
    const char* principal;
    Permission permission;
    bool allowed;
  };
  const Case cases[] = {{"uid:0", Permission::kLook, true},
                        {"uid:0", Permission::kPlan, false},
                        {"uid:1", Permission::kPlan, true},
                        {"uid:1", Permission::kOperate, true},
                        {"uid:1", Permission::kApprove, false},
                        {"cn:alice", Permission::kApprove, true},
                        {"cn:alice", Permission::kOperate, false},
                        {"uid:2", Permission::kAdminister, true},
                        {"uid:2", Permission::kBreakGlass, false},
                        {"", Permission::kOperate, false}};
  for (const Case& c : cases)
    EXPECT_EQ(map->Allows(c.principal, c.permission), c.allowed)
        << c.principal << " " << static_cast<int>(c.permission);
  const Status denied = map->Check("uid:9", Permission::kOperate);
  EXPECT_EQ(denied.code(), Code::kPermissionDenied);
  EXPECT_NE(denied.message().find("operator"), std::string::npos);
}

TEST(RoleMap, R16WhoHasNoNameLooksAtMost) {
  const auto map = RoleMap::From({{"admin", {"*"}}, {"approver", {"cn:"}}}, "uid:0");
  ASSERT_TRUE(map.ok());
  for (const char* nameless : {"", "cn:"}) {
    EXPECT_EQ(map->RolesOf(nameless), std::set<Role>{Role::kViewer});
    EXPECT_EQ(map->Check(nameless, Permission::kApprove).code(), Code::kPermissionDenied);
  }
  EXPECT_TRUE(map->Allows("cn:alice", Permission::kAdminister));
  const auto guarded = RoleMap::From({{"viewer", {"cn:alice"}}, {"break-glass", {"*"}}}, "uid:0");
  ASSERT_TRUE(guarded.ok());
  EXPECT_TRUE(guarded->RolesOf("").empty());
}

TEST(RoleMap, R16RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(RoleMap::From({{"root", {"uid:0"}}}, "uid:0").ok());
  EXPECT_FALSE(RoleMap::From({{"viewer", {"alice"}}}, "uid:0").ok());
}

}  // namespace
}  // namespace tandem
