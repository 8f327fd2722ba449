// Taking over what somebody else made (R12).
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

/// A role that nobody marked.
void MakeOutside(EngineRig& rig, const std::string& name, const std::string& policy) {
  rig.MakeOutside(name, policy);
  rig.Pass(std::chrono::minutes(1));
}

TEST(EngineAdopt, R12_WhatWasAdoptedIsRetainedUntilSaidOtherwise) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("first", "one")), "succeeded: 1 done");
  MakeOutside(rig, "old", "one");
  const std::string adopting = Role("first", "one") + Role("old", "one", "tandem/adopt: if-identical");
  ASSERT_EQ(rig.Apply(adopting), "succeeded: 1 done");
  // The next plan has no changes: that no policy is written does not mean "delete".
  const PlanAnswer again = rig.Plan(adopting);
  ASSERT_NE(again.plan, nullptr) << again.message;
  EXPECT_TRUE(again.plan->steps.empty());
  // Nor does it once the annotation has done its work.
  const PlanAnswer plain = rig.Plan(Role("first", "one") + Role("old", "one"));
  ASSERT_NE(plain.plan, nullptr) << plain.message;
  EXPECT_TRUE(plain.plan->steps.empty());
  // Said otherwise, it is a change of the record, and governance (R7).
  const PlanAnswer said =
      rig.Plan(Role("first", "one") + Role("old", "one", "tandem/deletion-policy: delete"));
  ASSERT_NE(said.plan, nullptr) << said.message;
  ASSERT_EQ(said.plan->steps.size(), 1u);
  EXPECT_EQ(said.plan->steps[0]->blast, BlastClass::kGovernance);
}

// A create whose reply was lost and whose run was cancelled leaves an object with our mark and no record.
TEST(EngineAdopt, WhatWeMadeOurselvesIsNotRetained) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("first", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(10));
  const std::vector<Row> before = rig.store.Rows();
  ASSERT_EQ(rig.Apply(Role("first", "one") + Role("ours", "one")), "succeeded: 1 done");
  rig.engine.reset();
  rig.store.Restore(before);
  rig.Boot();
  rig.Pass(std::chrono::minutes(5));
  const PlanAnswer plan = rig.Plan(Role("first", "one") + Role("ours", "one"));
  ASSERT_EQ(EngineRig::Steps(plan), "adopt iam.sim/Role/ours");
  ASSERT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Role("first", "one"))), "delete iam.sim/Role/ours");
}

}  // namespace
}  // namespace tandem::testing
