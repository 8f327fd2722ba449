// Drift, absence and marks: what is corrected, what waits, what is left alone.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

std::string DriftPolicy(const std::string& drift) {
  return "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  drift: " + drift +
         "\n---\n";
}
std::string PolicyOf(EngineRig& rig, const std::string& name) {
  for (const SimObject& object : rig.cloud->Objects())
    if (object.address == "iam.sim/Role/" + name && object.gone > rig.clock.Now())
      return object.fields().Unpack().StringOr("Policy", "");
  return "(gone)";
}
Status Refresh(EngineRig& rig) {
  return rig.Ask([&](auto done) { rig.engine->Refresh("", done); });
}

TEST(EngineHeal, R7_DisruptiveDriftWaitsForApprovalOfItsHash) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "outside").ok());
  ASSERT_TRUE(Refresh(rig).ok());
  rig.Pass(std::chrono::minutes(1));
  EXPECT_EQ(PolicyOf(rig, "a"), "outside") << "it must not heal by itself";
  const Condition* drifted = rig.ConditionOf("iam.sim/Role/a", "Drifted");
  ASSERT_NE(drifted, nullptr);
  ASSERT_EQ(drifted->status, ConditionStatus::kTrue) << drifted->message;
  EXPECT_EQ(drifted->reason, "WaitsForApproval");
  ASSERT_NE(drifted->message.str().find("sha256:"), std::string::npos);
  const std::string hash = drifted->message.str().substr(drifted->message.str().find("sha256:"));
  const StartAnswer started = rig.Approve(hash, "uid:1");
  ASSERT_FALSE(started.run.empty()) << started.message;
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 1 done");
  EXPECT_EQ(PolicyOf(rig, "a"), "one");
  EXPECT_EQ(rig.ConditionOf("iam.sim/Role/a", "Drifted")->status, ConditionStatus::kFalse);
}

TEST(EngineHeal, R7_WhatPolicyLetsHealIsHealedByAOneStepRun) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(DriftPolicy("{disruptive: heal}") + Role("a", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "outside").ok());
  rig.Pass(std::chrono::minutes(15));  // the periodic look finds it
  EXPECT_EQ(PolicyOf(rig, "a"), "one");
  const auto snapshot = rig.engine->snapshot();
  ASSERT_FALSE(snapshot->runs.empty());
  EXPECT_EQ(snapshot->runs[0].run.mode, PlanMode::kHeal);
  EXPECT_EQ(snapshot->runs[0].run.state, RunState::kSucceeded);
}

TEST(EngineHeal, ReportedDriftIsShownAndLeft) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(DriftPolicy("{disruptive: report}") + Role("a", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "outside").ok());
  rig.Pass(std::chrono::minutes(30));
  EXPECT_EQ(PolicyOf(rig, "a"), "outside");
  EXPECT_EQ(rig.ConditionOf("iam.sim/Role/a", "Drifted")->reason, "ChangedOutside");
}

TEST(EngineHeal, WhatIsDelegatedIsMadeAndDeletedAndNeverFoughtOver) {
  EngineRig rig;
  const std::string policy = DriftPolicy("{disruptive: heal}");
  const std::string role = Role("a", "one", "tandem/manage: delegate");
  ASSERT_EQ(rig.Apply(policy + role + Role("b", "one")), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "theirs").ok());
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/b", "Policy", "theirs").ok());
  rig.Pass(std::chrono::minutes(30));
  EXPECT_EQ(PolicyOf(rig, "a"), "theirs");
  EXPECT_EQ(PolicyOf(rig, "b"), "one");
  EXPECT_EQ(rig.ConditionOf("iam.sim/Role/a", "Drifted")->status, ConditionStatus::kFalse);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(policy + role + Role("b", "one"))), "");
  EXPECT_EQ(rig.Apply(policy + Role("b", "one")), "succeeded: 1 done");
  EXPECT_EQ(PolicyOf(rig, "a"), "(gone)");
}

TEST(EngineHeal, AReconcileIntervalIsLookedAtBetweenTheLooksAtItsAccount) {
  EngineRig rig;
  const std::string policy = DriftPolicy("{disruptive: heal}");
  ASSERT_EQ(rig.Apply(policy + Role("a", "one", "tandem/reconcile-interval: 30s") +
                      Role("b", "one") +
                      Role("c", "one", "tandem/reconcile-interval: 30s")),
            "succeeded: 3 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "outside").ok());
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/b", "Policy", "outside").ok());
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/c").ok());
  rig.Pass(std::chrono::minutes(2));
  EXPECT_EQ(PolicyOf(rig, "a"), "one");
  EXPECT_EQ(PolicyOf(rig, "c"), "one") << "its absence is noticed, and then proven (R8)";
  // Each of the two looks for itself; the proof of absence looked at the whole account once.
  rig.Pass(std::chrono::minutes(20));
  EXPECT_EQ(PolicyOf(rig, "b"), "one");
  // Taken out of the model's wishes, it is looked at with its account again.
  ASSERT_EQ(rig.Apply(policy + Role("a", "one") + Role("b", "one") + Role("c", "one")),
            "succeeded: 0 done");
  rig.Pass(std::chrono::minutes(1));
  const int reads = rig.provider->reads;
  rig.Pass(std::chrono::minutes(5));
  EXPECT_EQ(rig.provider->reads, reads);
}

TEST(EngineHeal, R8_AMissingResourceIsMadeAgainButNotWithinItsWindow) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one") + Role("b", "one")), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/a").ok());
  rig.engine->Refresh("", [](Status) {});
  rig.Pass(std::chrono::seconds(20));
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/a"), 1) << "the consistency window is 30 s";
  rig.Pass(std::chrono::minutes(2));
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/a"), 2);
  EXPECT_EQ(PolicyOf(rig, "a"), "one");
}

// What was looked at before a create shows no object; once the create is done, that says nothing any more. The step
// fails between the call and the look that would have shown the object.
TEST(EngineHeal, R8_ALookFromBeforeACreateProvesNoAbsenceAfterIt) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  bool blind = false;
  rig.provider->on_answer = [&](ApplyAnswer&) { blind = true; };
  rig.provider->on_read = [&](ReadAnswer& answer) {
    if (blind) answer.error = MakeCallError(ErrorClass::kTerminal, "AccessDenied", "not for you");
  };
  const std::string cluster =
      "apiVersion: db.sim/v1\nkind: Cluster\nmetadata: {name: x}\nspec: {Engine: pg}\n---\n";
  const std::string ended = rig.Apply(Role("a", "one") + cluster);
  ASSERT_EQ(ended.substr(0, 6), "failed") << ended;
  rig.Pass(std::chrono::minutes(3));
  EXPECT_EQ(rig.Effects("create", "db.sim/Cluster/x"), 1) << "nothing has shown that it is gone";
  blind = false;
  rig.provider->on_answer = nullptr;
  rig.Pass(std::chrono::minutes(30));
  EXPECT_EQ(rig.Effects("create", "db.sim/Cluster/x"), 1);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Role("a", "one") + cluster)), "");
}

// A step finds that what it was planned for is gone. What stands on it, in another account, is not made again on the
// word of the look from before that.
TEST(EngineHeal, R10_NothingStandsOnWhatAStepFoundGone) {
  EngineRig rig;
  std::string head = kHead;
  head += "apiVersion: tandem/v1\nkind: Account\nmetadata: {name: other}\n"
          "spec: {provider: sim, site: aws, region: us-east-1, accountId: \"111122223334\"}\n---\n";
  const auto model = [&](const std::string& policy) {
    return EngineRig::Request(head + Role("a", policy, "tandem/account: main") +
                                  Role("b", "one", "tandem/account: other, "
                                            "tandem/depends-on: iam.sim/Role/a@main, "
                                            "tandem/reconcile-interval: 30s"),
                              false);
  };
  const PlanAnswer first = rig.Plan(model("one"));
  ASSERT_EQ(first.refusal, Refusal::kNone) << first.message;
  ASSERT_EQ(rig.Wait(rig.Start(first.plan->hash).run), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(11));
  const PlanAnswer second = rig.Plan(model("two"));
  ASSERT_EQ(second.refusal, Refusal::kNone) << second.message;
  rig.provider->on_apply = [&](const ApplyRequest& request) {
    if (request.call.rfind("update", 0) != 0) return;
    rig.provider->on_apply = nullptr;
    ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/a@main").ok());
    ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/b@other").ok());
  };
  EXPECT_EQ(rig.Wait(rig.Start(second.plan->hash).run).substr(0, 6), "failed");
  rig.Pass(std::chrono::minutes(40));
  std::vector<std::string> made;
  for (const SimEffect& effect : rig.cloud->Effects())
    if (effect.operation == "create") made.push_back(effect.address);
  EXPECT_EQ(made, (std::vector<std::string>{"iam.sim/Role/a@main", "iam.sim/Role/b@other",
                                            "iam.sim/Role/a@main", "iam.sim/Role/b@other"}));
}

// The first evidence that something is gone is no proof yet (R8), but nothing is made upon it either.
TEST(EngineHeal, R10_NothingIsMadeAgainOnWhatSeemsToBeGone) {
  EngineRig rig;
  std::string head = kHead;
  head += "apiVersion: tandem/v1\nkind: Account\nmetadata: {name: other}\n"
          "spec: {provider: sim, site: aws, region: us-east-1, accountId: \"111122223334\"}\n---\n";
  const PlanAnswer plan = rig.Plan(EngineRig::Request(
      head + Role("a", "one", "tandem/account: main") +
          Role("b", "one", "tandem/account: other, tandem/depends-on: iam.sim/Role/a@main"),
      false));
  ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message;
  ASSERT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/a@main").ok());
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/b@other").ok());
  rig.engine->Refresh("iam.sim/Role/b@other", [](Status) {});
  rig.Pass(std::chrono::seconds(20));
  rig.engine->Refresh("iam.sim/Role/a@main", [](Status) {});
  rig.Pass(std::chrono::minutes(5));
  std::vector<std::string> made;
  for (const SimEffect& effect : rig.cloud->Effects())
    if (effect.operation == "create") made.push_back(effect.address);
  EXPECT_EQ(made, (std::vector<std::string>{"iam.sim/Role/a@main", "iam.sim/Role/b@other",
                                            "iam.sim/Role/a@main", "iam.sim/Role/b@other"}));
}

// A plan leaves out what needs something that cannot be observed; so does what heals by itself.
TEST(EngineHeal, R18_NothingHealsOnWhatCannotBeSeen) {
  EngineRig rig;
  std::string head = DriftPolicy("{disruptive: heal}") + kHead;
  head += "apiVersion: tandem/v1\nkind: Account\nmetadata: {name: other}\n"
          "spec: {provider: sim, site: aws, region: us-east-1, accountId: \"111122223334\"}\n---\n";
  const PlanAnswer plan = rig.Plan(EngineRig::Request(
      head + Role("a", "one", "tandem/account: main") +
          Role("b", "one", "tandem/account: other, tandem/depends-on: iam.sim/Role/a@main") +
          Role("c", "one", "tandem/account: other, tandem/depends-on: iam.sim/Role/b@other") +
          Role("d", "one", "tandem/account: other"),
      false));
  ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message;
  ASSERT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 4 done");
  rig.Pass(std::chrono::minutes(2));
  rig.provider->on_list = [](const ListRequest& request, ListAnswer& answer) {
    if (request.account != "main") return;
    answer = ListAnswer();
    answer.error = MakeCallError(ErrorClass::kNotDone, "", "no sense");
  };
  EXPECT_EQ(Refresh(rig), Unavailable("not observed: iam.sim/Role/a@main: no sense"));
  ASSERT_EQ(rig.ConditionOf("iam.sim/Role/a@main", "Synced")->reason, "NotObserved");
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/b@other").ok());
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/c@other", "Policy", "outside").ok());
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/d@other", "Policy", "outside").ok());
  rig.Pass(std::chrono::minutes(30));
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/b@other"), 1);
  // The change from outside is one of them.
  EXPECT_EQ(rig.Effects("update", "iam.sim/Role/c@other"), 1) << "it needs b, and b needs a";
  EXPECT_EQ(rig.Effects("update", "iam.sim/Role/d@other"), 2) << "it needs nothing";
  rig.provider->on_list = nullptr;
  rig.Pass(std::chrono::minutes(30));
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/b@other"), 2);
  EXPECT_EQ(rig.Effects("update", "iam.sim/Role/c@other"), 2);
}

TEST(EngineHeal, R8_ACredentialThatSeesNothingProvesNoAbsence) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one") + Role("b", "one")), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/a").ok());
  rig.provider->refuse_sign_in = true;
  rig.engine->Refresh("", [](Status) {});
  rig.Pass(std::chrono::minutes(5));
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/a"), 1);
  EXPECT_EQ(rig.ConditionOf("iam.sim/Role/a", "Ready")->status, ConditionStatus::kUnknown);
}

TEST(EngineHeal, R1_NothingHealsWhilePaused) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(DriftPolicy("{disruptive: heal}") + Role("a", "one")), "succeeded: 1 done");
  ASSERT_TRUE(
      rig.Ask([&](auto done) { rig.engine->Pause("iam.sim/Role/a", "uid:1", done); }).ok());
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "outside").ok());
  rig.Pass(std::chrono::minutes(30));
  EXPECT_EQ(PolicyOf(rig, "a"), "outside");
  EXPECT_EQ(rig.ConditionOf("iam.sim/Role/a", "Paused")->status, ConditionStatus::kTrue);
  ASSERT_TRUE(
      rig.Ask([&](auto done) { rig.engine->Resume("iam.sim/Role/a", "uid:1", done); }).ok());
  rig.Pass(std::chrono::minutes(1));
  EXPECT_EQ(PolicyOf(rig, "a"), "one");
}

TEST(EngineHeal, R12_AMarkThatTheStoreDoesNotKnowStopsHealingUntilAPersonAcceptsAPlan) {
  EngineRig rig;
  const std::string policy = DriftPolicy("{disruptive: heal}");
  ASSERT_EQ(rig.Apply(policy + Role("a", "one")), "succeeded: 1 done");
  const std::vector<Row> backup = rig.store.Rows();
  ASSERT_EQ(rig.Apply(policy + Role("a", "two") + Role("b", "one")), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(10));
  rig.engine.reset();
  rig.store.Restore(backup);
  rig.Boot();
  rig.Pass(std::chrono::minutes(5));
  EXPECT_TRUE(rig.engine->snapshot()->old_store);
  EXPECT_EQ(PolicyOf(rig, "a"), "two") << "healing it to 'one' would undo what was accepted later";
}

TEST(EngineHeal, AComponentIsAsReadyAsTheWorstOfItsResources) {
  EngineRig rig;
  std::string model = R"(apiVersion: tandem/v1
kind: Component
metadata: {name: Core}
spec: {site: aws, layer: data, title: Core}
---
apiVersion: tandem/v1
kind: Component
metadata: {name: Empty}
spec: {site: aws, layer: data, title: Empty}
---
)";
  std::string role = Role("a", "one");
  role.replace(role.find("{name: a"), 8, "{name: a, labels: {tandem/component: Core}");
  ASSERT_EQ(rig.Apply(model + role), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(1));
  const auto component = [&](size_t i) { return rig.engine->snapshot()->components[i]; };
  ASSERT_EQ(rig.engine->snapshot()->components.size(), 2u);
  EXPECT_EQ(component(0).resources, 1);
  EXPECT_EQ(component(0).conditions[0].status, ConditionStatus::kTrue)
      << component(0).conditions[0].message;
  EXPECT_EQ(component(1).conditions[0].status, ConditionStatus::kUnknown);
  EXPECT_EQ(component(1).conditions[0].reason, "NoResources");
}

TEST(EngineHeal, AComponentTellsOfItsFirstBadResourceAndCountsTheRest) {
  EngineRig rig;
  const auto role = [](const std::string& name, const std::string& component) {
    std::string text = Role(name, "one");
    const std::string meta = "{name: " + name;
    return text.replace(text.find(meta), meta.size(), meta + ", labels: {tandem/component: " + component + "}");
  };
  std::string model = DriftPolicy("{disruptive: report}");
  for (const std::string name : {"Core", "Edge"})
    model += "apiVersion: tandem/v1\nkind: Component\nmetadata: {name: " + name +
             "}\nspec: {site: aws, layer: data, title: " + name + "}\n---\n";
  const auto synced = [&](size_t component) {
    const Condition& condition = rig.engine->snapshot()->components[component].conditions[1];
    EXPECT_EQ(condition.type, "Synced");
    return condition.status == ConditionStatus::kTrue ? "True" : condition.reason + ": " + condition.message;
  };
  const auto set = [&](const std::string& name, const std::string& policy) {
    ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/" + name, "Policy", policy).ok());
    ASSERT_TRUE(Refresh(rig).ok());
    rig.Settle();
  };
  ASSERT_EQ(rig.Apply(model + role("a", "Core") + role("b", "Core") + role("c", "Core")), "succeeded: 3 done");
  rig.Pass(std::chrono::minutes(2));
  EXPECT_EQ(synced(0), "True");
  set("c", "outside");
  EXPECT_EQ(synced(0), "Drifted: iam.sim/Role/c: Policy");
  set("b", "outside");
  EXPECT_EQ(synced(0), "Drifted: iam.sim/Role/b: Policy (and 1 more)");
  set("b", "one");
  EXPECT_EQ(synced(0), "Drifted: iam.sim/Role/c: Policy");
  // What goes over to another component is bad there.
  ASSERT_EQ(rig.Apply(model + role("a", "Core") + role("b", "Core") + role("c", "Edge")).substr(0, 9), "succeeded");
  rig.Pass(std::chrono::minutes(2));
  set("c", "elsewhere");
  EXPECT_EQ(synced(0), "True");
  EXPECT_EQ(synced(1), "Drifted: iam.sim/Role/c: Policy");
  EXPECT_EQ(rig.engine->snapshot()->components[0].resources, 2);
  EXPECT_EQ(rig.engine->snapshot()->components[1].resources, 1);
}

}  // namespace
}  // namespace tandem::testing
