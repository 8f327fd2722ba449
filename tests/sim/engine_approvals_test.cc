// R6, R16: who may let a plan run.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

/// A policy that asks for one approval of each create.
std::string Asks(const std::string& whose) {
  return "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: review}\nspec:\n  approvals: [{classes: [create], "
         "count: 1, " + whose + "}]\n---\n";
}

PlanAnswer PlanAs(EngineRig& rig, const std::string& actor, const std::string& model) {
  PlanRequest request = EngineRig::Request(model);
  request.actor = actor;
  return rig.Plan(std::move(request));
}

TEST(EngineApprovals, R16_WithoutAutoApproveAPlanWaitsAndSurvivesARestart) {
  EngineRig rig;
  const PlanAnswer plan = rig.Plan(Role("a", "one"));
  const StartAnswer pending = rig.Start(plan.plan->hash, false);
  EXPECT_TRUE(pending.pending);
  EXPECT_TRUE(pending.run.empty());
  rig.Pass(std::chrono::minutes(1));
  EXPECT_EQ(rig.Effects("create"), 0);
  rig.Boot();
  const StartAnswer started = rig.Approve(plan.plan->hash, "uid:2");
  ASSERT_FALSE(started.run.empty()) << started.message;
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 1 done");
}

TEST(EngineApprovals, R16_PolicyAsksForAnotherThanTheAuthor) {
  EngineRig rig;
  const PlanAnswer plan = rig.Plan(Asks("notAuthor: true") + Role("a", "one"));
  ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message;
  const StartAnswer own = rig.Start(plan.plan->hash, true, "uid:1");
  EXPECT_TRUE(own.pending) << own.message;
  EXPECT_TRUE(rig.Approve(plan.plan->hash, "uid:1").pending);
  const StartAnswer other = rig.Approve(plan.plan->hash, "uid:2");
  EXPECT_FALSE(other.run.empty()) << other.message;
}

TEST(EngineApprovals, R6_UnprotectNeedsItsOwnApproval) {
  EngineRig rig;
  const std::string guarded = Role("a", "one", "tandem/protect: \"true\"");
  ASSERT_EQ(rig.Apply(guarded + Role("b", "one") + Role("c", "one")), "succeeded: 3 done");
  const PlanAnswer refused = rig.Plan(Role("b", "one") + Role("c", "one"));
  EXPECT_EQ(refused.refusal, Refusal::kPolicy) << refused.message;
  std::optional<StartAnswer> answer;
  rig.engine->Unprotect("iam.sim/Role/a", "uid:1", [&](StartAnswer a) { answer = a; });
  ASSERT_TRUE(rig.Until([&] { return answer.has_value(); }));
  ASSERT_TRUE(answer->pending) << answer->message;
  const std::string hash = answer->message.substr(answer->message.find("sha256:"));
  const StartAnswer started = rig.Approve(hash, "uid:2");
  ASSERT_FALSE(started.run.empty()) << started.message;
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 1 done");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Role("b", "one") + Role("c", "one"))), "delete iam.sim/Role/a");
}

TEST(EngineApprovals, R16_WhoReviewsAPlanByPlanningOnceMoreIsNotItsAuthor) {
  EngineRig rig;
  const std::string model = Asks("notAuthor: true") + Role("a", "one");
  const std::string hash = PlanAs(rig, "alice", model).plan->hash;
  EXPECT_TRUE(rig.Start(hash, true, "alice").pending);
  ASSERT_EQ(PlanAs(rig, "bob", model).plan->hash, hash);
  EXPECT_TRUE(rig.Approve(hash, "alice").pending) << "an author's approval does not count";
  EXPECT_FALSE(rig.Approve(hash, "bob").run.empty());
}

TEST(EngineApprovals, R16_TheAuthorIsWhoAsksForItFirst) {
  EngineRig rig;
  const std::string model = Asks("notAuthor: true") + Role("a", "one");
  const std::string hash = PlanAs(rig, "bob", model).plan->hash;
  EXPECT_TRUE(rig.Start(hash, false, "alice").pending);
  rig.Boot();
  EXPECT_TRUE(rig.Approve(hash, "alice").pending);
  EXPECT_FALSE(rig.Approve(hash, "bob").run.empty());
}

TEST(EngineApprovals, R16_AutoApproveCoversNothingThatAPolicyNames) {
  EngineRig rig;
  const std::string model = Asks("by: [alice]") + Role("a", "one");
  const std::string hash = PlanAs(rig, "alice", model).plan->hash;
  const StartAnswer own = rig.Start(hash, true, "alice");
  EXPECT_TRUE(own.pending);
  EXPECT_NE(own.message.find("create of iam.sim/Role/a (create) needs 1 approval by alice"), std::string::npos)
      << own.message;
  EXPECT_FALSE(rig.Approve(hash, "alice").run.empty());
}

// Half of what a plan needs was said: the rest may be said to a daemon that was started meanwhile.
TEST(EngineApprovals, R16_AnApprovalThatIsNotEnoughSurvivesARestartWithItsPlan) {
  EngineRig rig;
  const std::string hash = PlanAs(rig, "alice", Asks("by: [bob]") + Role("a", "one")).plan->hash;
  EXPECT_TRUE(rig.Approve(hash, "carol").pending);
  rig.Boot();
  EXPECT_FALSE(rig.Approve(hash, "bob").run.empty());
}

TEST(EngineApprovals, R16_ApprovalsThatAreOverAreDropped) {
  EngineRig rig;
  const auto approvals = [&] {
    int count = 0;
    for (const Row& row : rig.store.Rows()) count += row.key.rfind("approval/", 0) == 0;
    return count;
  };
  EXPECT_TRUE(rig.Approve(PlanAs(rig, "alice", Asks("by: [bob]") + Role("a", "one")).plan->hash, "carol").pending);
  EXPECT_EQ(approvals(), 1);
  rig.Pass(std::chrono::hours(25));
  EXPECT_TRUE(rig.Approve(PlanAs(rig, "alice", Asks("by: [bob]") + Role("a", "two")).plan->hash, "carol").pending);
  rig.Settle();
  EXPECT_EQ(approvals(), 1);
}

// The engine alone makes plans that heal or lift protection: otherwise who may plan and operate could lift it.
TEST(EngineApprovals, R6_NobodyAsksForAPlanThatLiftsProtection) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one", "tandem/protect: \"true\"")), "succeeded: 1 done");
  const std::string changed = Role("a", "two", "tandem/protect: \"true\"");
  for (const PlanMode mode : {PlanMode::kUnprotect, PlanMode::kHeal}) {
    PlanRequest request = EngineRig::Request(changed);
    request.mode = mode;
    const PlanAnswer refused = rig.Plan(std::move(request));
    EXPECT_EQ(refused.refusal, Refusal::kConfiguration) << refused.message;
    EXPECT_EQ(refused.plan, nullptr);
    // The same in a file, as if it had been saved.
    auto saved = std::make_shared<Plan>(*rig.Plan(changed).plan);
    saved->mode = mode;
    SealPlan(*saved);
    StartRequest start;
    start.plan = saved;
    start.sources = EngineRig::Request(changed).sources;
    start.actor = "uid:1";
    start.auto_approve = true;
    std::optional<StartAnswer> answer;
    rig.engine->StartRun(std::move(start), [&](StartAnswer a) { answer = std::move(a); });
    ASSERT_TRUE(rig.Until([&] { return answer.has_value(); }));
    EXPECT_EQ(answer->refusal, Refusal::kConfiguration) << answer->message;
  }
}

}  // namespace
}  // namespace tandem::testing
