// R1: what a stopped run leaves. The calls that it made count as settled, those that it did not make are
// "not applied", and neither a restart nor healing blurs the two.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

std::string Member(EngineRig& rig, const std::string& key, const std::string& form,
                   const std::string& member) {
  for (const Row& row : rig.store.Rows())
    if (row.key == key) {
      const Result<Record> record = FromValue<Record>(*ParseJson(row.value));
      const Packed& packed = form == "settled" ? record->settled : record->recorded;
      return packed.empty() ? "" : packed.Unpack().StringOr(member, "");
    }
  return "no record";
}

std::string Drift(EngineRig& rig, const std::string& address) {
  rig.Pass(std::chrono::minutes(30));
  const Condition* drifted = rig.ConditionOf(address, "Drifted");
  return drifted == nullptr ? "no condition" : drifted->reason + " " + drifted->message;
}

/// A run of `documents` on its way, its answer not waited for.
std::string Begin(EngineRig& rig, const std::string& documents) {
  const PlanAnswer plan = rig.Plan(documents);
  return plan.refusal == Refusal::kNone ? rig.Start(plan.plan->hash).run : "";
}

// Cancelled while an update is under way, and killed any number of turns later.
TEST(EngineStop, R1_AnUpdateThatWasMadeSettlesWhereverTheStoppingRunIsKilled) {
  constexpr char kRole[] = "iam.sim/Role/x";
  for (const bool lost : {false, true}) {
    int made = 0;
    for (int kill_at = 0; kill_at < 60; ++kill_at) {
      EngineSettings settings;
      settings.turn = 1;
      EngineRig rig(settings);
      ASSERT_EQ(rig.Apply(Role("x", "one")), "succeeded: 1 done");
      bool called = false;
      rig.provider->on_apply = [&](const ApplyRequest&) { called = true; };
      rig.provider->lose = [&](const ApplyRequest&) { return lost; };
      const std::string run = Begin(rig, Role("x", "two"));
      rig.Until([&] { return called; });
      rig.engine->Cancel(run, "uid:1", [](Status) {});
      int turns = 0;
      rig.Until([&] { return turns++ >= kill_at; });
      rig.Boot();
      rig.Wait(run);
      const std::string where = "killed at turn " + std::to_string(kill_at) +
                                (lost ? ", reply lost" : "") + ", plan: ";
      ASSERT_EQ(rig.Effects("update"), 1) << where;
      const std::string next = EngineRig::Steps(rig.Plan(Role("x", "two")));
      EXPECT_EQ(next, "") << where << next;
      EXPECT_EQ(Member(rig, "record/iam.sim/Role/x", "settled", "Policy"), "two") << where;
      EXPECT_EQ(Drift(rig, kRole), "AsApplied ") << where;
      EXPECT_EQ(rig.Wait(run).substr(rig.Wait(run).find(": ")), ": 1 done") << where;
      EXPECT_EQ(rig.Effects("update"), 1) << where;
      if (HasFailure()) return;
      ++made;
    }
    EXPECT_EQ(made, 60);
  }
}

// The run was cancelled before its update: that is not drift, also not for an engine started later.
TEST(EngineStop, R1_WhatWasNotAppliedIsNoDriftAfterARestart) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("x", "one")), "succeeded: 1 done");
  rig.provider->answer_with = [](const ApplyRequest&) {
    return MakeCallError(ErrorClass::kNotDone, "ServiceUnavailable", "later");
  };
  const std::string run = Begin(rig, Role("x", "two"));
  rig.Pass(std::chrono::seconds(5));
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Cancel(run, "uid:1", done); }).ok());
  EXPECT_EQ(rig.Wait(run), "cancelled: 0 done, 1 not started");
  rig.provider->answer_with = nullptr;
  for (const bool restarted : {false, true}) {
    if (restarted) rig.Boot();
    EXPECT_EQ(Drift(rig, "iam.sim/Role/x"), "AsApplied ") << restarted;
    EXPECT_EQ(rig.ConditionOf("iam.sim/Role/x", "Synced")->reason, "NotApplied") << restarted;
  }
  EXPECT_EQ(rig.Effects("update"), 0);
  // Healing makes again what had settled, not what never ran; and the change stays unapplied.
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/x").ok());
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(rig.Effects("create"), 2);
  EXPECT_EQ(rig.cloud->Objects().back().fields().Unpack().StringOr("Policy", ""), "one");
  EXPECT_EQ(rig.ConditionOf("iam.sim/Role/x", "Synced")->reason, "NotApplied");
  EXPECT_EQ(Drift(rig, "iam.sim/Role/x"), "AsApplied ");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Role("x", "two"))), "update iam.sim/Role/x");
  // Whoever takes the change back has nothing left unapplied.
  const PlanAnswer back = rig.Plan(Role("x", "one"));
  ASSERT_EQ(EngineRig::Steps(back), "");
  EXPECT_EQ(rig.Wait(rig.Start(back.plan->hash).run), "succeeded: 0 done");
  for (const bool restarted : {false, true}) {
    if (restarted) rig.Boot();
    EXPECT_EQ(Drift(rig, "iam.sim/Role/x"), "AsApplied ") << restarted;
    EXPECT_EQ(rig.ConditionOf("iam.sim/Role/x", "Synced")->reason, "Applied") << restarted;
  }
}

// R1: a run retries its own remaining steps for 24 h, whether or not a process is there.
TEST(EngineStop, R1_ARunExpiresAlsoWhileNoProcessIsThere) {
  for (const bool dead : {false, true}) {
    EngineRig rig;
    rig.provider->answer_with = [](const ApplyRequest&) {
      return MakeCallError(ErrorClass::kExhausted, "QuotaExceeded", "too many");
    };
    const std::string run = Begin(rig, Role("x", "one"));
    rig.Pass(std::chrono::minutes(5));
    ASSERT_EQ(rig.RunOf(run)->state, RunState::kOpen);
    if (dead) {
      rig.engine.reset();
      rig.clock.Set(rig.clock.Now() + std::chrono::hours(25));
      rig.provider->answer_with = nullptr;
      rig.Boot();
    }
    EXPECT_EQ(rig.Wait(run, std::chrono::hours(30)), "expired: 0 done, 1 not started") << dead;
    rig.provider->answer_with = nullptr;
    rig.Pass(std::chrono::hours(1));
    EXPECT_EQ(rig.Effects("create"), 0) << dead << ": what expired is not applied";
    EXPECT_EQ(EngineRig::Steps(rig.Plan(Role("x", "one"))), "create iam.sim/Role/x") << dead;
  }
}

// The end of a run that was told to stop is the one that it was told, wherever it is killed.
TEST(EngineStop, R1_ARunThatExpiresIsExpiredWhereverItIsKilled) {
  int killed = 0;
  for (int kill_at = 0; kill_at < 12; ++kill_at) {
    EngineSettings settings;
    settings.turn = 1;
    settings.run_lifetime = std::chrono::minutes(3);
    EngineRig rig(settings);
    const std::string cluster =
        "apiVersion: db.sim/v1\nkind: Cluster\nmetadata: {name: c}\nspec: {Engine: pg}\n---\n" + Role("x", "x");
    const std::string run = Begin(rig, cluster);  // ten minutes under way
    rig.Until([&] { return rig.RunOf(run)->state == RunState::kStopping; });
    int turns = 0;
    rig.Until([&] { return turns++ >= kill_at; });
    killed += !rig.Ended(run);
    rig.Boot();
    EXPECT_EQ(rig.Wait(run), "expired: 2 done") << kill_at;
    EXPECT_EQ(rig.Effects("create"), 2) << kill_at;
    if (HasFailure()) return;
  }
  EXPECT_GT(killed, 4);
}

// R1: a run that only waits for something outside gives way to the next.
TEST(EngineStop, R1_ARunThatWaitsOutsideIsSupersededByTheNextApply) {
  EngineRig rig;
  rig.provider->answer_with = [](const ApplyRequest& request) -> std::optional<CallError> {
    if (request.address.name() != "x") return std::nullopt;
    return MakeCallError(ErrorClass::kExhausted, "QuotaExceeded", "too many");
  };
  const std::string queue = "apiVersion: queue.sim/v1\nkind: Queue\nmetadata: {name: q}\nspec: {Depth: 1}\n---\n";
  const std::string first = Begin(rig, Role("x", "one"));
  rig.Pass(std::chrono::minutes(5));
  ASSERT_EQ(rig.RunOf(first)->state, RunState::kOpen);
  const PlanAnswer plan = rig.Plan(Role("x", "two") + queue);
  const StartAnswer second = rig.Start(plan.plan->hash);
  ASSERT_NE(second.run, "") << second.message;
  EXPECT_EQ(rig.Wait(first), "superseded: 0 done, 1 not started");
  rig.provider->answer_with = nullptr;
  EXPECT_EQ(rig.Wait(second.run), "succeeded: 2 done");
  for (const SimObject& object : rig.cloud->Objects())
    if (object.address == "iam.sim/Role/x") {
      EXPECT_EQ(object.fields().Unpack().StringOr("Policy", ""), "two");
    }
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/x"), 1);

  // One that has calls under way does not: the next one is refused and names it.
  bool called = false;
  rig.provider->on_apply = [&](const ApplyRequest&) { called = true; };
  const std::string cluster =
      "apiVersion: db.sim/v1\nkind: Cluster\nmetadata: {name: c}\nspec: {Engine: pg}\n---\n";
  const std::string third = Begin(rig, Role("x", "two") + queue + cluster);
  rig.Until([&] { return called; });
  const PlanAnswer next = rig.Plan(Role("x", "three") + queue + cluster);
  const StartAnswer refused = rig.Start(next.plan->hash);
  EXPECT_EQ(refused.refusal, Refusal::kBusy);
  EXPECT_NE(refused.message.find(third), std::string::npos) << refused.message;
  EXPECT_EQ(rig.Wait(third), "succeeded: 1 done");
}

std::string Subnets(const std::string& block) {
  std::string text = "apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: n}\nspec: {CidrBlock: " +
                     block + "}\n---\n";
  for (const std::string name : {"a", "b"})
    text += "apiVersion: net.sim/v1\nkind: Subnet\nmetadata: {name: " + name +
            "}\nspec: {NetworkId: \"${ref('net.sim/Network/n').NetworkId}\", CidrBlock: " + name +
            "}\n---\n";
  return text + Role("x", "bystander");
}

// A subnet that goes with its network is two steps of one address: one of them under way, the other not.
TEST(EngineStop, ARunThatStopsInTheMiddleOfAReplacedPairEnds) {
  for (const bool cancelled : {true, false}) {
    EngineRig rig;
    ASSERT_EQ(rig.Apply(Subnets("10.0.0.0/16")), "succeeded: 4 done");
    int called = 0;
    rig.provider->on_apply = [&](const ApplyRequest& request) { called += request.call == "delete"; };
    rig.provider->answer_with = [&](const ApplyRequest& request) -> std::optional<CallError> {
      if (request.address.name() == "b" && called < 4)
        return MakeCallError(ErrorClass::kNotDone, "ServiceUnavailable", "later");
      if (request.address.name() == "a" && !cancelled)
        return MakeCallError(ErrorClass::kTerminal, "AccessDenied", "no");
      return std::nullopt;
    };
    const std::string run = Begin(rig, Subnets("10.1.0.0/16"));
    rig.Until([&] { return called >= 2; });
    if (cancelled) {
      rig.provider->answer_with = nullptr;
      rig.provider->report_loss = false;
      rig.provider->lose = [](const ApplyRequest&) { return true; };
      rig.Until([&] { return called >= 3; });
      ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Cancel(run, "uid:1", done); }).ok());
      EXPECT_EQ(rig.Wait(run), "cancelled: 2 done, 3 not started");
    } else {
      EXPECT_EQ(rig.Wait(run), "failed: 1 done, 1 failed, 3 blocked");
    }
  }
}

}  // namespace
}  // namespace tandem::testing
