// A plan and a healing that want the same thing at the same time.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

constexpr char kQueues[] = R"(apiVersion: queue.sim/v1
kind: Queue
metadata: {name: a}
spec: {Depth: 1}
---
apiVersion: queue.sim/v1
kind: Queue
metadata: {name: b}
spec: {Depth: 1}
---
)";

// Found by seed 10: healing made the object after the plan had been made, and the run made another.
TEST(EngineOverlap, R3_ACreateIsVoidWhenHealingMadeTheObjectAfterThePlan) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(kQueues), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Pause("queue.sim/Queue/a", "uid:1", done); }).ok());
  ASSERT_TRUE(rig.cloud->Delete("queue.sim/Queue/a").ok());
  (void)rig.Ask([&](auto done) { rig.engine->Refresh("", done); });
  rig.provider->answer_with = [](const ApplyRequest&) {
    return MakeCallError(ErrorClass::kNotDone, "ServiceUnavailable", "not yet");
  };
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Resume("queue.sim/Queue/a", "uid:1", done); }).ok());
  const PlanAnswer plan = rig.Plan(kQueues);
  ASSERT_EQ(EngineRig::Steps(plan), "create queue.sim/Queue/a");
  const StartAnswer started = rig.Start(plan.plan->hash);
  ASSERT_FALSE(started.run.empty()) << started.message;
  rig.provider->answer_with = nullptr;
  (void)rig.Wait(started.run);
  rig.Pass(std::chrono::minutes(5));
  EXPECT_EQ(rig.Effects("create", "queue.sim/Queue/a"), 2) << "the first, and one for the lost one";
  EXPECT_EQ(rig.Live().size(), 2u);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(kQueues)), "");
}

}  // namespace
}  // namespace tandem::testing
