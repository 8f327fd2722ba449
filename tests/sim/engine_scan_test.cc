// A look at everything, and what goes on beside it.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

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
    answer.error = MakeCallError(ErrorClass::kThrottled, "Throttling", "rate exceeded");
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

// Somebody asks while the daemon still reads its store: the look that every start begins is fresh, and is not made
// twice.
TEST(EngineScan, APlanAskedForBeforeTheLookOfTheStartIsMadeOfIt) {
  EngineSettings settings;
  settings.heal = false;
  EngineRig rig(settings);
  const std::string documents = Roles(40, "one");
  ASSERT_EQ(rig.Apply(documents), "succeeded: 40 done");
  rig.Pass(std::chrono::minutes(2));
  const int before = rig.provider->lists;
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Refresh("", done); }).ok());
  const int of_a_look = rig.provider->lists - before;
  ASSERT_GT(of_a_look, 0);
  const int lists = rig.provider->lists;
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/r7", "Policy", "outside").ok());
  std::optional<PlanAnswer> plan;
  rig.at_readable = [&] {
    rig.engine->MakePlan(EngineRig::Request(documents), [&](PlanAnswer answer) { plan = std::move(answer); });
  };
  rig.Boot();
  ASSERT_TRUE(rig.Until([&] { return plan.has_value(); }));
  EXPECT_EQ(EngineRig::Steps(*plan), "update iam.sim/Role/r7");
  rig.Settle();
  EXPECT_EQ(rig.provider->lists - lists, of_a_look);
}

// The look under way has read it already, from before somebody asked: it is looked at again.
TEST(EngineScan, APlanIsNotMadeOfALookFromBeforeItWasAskedFor) {
  constexpr int kMany = 300;
  EngineRig rig;
  const std::string documents = Roles(kMany, "one");
  ASSERT_EQ(rig.Apply(documents), "succeeded: 300 done");
  rig.Settle();
  std::optional<PlanAnswer> plan;
  bool looked = false;
  int read = 0;
  const int before = rig.provider->reads;
  rig.provider->on_read = [&](ReadAnswer&) {
    if (++read != 20) return;
    ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/r0", "Policy", "outside").ok());
    rig.engine->MakePlan(EngineRig::Request(documents), [&](PlanAnswer answer) {
      EXPECT_TRUE(looked);
      plan = std::move(answer);
    });
  };
  rig.engine->Refresh("", [&](Status) { looked = true; });
  ASSERT_TRUE(rig.Until([&] { return plan.has_value(); }));
  EXPECT_EQ(EngineRig::Steps(*plan), "update iam.sim/Role/r0");
  EXPECT_EQ(rig.provider->reads - before, 2 * kMany);
}

// It looks for what is accepted, not for what is proposed: of that it knows nothing yet.
TEST(EngineScan, AProposalIsLookedForByALookThatKnowsIt) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Roles(2, "one")), "succeeded: 2 done");
  rig.MakeOutside("r2", "theirs");
  std::optional<PlanAnswer> plan;
  rig.at_readable = [&] {
    rig.engine->MakePlan(EngineRig::Request(Roles(3, "one")), [&](PlanAnswer answer) { plan = std::move(answer); });
  };
  rig.Boot();
  ASSERT_TRUE(rig.Until([&] { return plan.has_value(); }));
  EXPECT_EQ(plan->refusal, Refusal::kResource) << EngineRig::Steps(*plan);
  EXPECT_NE(plan->message.find("r2 exists already"), std::string::npos) << plan->message;
}

// The next page is on its way while one is taken in, and a short last one is there before that is over: what a list
// has left out is told behind all of them.
TEST(EngineScan, AListIsOverWhenAllItsPagesWereTakenIn) {
  EngineRig rig;
  std::string zones;
  for (int i = 0; i < 110; ++i)
    zones += "apiVersion: dns.sim/v1\nkind: Zone\nmetadata: {name: z" + std::to_string(i) + "}\nspec: {Name: z" +
             std::to_string(i) + ".test}\n---\n";
  ASSERT_EQ(rig.Apply(zones), "succeeded: 110 done");
  rig.Pass(std::chrono::minutes(2));
  const int lists = rig.provider->lists, reads = rig.provider->reads;
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Refresh("", done); }).ok());
  EXPECT_EQ(rig.provider->lists - lists, 2);
  EXPECT_EQ(rig.provider->reads - reads, 0);
}

// A daemon that starts reconciles all that it knows; the plan that somebody waits for is not behind that.
TEST(EngineScan, ALookThatIsAwaitedDoesNotWaitForWhatIsReconciled) {
  constexpr size_t kMany = 300;
  EngineSettings settings;
  settings.turn = 8;
  EngineRig rig(settings);
  const std::string documents = Roles(kMany, "one");
  ASSERT_EQ(rig.Apply(documents), "succeeded: 300 done");
  size_t reconciled = 0;
  std::optional<PlanAnswer> plan;
  rig.at_readable = [&] {
    rig.engine->MakePlan(EngineRig::Request(documents), [&](PlanAnswer answer) {
      for (const auto& page : rig.engine->snapshot()->pages)
        for (const auto& view : *page) reconciled += view->conditions->empty() ? 0 : 1;
      plan = std::move(answer);
    });
  };
  rig.Boot();
  ASSERT_TRUE(rig.Until([&] { return plan.has_value(); }));
  ASSERT_EQ(EngineRig::Steps(*plan), "");
  EXPECT_LT(reconciled, kMany / 3);  // one a turn; as many as fit would be more than half
  rig.Settle();
  EXPECT_NE(rig.ConditionOf("iam.sim/Role/r299", "Ready"), nullptr);
}

}  // namespace
}  // namespace tandem::testing
