// R9, R4: a step of several calls, killed with one of them open, makes the rest of them.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

std::string NetworkOf(const std::string& dns, const std::string& note) {
  return "apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: n}\nspec: {CidrBlock: 10.0.0.0/16, "
         "EnableDns: " + dns + ", Note: " + note + "}\n";
}

TEST(EngineResume, R9_TheCallsAfterTheOneThatWasOpenAreMade) {
  for (const bool effect : {true, false}) {
    EngineRig rig;
    ASSERT_EQ(rig.Apply(NetworkOf("true", "one")), "succeeded: 1 done");
    const int before = rig.Effects("update");
    int calls = 0;
    rig.provider->report_loss = false;
    rig.provider->on_apply = [&](const ApplyRequest&) { ++calls; };
    rig.provider->lose = [&](const ApplyRequest&) { return effect; };
    const PlanAnswer plan = rig.Plan(NetworkOf("false", "two"));
    const std::string run = rig.Start(plan.plan->hash).run;
    rig.Until([&] { return calls == 1; });
    rig.provider->lose = nullptr;
    rig.Boot();
    EXPECT_EQ(rig.Wait(run), "succeeded: 1 done");
    EXPECT_EQ(rig.Effects("update") - before, 2);
    const Value fields = rig.cloud->Objects().back().fields().Unpack();
    EXPECT_EQ(*fields.Find("EnableDns"), Value(false));
    EXPECT_EQ(fields.StringOr("Note", ""), "two");
    EXPECT_EQ(EngineRig::Steps(rig.Plan(NetworkOf("false", "two"))), "");
  }
}

}  // namespace
}  // namespace tandem::testing
