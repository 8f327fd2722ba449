// Plans and runs: creation in order, updates, replacement, deletion, and the empty plan after each.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

constexpr char kBoth[] = R"(apiVersion: net.sim/v1
kind: Network
metadata: {name: main}
spec: {CidrBlock: 10.0.0.0/16, EnableDns: false}
---
apiVersion: net.sim/v1
kind: Subnet
metadata: {name: a}
spec: {NetworkId: "${ref('net.sim/Network/main').NetworkId}", CidrBlock: 10.0.1.0/24}
---
)";

TEST(EngineRuns, CreatesInOrderThenTheNextPlanIsEmpty) {
  EngineRig rig;
  ASSERT_TRUE(rig.start_status.ok()) << rig.start_status.ToString();
  const PlanAnswer plan = rig.Plan(kBoth);
  ASSERT_EQ(EngineRig::Steps(plan), "create net.sim/Network/main; create net.sim/Subnet/a")
      << FormatDiagnostics(plan.diagnostics);
  const StartAnswer started = rig.Start(plan.plan->hash);
  ASSERT_EQ(started.refusal, Refusal::kNone) << started.message;
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 2 done");
  EXPECT_EQ(rig.Effects("create"), 2);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(kBoth)), "");
  EXPECT_EQ(rig.engine->snapshot()->accepted, 1);
  for (const auto& [address, row] : rig.Rows(started.run))
    EXPECT_EQ(row.state, StepState::kVerified) << address << " " << row.error;
}

TEST(EngineRuns, UpdatesOnlyWhatChanged) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one") + Role("b", "one")), "succeeded: 2 done");
  rig.provider->calls.clear();
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Role("a", "two") + Role("b", "one"))), "update iam.sim/Role/a");
  EXPECT_EQ(rig.Apply(Role("a", "two") + Role("b", "one")), "succeeded: 1 done");
  EXPECT_EQ(rig.provider->calls, std::vector<std::string>{"update:all iam.sim/Role/a"});
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Role("a", "two") + Role("b", "one"))), "");
}

TEST(EngineRuns, DeletesDependentsFirstAfterTheModelDroppedBoth) {
  EngineRig rig;
  const std::string keep = Role("keep", "one") + Role("keep2", "one");
  ASSERT_EQ(rig.Apply(kBoth + keep), "succeeded: 4 done");
  rig.provider->calls.clear();
  EXPECT_EQ(rig.Apply(keep), "succeeded: 2 done");
  EXPECT_EQ(rig.provider->calls,
            (std::vector<std::string>{"delete net.sim/Subnet/a", "delete net.sim/Network/main"}));
  EXPECT_EQ(rig.Live(), (std::vector<std::string>{"iam.sim/Role/keep", "iam.sim/Role/keep2"}));
  EXPECT_EQ(rig.engine->snapshot()->size(), 2u);
}

TEST(EngineRuns, ReplacesWithDependents) {
  EngineRig rig;
  const std::string keep = Role("keep", "one");
  ASSERT_EQ(rig.Apply(kBoth + keep), "succeeded: 3 done");
  std::string changed = kBoth;
  changed.replace(changed.find("10.0.0.0/16"), 11, "10.0.0.0/12");
  const std::string outcome = rig.Apply(changed + keep);
  EXPECT_EQ(outcome.substr(0, 9), "succeeded") << outcome;
  EXPECT_EQ(rig.Effects("create", "net.sim/Network/main"), 2);
  EXPECT_EQ(rig.Effects("create", "net.sim/Subnet/a"), 2);
  EXPECT_EQ(rig.Live().size(), 3u);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(changed + keep)), "");
}

TEST(EngineRuns, R2_AnotherPlatformIsRefused) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  std::string other = std::string(kHead) + Role("a", "one");
  other.replace(other.find("shop"), 4, "mall");
  const PlanAnswer plan = rig.Plan(EngineRig::Request(other, false));
  EXPECT_EQ(plan.refusal, Refusal::kConfiguration) << plan.message;
  EXPECT_NE(plan.message.find("'mall'"), std::string::npos) << plan.message;
  ASSERT_EQ(plan.diagnostics.items().size(), 1u);
  const Diagnostic& told = plan.diagnostics.items()[0];
  ASSERT_NE(told.range.text, nullptr) << "no place";
  EXPECT_EQ(PositionAt(*told.range.text, told.range.begin).line, 3) << "the Platform's name";
}

TEST(EngineRuns, R1_AnOlderPlanIsRefusedNamingTheRunThatOvertookIt) {
  EngineRig rig;
  const PlanAnswer older = rig.Plan(Role("a", "one"));
  const PlanAnswer newer = rig.Plan(Role("b", "one"));
  const StartAnswer started = rig.Start(newer.plan->hash);
  ASSERT_FALSE(started.run.empty()) << started.message;
  ASSERT_EQ(rig.Wait(started.run), "succeeded: 1 done");
  const StartAnswer refused = rig.Start(older.plan->hash);
  EXPECT_NE(refused.refusal, Refusal::kNone);
  // A plan that was saved says against what it was made.
  StartRequest saved;
  saved.plan = older.plan;
  saved.actor = "uid:1";
  saved.auto_approve = true;
  for (const bool with_sources : {false, true}) {
    if (with_sources) saved.sources = EngineRig::Request(Role("a", "one")).sources;
    const StartAnswer told = rig.Start(saved);
    EXPECT_EQ(told.refusal, Refusal::kBusy);
    EXPECT_EQ(told.message, "the plan was made against revision 0; run " + started.run +
                                " made revision 1 accepted meanwhile: plan again");
  }
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/a"), 0);
}

TEST(EngineRuns, R3_ASavedPlanWithoutItsModelIsTheOneThatIsKept) {
  EngineRig rig;
  StartRequest saved;
  saved.plan = rig.Plan(Role("a", "one")).plan;
  saved.actor = "uid:1";
  saved.auto_approve = true;
  rig.Boot();  // which forgets plans that nobody began
  const StartAnswer refused = rig.Start(saved);
  EXPECT_EQ(refused.refusal, Refusal::kNotFound);
  EXPECT_NE(refused.message.find("-f"), std::string::npos) << refused.message;
  EXPECT_EQ(rig.Effects("create"), 0);
  saved.plan = rig.Plan(Role("a", "one")).plan;
  EXPECT_EQ(rig.Wait(rig.Start(saved).run), "succeeded: 1 done");
}

TEST(EngineRuns, R3_ASavedPlanIsMadeAgainAndWhatMovedIsNamed) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  const PlanAnswer plan = rig.Plan(Role("a", "two"));
  ASSERT_EQ(EngineRig::Steps(plan), "update iam.sim/Role/a");
  StartRequest saved;
  saved.plan = plan.plan;
  saved.sources = EngineRig::Request(Role("a", "two")).sources;
  saved.actor = "uid:1";
  saved.auto_approve = true;
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "three").ok());
  const StartAnswer refused = rig.Start(saved);
  EXPECT_EQ(refused.refusal, Refusal::kBusy);
  EXPECT_NE(refused.message.find("Policy"), std::string::npos) << refused.message;
}

TEST(EngineRuns, R3_AStepWhoseBaseMovedIsVoidAndIndependentOnesFinish) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one") + Role("b", "one")), "succeeded: 2 done");
  const PlanAnswer plan = rig.Plan(Role("a", "two") + Role("b", "two"));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "three").ok());
  const StartAnswer started = rig.Start(plan.plan->hash);
  EXPECT_EQ(rig.Wait(started.run), "failed: 1 done, 1 void (plan again)");
  EXPECT_EQ(rig.Rows(started.run)["iam.sim/Role/a"].state, StepState::kVoid);
  EXPECT_EQ(rig.Rows(started.run)["iam.sim/Role/b"].state, StepState::kSettled);
  EXPECT_EQ(rig.Effects("update", "iam.sim/Role/a"), 1) << "only the one from outside";
}

TEST(EngineRuns, CancelIssuesNoNewCall) {
  EngineRig rig;
  const PlanAnswer plan = rig.Plan(kBoth);
  const StartAnswer started = rig.Start(plan.plan->hash);
  ASSERT_TRUE(rig.Until([&] { return rig.provider->calls.size() == 1; }));
  const Status status = rig.Ask([&](auto done) { rig.engine->Cancel(started.run, "uid:1", done); });
  EXPECT_TRUE(status.ok()) << status.ToString();
  const std::string outcome = rig.Wait(started.run);
  EXPECT_EQ(outcome.substr(0, 9), "cancelled") << outcome;
  EXPECT_EQ(rig.provider->calls.size(), 1u);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(kBoth)).find("create net.sim/Network"), std::string::npos)
      << "what settled is known";
}

TEST(EngineRuns, PauseHoldsBackAndResumeGoesOn) {
  EngineRig rig;
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Pause("", "uid:1", done); }).ok());
  const PlanAnswer plan = rig.Plan(Role("a", "one"));
  const StartAnswer started = rig.Start(plan.plan->hash);
  rig.Pass(std::chrono::minutes(5));
  EXPECT_EQ(rig.Effects("create"), 0);
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Resume("", "uid:1", done); }).ok());
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 1 done");
}

TEST(EngineRuns, UndoPlansAnEarlierRevision) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  ASSERT_EQ(rig.Apply(Role("a", "two")), "succeeded: 1 done");
  PlanRequest undo;
  undo.undo_to = 1;
  undo.actor = "uid:1";
  const PlanAnswer plan = rig.Plan(std::move(undo));
  ASSERT_EQ(EngineRig::Steps(plan), "update iam.sim/Role/a");
  EXPECT_EQ(plan.plan->mode, PlanMode::kUndo);
  EXPECT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Role("a", "one"))), "");
}

std::string Cluster(const std::string& password) {
  return "apiVersion: db.sim/v1\nkind: Cluster\nmetadata: {name: orders}\nspec: {Engine: pg, Password: \"" + password +
         "\"}\n---\n";
}

TEST(EngineRuns, R15_SecretsReachTheCallAndNothingElse) {
  EngineRig rig;
  rig.secrets.worth["env:DB"] = "s3cret-plaintext";
  const std::string model = Cluster("${secret('env:DB')}");
  std::string sent;
  rig.provider->on_apply = [&](const ApplyRequest& request) { sent = request.desired.json(); };
  ASSERT_EQ(rig.Apply(model), "succeeded: 1 done");
  EXPECT_NE(sent.find("s3cret-plaintext"), std::string::npos);
  for (const Row& row : rig.store.Rows())
    EXPECT_EQ(row.value.find("s3cret-plaintext"), std::string::npos) << row.key;
  EXPECT_EQ(EngineRig::Steps(rig.Plan(model)), "");
  rig.secrets.worth["env:DB"] = "another";
  EXPECT_EQ(EngineRig::Steps(rig.Plan(model)), "update db.sim/Cluster/orders");
}

TEST(EngineRuns, R15_APlanBindsTheSecretThatItWasMadeWith) {
  EngineRig rig;
  rig.secrets.worth["env:DB"] = "made-up-1";
  const std::string model = Cluster("x-${secret('env:DB')}");
  const PlanAnswer first = rig.Plan(model);
  rig.secrets.worth["env:DB"] = "made-up-2";
  std::string run = rig.Start(first.plan->hash).run;
  EXPECT_EQ(rig.Wait(run).substr(0, 6), "failed");
  EXPECT_EQ(rig.Rows(run)["db.sim/Cluster/orders"].state, StepState::kVoid);
  EXPECT_EQ(rig.Rows(run)["db.sim/Cluster/orders"].error,
            "Password holds a secret that has changed since the plan: plan again");
  EXPECT_TRUE(rig.provider->calls.empty());

  ASSERT_EQ(rig.Apply(model), "succeeded: 1 done");
  rig.secrets.worth["env:DB"] = "made-up-3";
  const PlanAnswer update = rig.Plan(model);
  ASSERT_EQ(EngineRig::Steps(update), "update db.sim/Cluster/orders");
  const size_t calls = rig.provider->calls.size();
  rig.secrets.worth["env:DB"] = "made-up-4";
  run = rig.Start(update.plan->hash).run;
  rig.Wait(run);
  EXPECT_EQ(rig.Rows(run)["db.sim/Cluster/orders"].state, StepState::kVoid);
  EXPECT_EQ(rig.provider->calls.size(), calls);
  EXPECT_EQ(rig.Apply(model), "succeeded: 1 done") << "planned anew";
}

// What a saved plan showed of its secrets is part of its hash.
TEST(EngineRuns, R3_ASavedPlanWhoseSecretChangedIsRefused) {
  EngineRig rig;
  rig.secrets.worth["env:DB"] = "made-up-1";
  const std::string model = Cluster("${secret('env:DB')}");
  StartRequest saved;
  saved.plan = rig.Plan(model).plan;
  saved.sources = EngineRig::Request(model).sources;
  saved.actor = "uid:1";
  saved.auto_approve = true;
  rig.secrets.worth["env:DB"] = "made-up-2";
  const StartAnswer refused = rig.Start(saved);
  EXPECT_EQ(refused.refusal, Refusal::kBusy);
  EXPECT_EQ(refused.run, "");
  EXPECT_TRUE(rig.engine->snapshot()->runs.empty());
  rig.secrets.worth["env:DB"] = "made-up-1";
  EXPECT_EQ(rig.Wait(rig.Start(saved).run), "succeeded: 1 done");
}

// Both stand when they are looked at; the first to begin moves the base of the other.
TEST(EngineRuns, R1_OfTwoPlansThatStartAtOnceOneIsRefused) {
  EngineRig rig;
  const std::string hashes[] = {rig.Plan(Role("a", "one")).plan->hash, rig.Plan(Role("b", "one")).plan->hash};
  std::vector<StartAnswer> answers;
  for (const std::string& hash : hashes) {
    StartRequest request;
    request.hash = hash;
    request.actor = "uid:1";
    request.auto_approve = true;
    rig.engine->StartRun(std::move(request), [&](StartAnswer answer) { answers.push_back(std::move(answer)); });
  }
  ASSERT_TRUE(rig.Until([&] { return answers.size() == 2; }));
  const bool first = !answers[0].run.empty();
  EXPECT_NE(first, !answers[1].run.empty()) << "one of them";
  const StartAnswer& refused = answers[first ? 1 : 0];
  EXPECT_NE(refused.refusal, Refusal::kNone);
  EXPECT_NE(refused.message.find("overtaken"), std::string::npos) << refused.message;
  rig.Wait(answers[first ? 0 : 1].run);
  EXPECT_EQ(rig.Live().size(), 1u);
}

TEST(EngineRuns, R10_ThrottledCallsComeAgainAndTerminalOnesStopWithTheirDependents) {
  EngineRig rig;
  int refusals = 0;
  rig.provider->answer_with = [&](const ApplyRequest& request) -> std::optional<CallError> {
    if (request.kind.kind == "Role" && refusals++ < 3) {
      CallError error = MakeCallError(ErrorClass::kThrottled, "Throttling", "slow down");
      error.retry_after = std::chrono::seconds(2);
      return error;
    }
    if (request.kind.kind == "Network")
      return MakeCallError(ErrorClass::kTerminal, "InvalidParameterValue", "no such range");
    return std::nullopt;
  };
  const PlanAnswer plan = rig.Plan(kBoth + Role("a", "one"));
  const StartAnswer started = rig.Start(plan.plan->hash);
  EXPECT_EQ(rig.Wait(started.run), "failed: 1 done, 1 failed, 1 blocked");
  auto rows = rig.Rows(started.run);
  EXPECT_EQ(rows["net.sim/Network/main"].state, StepState::kFailed);
  EXPECT_EQ(rows["net.sim/Network/main"].error, "InvalidParameterValue: no such range");
  EXPECT_EQ(rows["net.sim/Subnet/a"].state, StepState::kBlocked);
  EXPECT_EQ(rows["iam.sim/Role/a"].state, StepState::kSettled);
  rig.provider->answer_with = nullptr;
  EXPECT_EQ(rig.Apply(kBoth + Role("a", "one")), "succeeded: 2 done");
}

TEST(EngineRuns, R10_ABlockedAccountHoldsOnlyItsOwn) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  rig.provider->refuse_sign_in = true;
  rig.Boot();
  rig.Pass(std::chrono::seconds(5));
  EXPECT_EQ(rig.engine->snapshot()->accounts.at("main").state, "blocked");
  EXPECT_TRUE(rig.engine->snapshot()->ready) << "one bounded attempt was made (R18)";
  const PlanAnswer plan = rig.Plan(Role("a", "two"));
  ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message;
  EXPECT_EQ(plan.plan->unobserved, std::vector<std::string>{"iam.sim/Role/a"}) << "R18";
  rig.provider->refuse_sign_in = false;
  rig.Pass(std::chrono::minutes(5));
  EXPECT_EQ(rig.engine->snapshot()->accounts.at("main").state, "open");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Role("a", "two"))), "update iam.sim/Role/a");
}

// A destroy-first replace begins with a delete, which carries no secret and must not wait for one.
TEST(EngineRuns, R15_WhatHoldsASecretIsReplaced) {
  EngineRig rig;
  rig.secrets.worth["env:P"] = "hunter2-hunter2";
  const auto cluster = [](const std::string& engine) {
    return "apiVersion: db.sim/v1\nkind: Cluster\nmetadata: {name: c}\nspec: {Engine: " + engine +
           ", Password: \"${secret('env:P')}\"}\n---\napiVersion: iam.sim/v1\nkind: Role\n"
           "metadata: {name: r}\nspec: {Policy: one}\n";
  };
  ASSERT_EQ(rig.Apply(cluster("one")), "succeeded: 2 done");
  EXPECT_EQ(rig.Apply(cluster("two")), "succeeded: 1 done");
  EXPECT_EQ(rig.Effects("create", "db.sim/Cluster/c"), 2);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(cluster("two"))), "");
}

TEST(EngineRuns, WatchersSeeChangesInOrderAndOnce) {
  EngineRig rig;
  std::vector<int64_t> seen;
  const Result<int64_t> id = rig.engine->Watch(
      rig.engine->snapshot()->sequence, [&](const Change& change) { seen.push_back(change.sequence); });
  ASSERT_TRUE(id.ok());
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  ASSERT_GT(seen.size(), 3u);
  for (size_t i = 1; i < seen.size(); ++i) EXPECT_EQ(seen[i], seen[i - 1] + 1);
  EXPECT_EQ(rig.engine->Watch(1, [](const Change&) {}).status().code(), Code::kOutOfRange);
}

}  // namespace
}  // namespace tandem::testing
