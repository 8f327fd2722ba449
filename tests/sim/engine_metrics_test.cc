// The numbers that /metrics shows: all of them at all times, whatever the size of the platform.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

std::optional<double> MetricOf(EngineRig& rig, const std::string& name) {
  rig.Settle();
  for (const Engine::Metric& metric : rig.engine->Metrics())
    if (metric.name == name) return metric.value;
  return std::nullopt;
}

TEST(EngineMetrics, ResourcesAndDriftAreToldAtAllTimes) {
  EngineRig rig;
  constexpr int kMany = 1200;
  std::string model =
      "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  drift: {disruptive: report}\n---\n";
  for (int i = 0; i < kMany; ++i) model += Role("r" + std::to_string(i), "one");
  ASSERT_EQ(rig.Apply(model + Role("last", "one")), "succeeded: 1201 done");
  for (int i = 0; i < 5; ++i) {
    rig.Pass(std::chrono::minutes(1));
    EXPECT_EQ(MetricOf(rig, "tandem_resources"), kMany + 1);
    EXPECT_EQ(MetricOf(rig, "tandem_drift_resources"), 0);
  }
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/r7", "Policy", "outside").ok());
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Refresh("", done); }).ok());
  rig.Pass(std::chrono::minutes(1));
  EXPECT_EQ(MetricOf(rig, "tandem_drift_resources"), 1);
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/r7", "Policy", "one").ok());
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Refresh("", done); }).ok());
  rig.Pass(std::chrono::minutes(1));
  EXPECT_EQ(MetricOf(rig, "tandem_drift_resources"), 0);
  ASSERT_EQ(rig.Apply(model), "succeeded: 1 done");
  EXPECT_EQ(MetricOf(rig, "tandem_resources"), kMany);
  rig.Boot();
  EXPECT_EQ(MetricOf(rig, "tandem_resources"), kMany) << "counted anew after a restart";
}

}  // namespace
}  // namespace tandem::testing
