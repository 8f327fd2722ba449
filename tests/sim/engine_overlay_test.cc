// R4: the last write lies over reads until they show it.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

// The clouds put Access.Public beside what is written.
std::unique_ptr<Catalog> Doors() {
  std::vector<std::string> kinds = SimKinds();
  kinds.push_back(R"({"kind": "home.sim/Door", "createClass": "A", "tags": {},
      "identity": {"field": "DoorId", "kind": "assigned"},
      "members": {"Access": "map"},
      "fields": {"DoorId": {"computed": true}},
      "sandbox": {"defaults": {"Access.Public": true}, "computed": {"DoorId": "door-{hex8}"}}})");
  return std::make_unique<JsonCatalog>(kinds);
}

std::string DoorWith(const std::string& access) {
  return "apiVersion: home.sim/v1\nkind: Door\nmetadata: {name: d}\nspec: {Access: {" + access + "}}\n";
}

TEST(EngineOverlay, R4_WhatTheCloudPutBesideAWriteIsSeenWithinItsWindow) {
  EngineRig rig({}, Doors());
  ASSERT_EQ(rig.Apply(DoorWith("Private: true")), "succeeded: 1 done");
  ASSERT_EQ(rig.cloud->Objects().back().fields().Unpack().Find("Access")->BoolOr("Public", false), true);
  const PlanAnswer plan = rig.Plan(DoorWith("Private: true, Public: false"));
  ASSERT_EQ(EngineRig::Steps(plan), "update home.sim/Door/d");
  ASSERT_EQ(plan.plan->steps[0]->changes.size(), 1u);
  EXPECT_EQ(plan.plan->steps[0]->changes[0].before, Value(true));
  EXPECT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(DoorWith("Private: true, Public: false"))), "");
}

TEST(EngineOverlay, R4_AReadFromBeforeTheWriteIsNoDriftWithinItsWindow) {
  EngineRig rig({}, Doors());
  ASSERT_EQ(rig.Apply(DoorWith("Private: true, Colour: red")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(5));
  bool old = false;
  const auto as_before = [&](LiveObject& object) {
    Value fields = object.fields.Unpack();
    Value access = *fields.Find("Access");
    access.Set("Colour", Value("red"));
    fields.Set("Access", access);
    object.fields = Packed::From(fields);
  };
  rig.provider->on_list = [&](const ListRequest& request, ListAnswer& answer) {
    if (!old || request.kind.kind != "Door") return;
    for (LiveObject& object : answer.objects) as_before(object);
  };
  rig.provider->on_read = [&](ReadAnswer& answer) {
    if (old) as_before(answer.object);
  };
  rig.provider->on_apply = [&](const ApplyRequest&) { old = true; };
  ASSERT_EQ(rig.Apply(DoorWith("Private: true, Colour: blue")), "succeeded: 1 done");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(DoorWith("Private: true, Colour: blue"))), "");
  rig.Pass(std::chrono::minutes(5));
  EXPECT_EQ(EngineRig::Steps(rig.Plan(DoorWith("Private: true, Colour: blue"))), "update home.sim/Door/d");
}

}  // namespace
}  // namespace tandem::testing
