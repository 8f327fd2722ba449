// Ended runs are forgotten, oldest first, without a trace in the store.
#include <gtest/gtest.h>

#include <algorithm>

#include "tandem/codec/json.h"
#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

int Count(EngineRig& rig, const std::string& prefix) {
  const std::vector<Row> rows = rig.store.Rows();
  return static_cast<int>(std::count_if(rows.begin(), rows.end(), [&](const Row& row) {
    return row.key.compare(0, prefix.size(), prefix) == 0;
  }));
}

TEST(EngineRetention, TheOldestEndedRunsGoWithTheirStepsAndPlans) {
  EngineSettings settings;
  settings.runs_kept = 3;
  EngineRig rig(settings);
  for (int i = 0; i < 8; ++i) {
    const std::string policy = "v" + std::to_string(i);
    ASSERT_NE(rig.Apply(Role("a", policy) + Role("b", policy)).find("succeeded"), std::string::npos);
  }
  rig.Settle();
  EXPECT_EQ(Count(rig, "run/"), 3);
  EXPECT_EQ(Count(rig, "step/"), 6);
  EXPECT_EQ(Count(rig, "plan/"), 3);
  EXPECT_EQ(Count(rig, "plan-chunk/"), 3);
  EXPECT_EQ(rig.engine->snapshot()->runs.size(), 3u);
  // What undo needs is all there, and it works.
  EXPECT_GE(Count(rig, "revision/"), 8);
  PlanRequest back;
  back.undo_to = 1;
  back.mode = PlanMode::kUndo;
  back.actor = "uid:1";
  const PlanAnswer undo = rig.Plan(std::move(back));
  EXPECT_EQ(EngineRig::Steps(undo), "update iam.sim/Role/a; update iam.sim/Role/b");
  ASSERT_EQ(rig.Wait(rig.Start(undo.plan->hash).run), "succeeded: 2 done");
}

TEST(EngineRetention, AStoreOfManyRunsIsTrimmedAtStartAndTheAcceptedRevisionsRunStays) {
  const std::string policy =
      "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  drift: {disruptive: heal}\n---\n";
  EngineSettings settings;
  settings.runs_kept = 2;
  EngineRig rig(settings);
  ASSERT_EQ(rig.Apply(policy + Role("a", "one")), "succeeded: 1 done");
  const std::string first = rig.engine->snapshot()->runs[0].run.id;
  for (int i = 0; i < 6; ++i) {
    rig.Pass(std::chrono::hours(1));
    ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "outside").ok());
    rig.Pass(std::chrono::minutes(30));
  }
  EXPECT_GE(rig.Effects("update", "iam.sim/Role/a"), 12) << "six outside, six healed";
  EXPECT_TRUE(rig.RunOf(first).has_value());
  EXPECT_EQ(Count(rig, "run/"), 3);
  rig.Boot();
  rig.Pass(std::chrono::minutes(1));
  EXPECT_TRUE(rig.RunOf(first).has_value());
  EXPECT_EQ(Count(rig, "run/"), 3);
  EXPECT_EQ(Count(rig, "step/"), 3);
}

// Each plan may hold a model of its own. A daemon that is only ever asked for plans, by every change that somebody
// proposes, forgets the oldest; what somebody waits for stays.
TEST(EngineRetention, OfPlansThatNobodyStartsTheLatestAreKept) {
  constexpr int kKept = 32, kMade = 40;
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "outside").ok());
  rig.Pass(std::chrono::minutes(15));
  const std::string told = rig.ConditionOf("iam.sim/Role/a", "Drifted")->message;
  ASSERT_NE(told.find("sha256:"), std::string::npos) << told;
  const std::string drift = told.substr(told.find("sha256:"));
  const std::string waits = rig.Plan(Role("a", "one") + Role("waits", "one")).plan->hash;
  ASSERT_TRUE(rig.Start(waits, false).pending);
  std::vector<std::string> made;
  for (int i = 0; i < kMade; ++i)
    made.push_back(rig.Plan(Role("a", "one") + Role("b", "v" + std::to_string(i))).plan->hash);
  const auto known = [&](const std::string& hash) {
    std::optional<bool> ok;
    rig.engine->GetPlan(hash, [&](Result<std::shared_ptr<const Plan>> plan) { ok = plan.ok(); });
    EXPECT_TRUE(rig.Until([&] { return ok.has_value(); }));
    return *ok;
  };
  for (int i = 0; i < kMade; ++i) EXPECT_EQ(known(made[i]), i >= kMade - kKept) << i;
  const StartAnswer forgotten = rig.Start(made[0]);
  EXPECT_EQ(forgotten.refusal, Refusal::kNotFound);
  EXPECT_NE(forgotten.message.find("32 others were made since; plan again"), std::string::npos)
      << forgotten.message;
  EXPECT_TRUE(known(waits)) << "it waits for approval";
  const StartAnswer healed = rig.Approve(drift, "uid:1");
  ASSERT_FALSE(healed.run.empty()) << healed.message;
  EXPECT_EQ(rig.Wait(healed.run), "succeeded: 1 done");
}

// What a step changes is let go of when it is over; the whole plan is told nevertheless, from the engine or the store.
TEST(EngineRetention, AnOpenRunsPlanIsTold) {
  EngineSettings settings;
  settings.turn = 1;
  EngineRig rig(settings);
  std::string model;
  for (int i = 0; i < 6; ++i) model += Role("r" + std::to_string(i), "one");
  const PlanAnswer plan = rig.Plan(model);
  // A full disk takes neither the run nor its plan, and the run begins by itself once it can.
  rig.store.FailCommits(ResourceExhausted("disk full"));
  const std::string run = rig.Start(plan.plan->hash).run;
  ASSERT_NE(run, "");
  const std::string whole = ToCanonicalJson(PlanToValue(*plan.plan));
  int told = 0;
  for (; !rig.Ended(run) && told < 500 && !HasFailure(); ++told) {
    std::optional<std::string> answer;
    rig.engine->GetPlan(plan.plan->hash, [&](Result<std::shared_ptr<const Plan>> known) {
      answer = known.ok() ? ToCanonicalJson(PlanToValue(**known)) : known.status().message();
    });
    ASSERT_TRUE(rig.Until([&] { return answer.has_value(); }));
    EXPECT_EQ(*answer, whole) << told;
    if (told == 3) rig.store.FailCommits(OkStatus());
  }
  EXPECT_GT(told, 10);
  EXPECT_EQ(rig.Wait(run), "succeeded: 6 done");
}

// A plan that was stored to wait for approval goes with its approvals once it can never start, also at the next start.
TEST(EngineRetention, OvertakenPlansThatWaitedForApprovalGo) {
  const std::string review =
      "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: review}\nspec:\n  approvals: [{classes: [create], count: 1, "
      "by: [bob]}]\n---\n";
  EngineSettings settings;
  settings.runs_kept = 1;
  EngineRig rig(settings);
  for (int i = 0; i < 4; ++i) {
    const PlanAnswer waiting = rig.Plan(review + Role("a", "one") + Role("b" + std::to_string(i), "one"));
    ASSERT_TRUE(rig.Approve(waiting.plan->hash, "carol").pending);
    ASSERT_EQ(rig.Apply(Role("a", "v" + std::to_string(i))), "succeeded: 1 done");
  }
  rig.Settle();
  EXPECT_EQ(Count(rig, "plan/"), 1);
  EXPECT_EQ(Count(rig, "plan-chunk/"), 1);
  EXPECT_EQ(Count(rig, "approval/"), 0);
  // As a daemon leaves them that dies in between: the rows are put back.
  const PlanAnswer waiting = rig.Plan(review + Role("a", "v3") + Role("c", "one"));
  ASSERT_TRUE(rig.Approve(waiting.plan->hash, "carol").pending);
  rig.Settle();
  const std::vector<Row> before = rig.store.Rows();
  ASSERT_EQ(rig.Apply(Role("a", "last")), "succeeded: 1 done");
  rig.Settle();
  std::vector<Write> back;
  for (const Row& row : before)
    if (row.key.find(waiting.plan->hash) != std::string::npos) back.push_back({row.key, row.value, std::nullopt});
  ASSERT_EQ(back.size(), 3u);
  rig.engine.reset();
  rig.store.Commit(std::move(back), [](Result<StoreRevision> result) { ASSERT_TRUE(result.ok()); });
  rig.Boot();
  rig.Settle();
  EXPECT_EQ(Count(rig, "plan/"), 1);
  EXPECT_EQ(Count(rig, "plan-chunk/"), 1);
  EXPECT_EQ(Count(rig, "approval/"), 0);
}

}  // namespace
}  // namespace tandem::testing
