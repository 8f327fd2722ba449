// R1, R12: healing ends with what it was decided on.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

constexpr char kHealDisruptive[] =
    "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: p}\nspec: {drift: {disruptive: heal}}\n---\n";

/// A role that was changed outside, and whose healing waits for a quota.
class WaitingHeal : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(rig.Apply(kHealDisruptive + Role("a", "one")), "succeeded: 1 done");
    rig.Pass(std::chrono::minutes(2));
    rig.provider->answer_with = [this](const ApplyRequest& request) -> std::optional<CallError> {
      if (no_quota) return MakeCallError(ErrorClass::kExhausted, "LimitExceeded", "quota");
      sent.push_back(request.desired.Unpack().StringOr("Policy", "?"));
      return std::nullopt;
    };
    ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "outside").ok());
    rig.Pass(std::chrono::minutes(15));
    ASSERT_NE(rig.Events("QuotaExhausted"), "");
  }

  EngineRig rig;
  bool no_quota = true;
  std::vector<std::string> sent;
};

TEST_F(WaitingHeal, R1_IsSupersededByAModelThatAcceptsWhatIsThere) {
  const PlanAnswer plan = rig.Plan(kHealDisruptive + Role("a", "outside"));
  ASSERT_EQ(EngineRig::Steps(plan), "");
  EXPECT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 0 done");
  no_quota = false;
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(sent, std::vector<std::string>{});
}

TEST_F(WaitingHeal, R1_IsSupersededByARunOfItsAddress) {
  const PlanAnswer plan = rig.Plan(kHealDisruptive + Role("a", "three"));
  const std::string run = rig.Start(plan.plan->hash).run;
  EXPECT_EQ(rig.Wait(run, std::chrono::minutes(5)), "open");
  no_quota = false;
  EXPECT_EQ(rig.Wait(run), "succeeded: 1 done");
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(sent, std::vector<std::string>{"three"});
}

TEST_F(WaitingHeal, R12_EndsWhenTheStoreTurnsOutToBeAnOldOne) {
  ApplyRequest lost;
  lost.account = "main";
  lost.address = {"iam.sim", "Role", "", "lost", ""};
  lost.kind = lost.address.kind_name();
  lost.call = "create";
  lost.intent = "made by a later store";
  lost.desired = Packed::From(Map{{"RoleName", "lost"}, {"Policy", "p"}});
  lost.mark = {rig.engine->snapshot()->platform_uid, "iam.sim/Role/lost", lost.intent};
  bool made = false;
  rig.cloud->Apply(lost, [&](ApplyAnswer answer) { made = answer.error.ok; });
  rig.Pass(std::chrono::minutes(15));
  ASSERT_TRUE(made);
  ASSERT_TRUE(rig.engine->snapshot()->old_store);
  no_quota = false;
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(sent, std::vector<std::string>{});
}

}  // namespace
}  // namespace tandem::testing
