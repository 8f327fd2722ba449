// R14: a kind file has changed so that the accepted model is refused. What is recorded is watched, and nothing heals: what
// its policies allow, and what it dropped, is not known.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

constexpr char kNetwork[] =
    "apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: n}\nspec: {CidrBlock: 10.0.0.0/16, Note: hi}\n---\n";
constexpr char kReportMissing[] =
    "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: p}\nspec: {drift: {create: report}}\n---\n";

/// The kinds without the member Note of a network.
std::unique_ptr<Catalog> WithoutNote() {
  std::vector<std::string> kinds = SimKinds();
  const std::string member = ", \"Note\": \"string\"";
  for (std::string& kind : kinds)
    if (kind.find("\"kind\": \"net.sim/Network\"") != std::string::npos)
      kind.replace(kind.find(member), member.size(), "");
  return std::make_unique<JsonCatalog>(kinds);
}

class RefusedModel : public ::testing::Test {
 protected:
  void Refuse() {
    kinds = std::exchange(rig.catalog, WithoutNote());
    rig.Boot();
    ASSERT_TRUE(rig.start_status.ok()) << rig.start_status.ToString();
    ASSERT_NE(rig.Events("AcceptedModelRefused").find("unknown field 'Note'"), std::string::npos);
  }
  void TearDown() override { rig.engine.reset(); }

  std::unique_ptr<Catalog> kinds;  // that stored models may still refer to
  EngineRig rig;
};

TEST_F(RefusedModel, NothingHealsThatItsPoliciesOnlyReport) {
  ASSERT_EQ(rig.Apply(kReportMissing + Role("a", "one") + Role("b", "one") + kNetwork), "succeeded: 3 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/a").ok());
  rig.Pass(std::chrono::minutes(45));
  ASSERT_EQ(rig.Effects("create", "iam.sim/Role/a"), 1);
  Refuse();
  rig.Pass(std::chrono::minutes(45));
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/a"), 1);
  EXPECT_EQ(rig.ConditionOf("iam.sim/Role/a", "Drifted")->status, ConditionStatus::kTrue);
}

TEST_F(RefusedModel, WhatItDroppedIsNotMadeAgain) {
  ASSERT_EQ(rig.Apply(Role("a", "one") + Role("b", "one") + kNetwork), "succeeded: 3 done");
  rig.provider->answer_with = [](const ApplyRequest& request) -> std::optional<CallError> {
    if (request.call != "delete") return std::nullopt;
    return MakeCallError(ErrorClass::kTerminal, "AccessDenied", "not you");
  };
  ASSERT_EQ(rig.Apply(Role("b", "one") + kNetwork), "failed: 0 done, 1 failed");
  rig.provider->answer_with = nullptr;
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/a").ok());  // by hand
  Refuse();
  rig.Pass(std::chrono::minutes(45));
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/a"), 1);
}

}  // namespace
}  // namespace tandem::testing
