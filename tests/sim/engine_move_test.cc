// Renames that change something as well (R13, R4).
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

std::string NetworkOf(const std::string& name, const std::string& annotations, const std::string& spec) {
  return "apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: " + name + ", annotations: {" +
         annotations + "}}\nspec: {CidrBlock: 10.0.0.0/16" + spec + "}\n";
}

TEST(EngineMove, R4_WhatTheModelNamesNoMoreGoesWithTheRename) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(NetworkOf("old", "", ", Note: one")), "succeeded: 1 done");
  const std::string renamed = NetworkOf("new", "tandem/moved-from: net.sim/Network/old", "");
  const PlanAnswer plan = rig.Plan(renamed);
  ASSERT_EQ(EngineRig::Steps(plan), "moved net.sim/Network/new");
  ASSERT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
  EXPECT_EQ(rig.cloud->Objects().back().fields().Unpack().StringOr("Note", ""), "");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(renamed)), "");
}

}  // namespace
}  // namespace tandem::testing
