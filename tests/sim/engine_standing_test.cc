// A plan that is started by its hash alone, after something that it stands on has moved (R3): refused, and nothing
// is accepted.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

constexpr char kReport[] =
    "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: quiet}\nspec: {drift: {disruptive: report, create: report}}\n---\n";

constexpr char kPrefix[] = "the plan does not hold any more: ";

class EngineStanding : public ::testing::Test {
 protected:
  void Refresh() {
    ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Refresh("", done); }).ok());
  }
  /// Neither a run, nor a revision, nor a call came of the start.
  void ExpectNothingOf(const StartAnswer& answer, const std::string& moved) {
    EXPECT_EQ(answer.refusal, Refusal::kBusy);
    EXPECT_EQ(answer.message, kPrefix + moved + "; plan again");
    EXPECT_TRUE(answer.run.empty());
    EXPECT_FALSE(answer.pending);
    EXPECT_EQ(rig.engine->snapshot()->accepted, accepted);
    EXPECT_EQ(rig.provider->calls, std::vector<std::string>());
  }
  PlanAnswer Planned(const std::string& before, const std::string& model) {
    EXPECT_EQ(rig.Apply(before).substr(0, 9), "succeeded");
    PlanAnswer plan = rig.Plan(model);
    EXPECT_EQ(plan.refusal, Refusal::kNone) << plan.message;
    accepted = rig.engine->snapshot()->accepted;
    rig.provider->calls.clear();
    return plan;
  }

  EngineRig rig;
  int64_t accepted = 0;
};

TEST_F(EngineStanding, R3_AFieldThatMovedIsNamedAndNothingIsAccepted) {
  const PlanAnswer plan = Planned(kReport + Role("a", "one") + Role("b", "one"),
                                  kReport + Role("a", "two") + Role("b", "two"));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/b", "Policy", "three").ok());
  Refresh();
  ExpectNothingOf(rig.Start(plan.plan->hash), "iam.sim/Role/b.Policy moved");
  ExpectNothingOf(rig.Approve(plan.plan->hash, "uid:2"), "iam.sim/Role/b.Policy moved");
  // Moved back, it is what was planned upon.
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/b", "Policy", "one").ok());
  Refresh();
  const StartAnswer unapproved = rig.Start(plan.plan->hash, false);
  EXPECT_TRUE(unapproved.pending) << "what was refused left no approval";
  EXPECT_EQ(rig.Wait(rig.Approve(plan.plan->hash, "uid:2").run), "succeeded: 2 done");
}

TEST_F(EngineStanding, R3_WhatWasSeenLongAgoIsLookedAtBeforeTheStart) {
  const PlanAnswer plan = Planned(kReport + Role("a", "one"), kReport + Role("a", "two"));
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "three").ok());
  ExpectNothingOf(rig.Start(plan.plan->hash), "iam.sim/Role/a.Policy moved");
}

// An API that has enough for the moment says nothing: it is asked once more before anything is accepted.
TEST_F(EngineStanding, R3_AReadThatIsThrottledHidesNoMovement) {
  const PlanAnswer plan = Planned(kReport + Role("a", "one"), kReport + Role("a", "two"));
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "three").ok());
  int reads = 0;
  rig.provider->on_read = [&](ReadAnswer& answer) {
    if (reads++ > 0) return;
    answer = ReadAnswer();
    answer.error = MakeCallError(ErrorClass::kThrottled, "Throttling", "rate exceeded");
  };
  ExpectNothingOf(rig.Start(plan.plan->hash), "iam.sim/Role/a.Policy moved");
  EXPECT_GT(reads, 1);
}

TEST_F(EngineStanding, R3_AfterARestartAPlanThatWaitsIsComparedToo) {
  const PlanAnswer plan = Planned(kReport + Role("a", "one"), kReport + Role("a", "two"));
  ASSERT_TRUE(rig.Start(plan.plan->hash, false).pending);
  rig.Pass(std::chrono::minutes(2));  // so that the last write overlays no read
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "three").ok());
  rig.Boot();
  ExpectNothingOf(rig.Approve(plan.plan->hash, "uid:2"), "iam.sim/Role/a.Policy moved");
}

TEST_F(EngineStanding, R3_WhatIsGoneOrThereByNowIsNamed) {
  const PlanAnswer plan = Planned(kReport + Role("a", "one"), kReport + Role("a", "one") + Role("b", "one"));
  const PlanAnswer change = rig.Plan(kReport + Role("a", "two"));
  ApplyRequest create;
  create.account = "main";
  create.address = *Address::Parse("iam.sim/Role/b");
  create.kind = create.address.kind_name();
  create.call = "create";
  create.intent = "theirs";
  create.mark = {"another-platform", "iam.sim/Role/b", "theirs"};
  create.desired = Packed::From(*ParseJson(R"({"Policy":"one"})"));
  rig.cloud->Apply(create, [](ApplyAnswer answer) { ASSERT_TRUE(answer.error.ok) << answer.error.message; });
  rig.Pass(std::chrono::minutes(2));
  ExpectNothingOf(rig.Start(plan.plan->hash), "iam.sim/Role/b exists by now");
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/a").ok());
  rig.Pass(std::chrono::minutes(2));
  ExpectNothingOf(rig.Start(change.plan->hash), "iam.sim/Role/a is gone");
}

TEST_F(EngineStanding, R3_AReferenceThatMovedIsNamed) {
  const auto network = [](const std::string& note) {
    return kReport +
           std::string("apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: n}\nspec: {CidrBlock: 10.0.0.0/16, "
                       "EnableDns: true}\n---\n") +
           "apiVersion: iam.sim/v1\nkind: Role\nmetadata: {name: a}\nspec: {Policy: \"${ref('net.sim/Network/n')"
           ".Note + '" + note + "'}\"}\n---\n";
  };
  ASSERT_EQ(rig.Apply(kReport + std::string("apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: n}\n"
                                            "spec: {CidrBlock: 10.0.0.0/16, EnableDns: true}\n---\n")),
            "succeeded: 1 done");
  ASSERT_TRUE(rig.cloud->Mutate("net.sim/Network/n", "Note", "x").ok());
  rig.Pass(std::chrono::minutes(2));
  const PlanAnswer plan = Planned(network("1"), network("2"));
  ASSERT_EQ(EngineRig::Steps(plan), "update iam.sim/Role/a");
  ASSERT_TRUE(rig.cloud->Mutate("net.sim/Network/n", "Note", "y").ok());
  Refresh();
  ExpectNothingOf(rig.Start(plan.plan->hash),
                  "net.sim/Network/n.Note, which iam.sim/Role/a refers to, moved");
}

TEST_F(EngineStanding, R3_MovementElsewhereAndLooksThatChangeNothingDoNotMatter) {
  const PlanAnswer plan = Planned(kReport + Role("a", "one") + Role("b", "one"),
                                  kReport + Role("a", "two") + Role("b", "one"));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/b", "Policy", "three").ok());
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
}

}  // namespace
}  // namespace tandem::testing
