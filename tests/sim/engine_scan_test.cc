// A look at everything, and what goes on beside it.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

// Lists of roles give names only, so each is read; the API has just said that it is too much. A step that reads one
// object comes before what is left of the look, not after it.
TEST(EngineScan, AStepDoesNotWaitForTheReadsOfAThrottledLook) {
  constexpr int kMany = 300;
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Roles(kMany, "one")), "succeeded: 300 done");
  const PlanAnswer plan = rig.Plan(Roles(kMany, "two"));
  ASSERT_EQ(EngineRig::Steps(plan), "update iam.sim/Role/r0");

  const auto throttled = [](ReadAnswer& answer) {
    answer = ReadAnswer();
    answer.error = MakeCallError(CallErrorClass::kThrottled, "Throttling", "rate exceeded");
  };
  int looks = 0;
  const auto look = [&] { rig.engine->Refresh("", [&](Status) { ++looks; }); };
  rig.provider->on_read = throttled;
  look();
  rig.Pass(std::chrono::seconds(10));
  rig.provider->on_read = nullptr;
  ASSERT_TRUE(rig.Until([&] { return looks == 1; }));
  const int before = rig.provider->reads;
  look();
  rig.Pass(std::chrono::seconds(1));

  const Time begun = rig.clock.Now();
  const StartAnswer started = rig.Start(plan.plan->hash);
  ASSERT_TRUE(rig.Until([&] { return rig.Effects("update") == 1; }));
  EXPECT_LT(rig.clock.Now() - begun, std::chrono::seconds(5));
  EXPECT_LT(rig.provider->reads - before, kMany / 2);
  EXPECT_EQ(looks, 1) << "the look was not at work beside it";
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 1 done");
  EXPECT_TRUE(rig.Until([&] { return looks == 2; }));
  EXPECT_GE(rig.provider->reads - before, kMany);
}

// What is to be looked for is collected in pieces, a turn each: a step is through before the first list is asked for.
TEST(EngineScan, AStepGoesOnWhileALookCollects) {
  constexpr int kMany = 1500;
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Roles(kMany, "one")), "succeeded: 1500 done");
  const PlanAnswer plan = rig.Plan(Roles(kMany, "two"));
  rig.Settle();
  const int lists = rig.provider->lists;
  bool looked = false;
  rig.engine->Refresh("", [&](Status) { looked = true; });
  const StartAnswer started = rig.Start(plan.plan->hash);
  ASSERT_TRUE(rig.Until([&] { return rig.Effects("update") == 1; }));
  EXPECT_EQ(rig.provider->lists, lists);
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 1 done");
  EXPECT_TRUE(rig.Until([&] { return looked; }));
  EXPECT_GT(rig.provider->lists, lists);
}

// What a plan stands upon was seen longer than a minute ago, and everything is being looked at: the start reads the
// one object, and waits neither for that look nor for one of its own.
TEST(EngineScan, TheStartOfAnOldPlanDoesNotWaitForALook) {
  constexpr int kMany = 300;
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Roles(kMany, "one")), "succeeded: 300 done");
  const PlanAnswer plan = rig.Plan(Roles(kMany, "two"));
  const int before_look = rig.provider->lists;
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Refresh("", done); }).ok());
  const int of_a_look = rig.provider->lists - before_look;
  rig.Pass(std::chrono::minutes(2));
  const int lists = rig.provider->lists;
  const int before = rig.provider->reads;
  bool looked = false;
  rig.engine->Refresh("", [&](Status) { looked = true; });
  const StartAnswer started = rig.Start(plan.plan->hash);
  EXPECT_FALSE(looked);
  ASSERT_EQ(rig.Wait(started.run), "succeeded: 1 done");
  ASSERT_TRUE(rig.Until([&] { return looked; }));
  rig.Settle();
  EXPECT_EQ(rig.provider->lists - lists, of_a_look);
  // Each role once by the look or by the start, then r0 before its call, after it, and when the run is verified.
  EXPECT_LE(rig.provider->reads - before, kMany + 3);
}

}  // namespace
}  // namespace tandem::testing
