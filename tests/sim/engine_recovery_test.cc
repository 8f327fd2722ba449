// Promise 2 and R9: whatever moment the engine dies at, nothing is created twice and nothing is lost.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

struct Case {
  const char* name;
  const char* documents;
  int objects;
};

// One of each create class, and an unmarkable one in a parent.
const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {"A, with an operation handle", R"(apiVersion: db.sim/v1
kind: Cluster
metadata: {name: x}
spec: {Engine: pg}
---
)", 1},
      {"B", R"(apiVersion: net.sim/v1
kind: Network
metadata: {name: x}
spec: {CidrBlock: 10.0.0.0/16, EnableDns: false}
---
)", 1},
      {"C", R"(apiVersion: iam.sim/v1
kind: Role
metadata: {name: x}
spec: {Policy: one}
---
)", 1},
      {"D", R"(apiVersion: queue.sim/v1
kind: Queue
metadata: {name: x}
spec: {Depth: 3}
---
)", 1},
      {"D without a mark", R"(apiVersion: dns.sim/v1
kind: Zone
metadata: {name: z}
spec: {Name: shop.example}
---
apiVersion: dns.sim/v1
kind: Record
metadata: {name: x}
spec: {ZoneId: "${ref('dns.sim/Zone/z').ZoneId}", Name: www, Value: 203.0.113.1}
---
)", 2},
  };
  return cases;
}

std::string Finish(EngineRig& rig) {
  rig.Until([&] {
    const auto snapshot = rig.engine->snapshot();
    return !snapshot->runs.empty() && rig.Ended(snapshot->runs[0].run.id);
  });
  const auto snapshot = rig.engine->snapshot();
  if (snapshot->runs.empty()) return "no run";
  return std::string(RunStateName(snapshot->runs[0].run.state)) + ": " + snapshot->runs[0].run.message;
}

// The reply of each create is lost, and the call reported as "perhaps done".
TEST(EngineRecovery, R9_ALostReplyMakesNothingTwice) {
  for (const Case& c : Cases()) {
    EngineRig rig;
    std::map<std::string, int> lost;
    rig.provider->lose = [&](const ApplyRequest& request) {
      return request.call == "create" && lost[request.address.ToString()]++ == 0;
    };
    EXPECT_EQ(rig.Apply(c.documents).substr(0, 9), "succeeded") << c.name;
    EXPECT_EQ(static_cast<int>(rig.Live().size()), c.objects) << c.name;
    EXPECT_EQ(rig.Effects("create"), c.objects) << c.name;
    EXPECT_EQ(EngineRig::Steps(rig.Plan(c.documents)), "") << c.name;
  }
}

// The provider never answers at all.
TEST(EngineRecovery, R9_AHangingCallMakesNothingTwice) {
  for (const Case& c : Cases()) {
    EngineRig rig;
    rig.provider->report_loss = false;
    std::map<std::string, int> lost;
    rig.provider->lose = [&](const ApplyRequest& request) {
      return request.call == "create" && lost[request.address.ToString()]++ == 0;
    };
    EXPECT_EQ(rig.Apply(c.documents).substr(0, 9), "succeeded") << c.name;
    EXPECT_EQ(rig.Effects("create"), c.objects) << c.name;
  }
}

// Killed at every turn of the run, one after the other, with and without the effect of an open call.
TEST(EngineRecovery, R9_KilledAtAnyTurnTheRunFinishesByItself) {
  for (const Case& c : Cases()) {
    for (const bool lose : {false, true}) {
      int turns = 1;
      int kills = 0;
      for (int kill_at = 0; kill_at < turns && kill_at < 400; ++kill_at) {
        EngineSettings settings;
        settings.turn = 1;  // so that it can die between any two pieces of work
        EngineRig rig(settings);
        const PlanAnswer plan = rig.Plan(c.documents);
        ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message;
        StartRequest request;
        request.hash = plan.plan->hash;
        request.actor = "uid:1";
        request.auto_approve = true;
        bool accepted = false;
        rig.engine->StartRun(std::move(request), [&](StartAnswer a) { accepted = !a.run.empty(); });
        if (lose) {
          rig.provider->report_loss = false;
          rig.provider->lose = [](const ApplyRequest&) { return true; };
        }
        int turn = 0;
        const bool killed = rig.Until(
            [&] {
              const auto snapshot = rig.engine->snapshot();
              const bool ended =
                  !snapshot->runs.empty() && rig.Ended(snapshot->runs[0].run.id);
              if (ended) return true;
              return turn++ >= kill_at;
            },
            lose ? Duration(std::chrono::seconds(30)) : Duration(std::chrono::hours(2)));
        (void)killed;
        turns = std::max(turns, turn + 1);
        const bool ended = [&] {
          const auto snapshot = rig.engine->snapshot();
          return !snapshot->runs.empty() && rig.Ended(snapshot->runs[0].run.id);
        }();
        if (ended && kill_at > 0) {
          turns = kill_at;
        }
        rig.provider->lose = nullptr;
        rig.provider->report_loss = true;
        rig.Boot();
        ASSERT_TRUE(rig.start_status.ok()) << rig.start_status.ToString();
        if (!accepted && rig.engine->snapshot()->runs.empty()) {
          rig.Settle();
          if (rig.engine->snapshot()->runs.empty()) continue;  // nothing had begun
        }
        EXPECT_EQ(Finish(rig).substr(0, 9), "succeeded")
            << c.name << ", killed at turn " << kill_at << (lose ? ", replies lost" : "") << ": "
            << Finish(rig) << rig.Events("StepFailed") << rig.Events("StepVoid");
        EXPECT_EQ(rig.Effects("create"), c.objects)
            << c.name << ", killed at turn " << kill_at << (lose ? ", replies lost" : "");
        EXPECT_EQ(EngineRig::Steps(rig.Plan(c.documents)), "")
            << c.name << ", killed at turn " << kill_at;
        if (::testing::Test::HasFailure()) return;
        ++kills;
      }
      // Enough turns that every state of the step was one at which it died.
      EXPECT_GE(kills, lose ? 4 : 8) << c.name;
    }
  }
}

// On-call asks while the daemon starts: what was seen last is there at once, and requests wait for the rest.
TEST(EngineRecovery, WhatWasSeenIsToldBeforeAllIsRead) {
  EngineRig rig;
  const std::string documents = Cases()[1].documents;
  const PlanAnswer plan = rig.Plan(documents);
  ASSERT_NE(plan.plan, nullptr) << plan.message;
  const StartAnswer started = rig.Start(plan.plan->hash);
  ASSERT_TRUE(rig.Until([&] { return rig.Ended(started.run); }));
  const auto before = rig.engine->snapshot();

  std::shared_ptr<const Snapshot> early;
  std::vector<std::string> order;
  std::optional<PlanAnswer> again;
  rig.at_readable = [&] {
    early = rig.engine->snapshot();
    order.push_back("readable");
    rig.engine->WhenRead([&] {
      order.push_back("read");
      // Who waited looks at what there is now.
      EXPECT_TRUE(rig.engine->snapshot()->read);
      EXPECT_EQ(rig.engine->snapshot()->runs.size(), 1u);
    });
    rig.engine->MakePlan(EngineRig::Request(documents), [&](PlanAnswer answer) {
      again = std::move(answer);
    });
  };
  rig.Boot();
  ASSERT_TRUE(rig.start_status.ok()) << rig.start_status.message();
  ASSERT_NE(early, nullptr);
  EXPECT_FALSE(early->read);
  EXPECT_FALSE(early->ready);
  EXPECT_EQ(early->model, nullptr);
  const ResourceView* seen = early->Find("net.sim/Network/x");
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(seen->identity(), before->Find("net.sim/Network/x")->identity());
  EXPECT_EQ(seen->observed_at, before->Find("net.sim/Network/x")->observed_at);
  EXPECT_EQ(seen->account(), before->Find("net.sim/Network/x")->account());
  EXPECT_EQ(seen->in_model, std::nullopt);

  ASSERT_TRUE(rig.Until([&] { return again.has_value() && order.size() == 2; }));
  EXPECT_EQ(order, (std::vector<std::string>{"readable", "read"}));
  ASSERT_NE(again->plan, nullptr) << again->message;
  EXPECT_TRUE(again->plan->steps.empty());
  EXPECT_TRUE(rig.engine->snapshot()->read);
  EXPECT_EQ(rig.engine->snapshot()->Find("net.sim/Network/x")->in_model, true);
}

TEST(EngineRecovery, R9_CAForeignObjectOfThatNameIsAConflict) {
  EngineRig rig;
  const PlanAnswer plan = rig.Plan(Cases()[2].documents);
  ASSERT_EQ(plan.refusal, Refusal::kNone);
  // Somebody else makes it between plan and call.
  rig.MakeOutside("x", "theirs");
  const StartAnswer started = rig.Start(plan.plan->hash);
  EXPECT_EQ(rig.Wait(started.run), "failed: 0 done, 1 failed");
  const std::string error = rig.Rows(started.run)["iam.sim/Role/x"].error;
  EXPECT_NE(error.find("conflict"), std::string::npos) << error;
  EXPECT_EQ(rig.Effects("create"), 1);
}

TEST(EngineRecovery, R9_DSomethingUnclearIsQuarantinedWithEvidence) {
  EngineRig rig;
  const std::string documents = Cases()[4].documents;
  rig.provider->lose = [&](const ApplyRequest& request) {
    if (request.kind.kind != "Record" || request.call != "create") return false;
    // Another record appears at the same time.
    ApplyRequest other = request;
    other.intent = "theirs";
    other.token = "theirs";
    other.mark = Mark();
    Value desired = other.desired.Unpack();
    desired.Set("Name", "other");
    other.desired = Packed::From(desired);
    rig.cloud->Apply(other, [](ApplyAnswer) {});
    return true;
  };
  const PlanAnswer plan = rig.Plan(documents);
  const StartAnswer started = rig.Start(plan.plan->hash);
  const std::string outcome = rig.Wait(started.run);
  EXPECT_EQ(outcome, "failed: 1 done, 1 failed");
  EXPECT_NE(rig.Rows(started.run)["dns.sim/Record/x"].error.str().find("quarantined"), std::string::npos);
  rig.provider->lose = nullptr;
  EXPECT_EQ(rig.Plan(documents).plan->unobserved, std::vector<std::string>{"dns.sim/Record/x"})
      << "a person decides first";
  rig.Boot();
  EXPECT_EQ(rig.Plan(documents).plan->unobserved, std::vector<std::string>{"dns.sim/Record/x"})
      << "also after a restart";
}

TEST(EngineRecovery, SomebodyElsesWriteStopsTheEngine) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Cases()[2].documents), "succeeded: 1 done");
  rig.store.FailCommits(Aborted("another writer"));
  const PlanAnswer plan = rig.Plan(Cases()[1].documents);
  rig.Start(plan.plan ? plan.plan->hash : "");
  rig.Pass(std::chrono::minutes(5));
  rig.store.FailCommits(OkStatus());
  rig.Pass(std::chrono::minutes(5));
  EXPECT_EQ(rig.Effects("create"), 1) << "nothing is called without a durable intent";
  EXPECT_NE(rig.Plan(Cases()[1].documents).refusal, Refusal::kNone);
}

TEST(EngineRecovery, AFullDiskHoldsCallsBackAndTheyGoOnAfter) {
  EngineRig rig;
  const PlanAnswer plan = rig.Plan(Cases()[2].documents);
  rig.store.FailCommits(ResourceExhausted("disk full"));
  std::optional<StartAnswer> started;
  StartRequest request;
  request.hash = plan.plan->hash;
  request.actor = "uid:1";
  request.auto_approve = true;
  rig.engine->StartRun(std::move(request), [&](StartAnswer a) { started = a; });
  rig.Pass(std::chrono::minutes(2));
  EXPECT_EQ(rig.Effects("create"), 0);
  ASSERT_TRUE(started.has_value()) << "whoever asked is told at once";
  EXPECT_EQ(started->refusal, Refusal::kResource);
  EXPECT_NE(started->message.find("disk full"), std::string::npos);
  rig.store.FailCommits(OkStatus());
  EXPECT_EQ(rig.Wait(started->run), "succeeded: 1 done");
}

}  // namespace
}  // namespace tandem::testing
