// R9, R4: a step of several calls, killed with one of them open, makes the rest of them.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

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

// The new object has the name of the old one, so its identity does not say which of the two is recorded.
TEST(EngineResume, R13_AnObjectThatTookItsPredecessorsNameIsNotWaitedToBeGone) {
  const auto shelf = [](const std::string& colour) {
    // The second one keeps the first from being all there is, which no plan may replace unasked.
    return "apiVersion: home.sim/v1\nkind: Shelf\nmetadata: {name: s}\nspec: {Name: s, Colour: " + colour +
           "}\n---\napiVersion: home.sim/v1\nkind: Shelf\nmetadata: {name: t}\n"
           "spec: {Name: t, Colour: grey}\n";
  };
  int killed_there = 0;
  for (int kill_at = 0; kill_at < 200; ++kill_at) {
    EngineSettings settings;
    settings.turn = 1;  // so that it can die between any two pieces of work
    std::vector<std::string> kinds = SimKinds();
    kinds.push_back(R"({"kind": "home.sim/Shelf", "createClass": "C", "tags": {},
        "identity": {"field": "Name", "name": "Name", "kind": "named"},
        "members": {"Name": "string", "Colour": "string!"},
        "fields": {"Name": {"replace": true}, "Colour": {"replace": true}}, "sandbox": {}})");
    EngineRig rig(settings, std::make_unique<JsonCatalog>(kinds));
    ASSERT_EQ(rig.Apply(shelf("red")), "succeeded: 2 done");
    const PlanAnswer plan = rig.Plan(shelf("blue"));
    ASSERT_EQ(EngineRig::Steps(plan), "replace home.sim/Shelf/s");
    const std::string run = rig.Start(plan.plan->hash).run;
    int turn = 0;
    rig.Until([&] { return rig.Ended(run) || turn++ >= kill_at; });
    if (rig.Ended(run)) break;
    for (const auto& [address, row] : rig.Rows(run)) killed_there += row.call == 2;
    rig.Boot();
    ASSERT_EQ(rig.Wait(run), "succeeded: 1 done") << "killed at turn " << kill_at;
    EXPECT_EQ(rig.Effects("create", "home.sim/Shelf/s"), 2);
    EXPECT_EQ(rig.Effects("delete", "home.sim/Shelf/s"), 1);
    EXPECT_EQ(EngineRig::Steps(rig.Plan(shelf("blue"))), "");
  }
  EXPECT_GE(killed_there, 1);
}

}  // namespace
}  // namespace tandem::testing
