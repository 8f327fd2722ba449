// R13: what a create-first replace leaves behind, wherever the process dies; what is given up; what an undo
// makes of a rename.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tandem/codec/json.h"
#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

std::unique_ptr<Catalog> CreateFirstKinds() {
  std::vector<std::string> kinds = SimKinds();
  kinds.push_back(R"({"kind": "lan.sim/Lan", "createClass": "B", "tags": {}, "createFirst": true,
      "identity": {"field": "LanId", "kind": "assigned"},
      "members": {"Block": "string!"},
      "fields": {"Block": {"replace": true}, "LanId": {"computed": true}},
      "errors": {"LanNotFound": "gone", "DependencyViolation": "waiting"},
      "sandbox": {"computed": {"LanId": "lan-{hex8}"}}})");
  kinds.push_back(R"({"kind": "lan.sim/Port", "createClass": "B", "tags": {},
      "identity": {"field": "PortId", "kind": "assigned"},
      "members": {"LanId": "string!"},
      "fields": {"LanId": {"ref": "lan.sim/Lan"}, "PortId": {"computed": true}},
      "errors": {"PortNotFound": "gone"},
      "sandbox": {"computed": {"PortId": "port-{hex8}"}}})");
  return std::make_unique<JsonCatalog>(kinds);
}

std::string Lan(const std::string& block) {
  return "apiVersion: lan.sim/v1\nkind: Lan\nmetadata: {name: l}\nspec: {Block: " + block +
         "}\n---\napiVersion: lan.sim/v1\nkind: Port\nmetadata: {name: p}\n"
         "spec: {LanId: \"${ref('lan.sim/Lan/l').LanId}\"}\n---\n"
         "apiVersion: iam.sim/v1\nkind: Role\nmetadata: {name: keep}\nspec: {Policy: one}\n---\n";
}

/// Whether the process died after `turns` of the run, and was started again; false: the run had ended by then.
bool DiesAfter(EngineRig& rig, const std::string& run, int turns) {
  rig.Until([&] { return turns-- <= 0; });
  if (rig.Ended(run)) return false;
  rig.Boot();
  return true;
}

// The old one stays until its dependent has moved, goes afterwards, and is not lost by a death in between.
TEST(EngineDeposed, R13_TheOldObjectGoesAfterItsDependentsMovedWhereverTheProcessDies) {
  int kills = 0;
  for (int kill_at = 0; kill_at < 400; ++kill_at) {
    EngineSettings settings;
    settings.turn = 1;
    EngineRig rig(settings, CreateFirstKinds());
    ASSERT_EQ(rig.Apply(Lan("one")), "succeeded: 3 done");
    const PlanAnswer plan = rig.Plan(Lan("two"));
    ASSERT_EQ(EngineRig::Steps(plan), "replace lan.sim/Lan/l; update lan.sim/Port/p");
    EXPECT_EQ(plan.plan->steps[0]->order, ReplaceOrder::kCreateFirst);
    const std::string run = rig.Start(plan.plan->hash).run;
    const bool killed = DiesAfter(rig, run, kill_at);
    kills += killed;
    ASSERT_EQ(rig.Wait(run), "succeeded: 2 done") << kill_at;
    std::vector<std::string> order;
    for (const SimEffect& effect : rig.cloud->Effects())
      order.push_back(effect.operation + " " + effect.address);
    order.erase(order.begin(), order.begin() + 3);  // of the first apply
    EXPECT_EQ(order, (std::vector<std::string>{"create lan.sim/Lan/l", "update lan.sim/Port/p",
                                               "delete lan.sim/Lan/l"}))
        << kill_at;
    EXPECT_EQ(rig.Live().size(), 3u) << kill_at;
    EXPECT_EQ(EngineRig::Steps(rig.Plan(Lan("two"))), "") << kill_at;
    if (HasFailure() || !killed) break;
  }
  EXPECT_GT(kills, 10);
}

// One that an earlier run could not let go goes with the next, and so does what that one replaces itself.
TEST(EngineDeposed, R13_WhatAFailedRunLeftBehindGoesWithTheNextWhereverTheProcessDies) {
  int kills = 0;
  for (int kill_at = 0; kill_at < 600; ++kill_at) {
    EngineSettings settings;
    settings.turn = 1;
    EngineRig rig(settings, CreateFirstKinds());
    ASSERT_EQ(rig.Apply(Lan("one")), "succeeded: 3 done");
    rig.provider->answer_with = [](const ApplyRequest& request) -> std::optional<CallError> {
      if (request.call.rfind("update", 0) != 0) return std::nullopt;
      return MakeCallError(ErrorClass::kTerminal, "Refused", "not like this");
    };
    ASSERT_EQ(rig.Apply(Lan("two")), "failed: 1 done, 1 failed");
    rig.provider->answer_with = nullptr;
    const PlanAnswer plan = rig.Plan(Lan("three"));
    ASSERT_EQ(EngineRig::Steps(plan), "replace lan.sim/Lan/l; delete lan.sim/Lan/l; update lan.sim/Port/p");
    const std::string run = rig.Start(plan.plan->hash).run;
    const bool killed = DiesAfter(rig, run, kill_at);
    kills += killed;
    ASSERT_EQ(rig.Wait(run), "succeeded: 3 done") << kill_at;
    EXPECT_EQ(rig.Effects("delete", "lan.sim/Lan/l"), 2) << kill_at;
    EXPECT_EQ(rig.Live().size(), 3u) << kill_at;
    EXPECT_EQ(EngineRig::Steps(rig.Plan(Lan("three"))), "") << kill_at;
    if (HasFailure() || !killed) break;
  }
  EXPECT_GT(kills, 10);
}

std::string NamedRole(const std::string& name, const std::string& annotations) {
  return "apiVersion: iam.sim/v1\nkind: Role\nmetadata: {name: " + name + ", annotations: {" + annotations +
         "}}\nspec: {RoleName: r, Policy: one}\n---\n";
}

// What is to be retained is given up without a call; a later model may take it back.
TEST(EngineDeposed, R12_WhatIsRetainedIsForgottenAndItsMarkIsNoLostOne) {
  const std::string keep = "apiVersion: iam.sim/v1\nkind: Role\nmetadata: {name: keep}\nspec: {Policy: one}\n---\n";
  EngineRig rig;
  ASSERT_EQ(rig.Apply(keep + NamedRole("a", "tandem/deletion-policy: retain")), "succeeded: 2 done");
  const PlanAnswer plan = rig.Plan(keep);
  ASSERT_EQ(EngineRig::Steps(plan), "forget iam.sim/Role/a");
  EXPECT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
  for (const bool restarted : {false, true}) {
    if (restarted) rig.Boot();
    rig.Pass(std::chrono::minutes(30));
    EXPECT_FALSE(rig.engine->snapshot()->old_store) << restarted;
    EXPECT_EQ(EngineRig::Steps(rig.Plan(keep)), "") << restarted;
  }
  EXPECT_EQ(rig.Live().size(), 2u);
  EXPECT_EQ(rig.Effects("delete"), 0);
}

// An undo of a rename moves the object back, and makes or deletes nothing.
TEST(EngineDeposed, R13_AnUndoOfARenameMovesItBack) {
  const std::string keep = "apiVersion: iam.sim/v1\nkind: Role\nmetadata: {name: keep}\nspec: {Policy: one}\n---\n";
  EngineRig rig;
  ASSERT_EQ(rig.Apply(keep + NamedRole("a", "")), "succeeded: 2 done");
  ASSERT_EQ(rig.Apply(keep + NamedRole("b", "tandem/moved-from: iam.sim/Role/a")), "succeeded: 1 done");
  PlanRequest undo;
  undo.undo_to = 0;
  undo.actor = "uid:1";
  const PlanAnswer plan = rig.Plan(std::move(undo));
  ASSERT_EQ(EngineRig::Steps(plan), "moved iam.sim/Role/a") << plan.message;
  EXPECT_EQ(plan.plan->steps[0]->moved_from.ToString(), "iam.sim/Role/b");
  EXPECT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
  EXPECT_EQ(rig.Effects("create"), 2);
  EXPECT_EQ(rig.Effects("delete"), 0);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(keep + NamedRole("a", ""))), "");
}

// Back over several renames at once, to each of the revisions, also after a restart and after another undo.
TEST(EngineDeposed, R4_AnUndoGoesBackOverEveryRenameSince) {
  const std::string keep = "apiVersion: iam.sim/v1\nkind: Role\nmetadata: {name: keep}\nspec: {Policy: one}\n---\n";
  EngineRig rig;
  ASSERT_EQ(rig.Apply(keep + NamedRole("a", "")), "succeeded: 2 done");
  ASSERT_EQ(rig.Apply(keep + NamedRole("b", "tandem/moved-from: iam.sim/Role/a")), "succeeded: 1 done");
  ASSERT_EQ(rig.Apply(keep + NamedRole("c", "tandem/moved-from: iam.sim/Role/b")), "succeeded: 1 done");
  std::string at = "c";
  for (const auto& [revision, name] : {std::pair(1, "a"), std::pair(3, "c"), std::pair(2, "b"), std::pair(1, "a")}) {
    rig.Boot();
    PlanRequest undo;
    undo.undo_to = revision;
    undo.actor = "uid:1";
    const PlanAnswer plan = rig.Plan(std::move(undo));
    ASSERT_EQ(EngineRig::Steps(plan), std::string("moved iam.sim/Role/") + name) << plan.message << revision;
    EXPECT_EQ(plan.plan->steps[0]->moved_from.ToString(), "iam.sim/Role/" + at);
    EXPECT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
    at = name;
  }
  EXPECT_EQ(rig.Effects("create"), 2);
  EXPECT_EQ(rig.Effects("delete"), 0);
}

/// A model whose old object the API does not delete, for `error`.
void RefuseDeletes(EngineRig& rig, const CallError& error) {
  rig.provider->answer_with = [error](const ApplyRequest& request) -> std::optional<CallError> {
    if (request.call != "delete") return std::nullopt;
    return error;
  };
}

// A delete that is refused for good is not called again: the run ends and says what is left, the next plan has it.
TEST(EngineDeposed, R10_AnOldObjectThatMayNotBeDeletedEndsTheRunAndIsInTheNextPlan) {
  EngineRig rig({}, CreateFirstKinds());
  ASSERT_EQ(rig.Apply(Lan("one")), "succeeded: 3 done");
  RefuseDeletes(rig, MakeCallError(ErrorClass::kTerminal, "AccessDenied", "not you"));
  rig.provider->calls.clear();
  EXPECT_EQ(rig.Apply(Lan("two")), "failed: 2 done, 1 replaced and still there (plan again)");
  EXPECT_EQ(std::count(rig.provider->calls.begin(), rig.provider->calls.end(), "delete lan.sim/Lan/l"), 1);
  EXPECT_NE(rig.Events("OldObjectLeft").find("AccessDenied: not you"), std::string::npos);
  rig.provider->answer_with = nullptr;
  const PlanAnswer next = rig.Plan(Lan("two"));
  EXPECT_EQ(EngineRig::Steps(next), "delete lan.sim/Lan/l");
  EXPECT_EQ(rig.Wait(rig.Start(next.plan->hash).run), "succeeded: 1 done");
}

// Without its kind file nothing can be deleted: the daemon starts, the run ends, and the object is in a later plan.
TEST(EngineDeposed, R14_AnOldObjectWhoseKindFileIsGoneStopsNoStart) {
  EngineRig rig({}, CreateFirstKinds());
  ASSERT_EQ(rig.Apply(Lan("one")), "succeeded: 3 done");
  RefuseDeletes(rig, MakeCallError(ErrorClass::kWaiting, "DependencyViolation", "in use"));
  const PlanAnswer plan = rig.Plan(Lan("two"));
  const std::string run = rig.Start(plan.plan->hash).run;
  ASSERT_EQ(rig.Wait(run, std::chrono::minutes(5)), "open");
  const std::unique_ptr<Catalog> whole = std::move(rig.catalog);
  rig.catalog = std::make_unique<JsonCatalog>(SimKinds());
  rig.Boot();
  EXPECT_TRUE(rig.start_status.ok()) << rig.start_status.ToString();
  EXPECT_EQ(rig.Wait(run), "failed: 2 done, 1 replaced and still there (plan again)");
  EXPECT_NE(rig.Events("OldObjectLeft").find("kind lan.sim/Lan is not known any more"), std::string::npos);
  rig.engine.reset();
}

// The same of a call that is open: what a create made is for a person to find out; of all else the next look tells.
TEST(EngineDeposed, R9_AnOpenCallOfAKindThatIsGoneIsNotForgotten) {
  for (const bool create : {true, false}) {
    SCOPED_TRACE(create);
    EngineRig rig({}, CreateFirstKinds());
    if (!create) {
      ASSERT_EQ(rig.Apply(Lan("one")), "succeeded: 3 done");
    }
    rig.provider->lose = [&](const ApplyRequest& request) {
      return request.call == (create ? "create" : "delete") && request.address.kind() == "Lan";
    };
    rig.provider->report_loss = false;
    const PlanAnswer plan = rig.Plan(Lan("two"));
    const std::string run = rig.Start(plan.plan->hash).run;
    ASSERT_EQ(rig.Wait(run, std::chrono::seconds(5)), "open");
    rig.catalog = std::make_unique<JsonCatalog>(SimKinds());
    rig.Boot();
    EXPECT_NE(rig.Wait(run).find("failed"), std::string::npos);
    EXPECT_NE(rig.Events("CallGivenUp").find("kind lan.sim/Lan is not known any more"), std::string::npos);
    std::vector<std::string> intents;
    for (const Row& row : rig.store.Rows())
      if (row.key.rfind("intent/", 0) == 0) intents.push_back(ParseJson(row.value)->StringOr("state", ""));
    EXPECT_EQ(intents, create ? std::vector<std::string>{"quarantined"} : std::vector<std::string>{});
    rig.engine.reset();
  }
}

}  // namespace
}  // namespace tandem::testing
