// Rules that no other test would miss: each case fails with one of the seeded bugs of tests/mutants.
#include <gtest/gtest.h>

#include "tests/support/between_provider.h"
#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

std::string Network(const std::string& name) {
  return "apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: " + name +
         "}\nspec: {CidrBlock: 10.0.0.0/16}\n---\n";
}
std::string Zone(const std::string& name) {
  return "apiVersion: dns.sim/v1\nkind: Zone\nmetadata: {name: " + name + "}\nspec: {Name: " + name +
         ".example}\n---\n";
}
std::string Subnet(const std::string& name) {
  return "apiVersion: net.sim/v1\nkind: Subnet\nmetadata: {name: " + name +
         "}\nspec: {NetworkId: \"${ref('net.sim/Network/main').NetworkId}\", CidrBlock: "
         "10.0.0.0/24}\n---\n";
}
const std::string kHealAll =
    "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  drift: {disruptive: heal}\n---\n";

class Mutants : public ::testing::Test {
 protected:
  explicit Mutants(EngineSettings settings = {}) : rig(settings), between(rig.cloud.get()) {
    rig.provider = std::make_unique<LossyProvider>(&between);
    rig.Boot();
  }
  StartAnswer Begin(const std::string& documents) {
    const PlanAnswer plan = rig.Plan(documents);
    EXPECT_EQ(plan.refusal, Refusal::kNone) << plan.message;
    return rig.Start(plan.plan ? plan.plan->hash : "");
  }
  int Calls(const std::string& prefix) {
    int count = 0;
    for (const std::string& call : rig.provider->calls) count += call.rfind(prefix, 0) == 0;
    return count;
  }
  std::string PolicyOf(const std::string& name) {
    for (const SimObject& object : rig.cloud->Objects())
      if (object.address == "iam.sim/Role/" + name) return object.fields().Unpack().StringOr("Policy", "");
    return "(gone)";
  }

  EngineRig rig;
  BetweenProvider between;
};

TEST_F(Mutants, R9_ATokenIsOfItsIntentAndTheSameOnEveryTry) {
  std::map<std::string, std::set<std::string>> tokens;
  std::map<std::string, int> lost;
  rig.provider->on_apply = [&](const ApplyRequest& request) {
    tokens[request.address.ToString()].insert(request.token);
  };
  rig.provider->lose = [&](const ApplyRequest& request) { return lost[request.address.ToString()]++ < 3; };
  EXPECT_EQ(rig.Apply(Zone("a") + Zone("b")), "succeeded: 2 done");
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(tokens["dns.sim/Zone/a"].size(), 1u);
  EXPECT_EQ(tokens["dns.sim/Zone/b"].size(), 1u);
  EXPECT_NE(tokens["dns.sim/Zone/a"], tokens["dns.sim/Zone/b"]);
  EXPECT_EQ(rig.Effects("create"), 2);
}

TEST_F(Mutants, R9_PastItsLifetimeATokenIsTrustedNoMore) {
  rig.provider->lose = [&](const ApplyRequest& request) { return request.call == "create"; };
  EXPECT_EQ(rig.Apply(Zone("a")), "succeeded: 1 done") << "found by its mark";
  EXPECT_EQ(rig.Effects("create"), 1);
}

// Lists show a new subnet up to five seconds late.
TEST_F(Mutants, R9_NotFoundPermitsNothingWithinTheWindow) {
  ASSERT_EQ(rig.Apply(Network("main")), "succeeded: 1 done");
  int lost = 0;
  rig.provider->lose = [&](const ApplyRequest& request) {
    return request.kind.kind == "Subnet" && request.call == "create" && lost++ == 0;
  };
  EXPECT_EQ(rig.Apply(Network("main") + Subnet("a")), "succeeded: 1 done");
  EXPECT_EQ(rig.Effects("create", "net.sim/Subnet/a"), 1);
}

TEST_F(Mutants, R8_AListThatIsNotCompleteProvesNothingMade) {
  ASSERT_EQ(rig.Apply(Network("main")), "succeeded: 1 done");
  int lost = 0;
  rig.provider->lose = [&](const ApplyRequest& request) {
    return request.kind.kind == "Subnet" && request.call == "create" && lost++ == 0;
  };
  const PlanAnswer plan = rig.Plan(Network("main") + Subnet("a"));
  bool partial = true;
  between.on_list = [&](const ListRequest& request, ListAnswer& answer) {
    if (request.kind.kind != "Subnet" || !partial) return;
    answer.objects.clear();
    answer.complete = false;
  };
  const StartAnswer started = rig.Start(plan.plan->hash);
  rig.Pass(std::chrono::minutes(10));
  EXPECT_EQ(Calls("create net.sim/Subnet/a"), 1);
  partial = false;
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 1 done");
  EXPECT_EQ(rig.Effects("create", "net.sim/Subnet/a"), 1);
}

// Three networks a page.
TEST_F(Mutants, R8_NotFoundIsOfAllPages) {
  std::string documents;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) documents += Network(name);
  std::map<std::string, int> lost;
  rig.provider->lose = [&](const ApplyRequest& request) {
    return request.call == "create" && lost[request.address.ToString()]++ == 0;
  };
  EXPECT_EQ(rig.Apply(documents), "succeeded: 8 done");
  EXPECT_EQ(rig.Effects("create"), 8);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(documents)), "");
}

TEST_F(Mutants, R8_AFilteredListIsNeverAbsence) {
  const std::string documents = Network("a") + Network("b");
  ASSERT_EQ(rig.Apply(documents), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(2));
  const auto hidden = [](const LiveObject& object) { return object.mark.address == "net.sim/Network/a"; };
  std::string identity;
  between.on_list = [&](const ListRequest& request, ListAnswer& answer) {
    if (request.kind.kind != "Network") return;
    for (const LiveObject& object : answer.objects)
      if (hidden(object)) identity = object.identity;
    std::erase_if(answer.objects, hidden);
    answer.complete = false;
  };
  between.on_read = [&](const ReadRequest& request, ReadAnswer& answer) {
    if (request.identity != identity || identity.empty()) return;
    answer = ReadAnswer();
    answer.error = MakeCallError(ErrorClass::kGone, "", "not to be seen by this credential");
  };
  rig.Pass(std::chrono::minutes(40));
  ASSERT_NE(identity, "");
  EXPECT_EQ(rig.Effects("create"), 2);
  EXPECT_EQ(rig.ConditionOf("net.sim/Network/a", "Ready")->status, ConditionStatus::kUnknown);
}

TEST_F(Mutants, R9_DOneCreateOfAKindAtATime) {
  const std::string zone = Zone("z");
  const auto record = [](const std::string& name) {
    return "apiVersion: dns.sim/v1\nkind: Record\nmetadata: {name: " + name +
           "}\nspec: {ZoneId: \"${ref('dns.sim/Zone/z').ZoneId}\", Name: " + name + ", Value: v}\n---\n";
  };
  ASSERT_EQ(rig.Apply(zone), "succeeded: 1 done");
  rig.provider->report_loss = false;  // no answer comes
  int lost = 0;
  rig.provider->lose = [&](const ApplyRequest&) { return lost++ == 0; };
  const StartAnswer started = Begin(zone + record("a") + record("b") + record("c"));
  rig.Pass(std::chrono::seconds(30));
  EXPECT_EQ(Calls("create dns.sim/Record"), 1);
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 3 done");
  EXPECT_EQ(rig.Effects("create"), 4);
}

TEST_F(Mutants, R12_AMarkOfAnotherPlatformStopsTheStep) {
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(2));
  const PlanAnswer plan = rig.Plan(Role("a", "two"));
  ApplyRequest mark;
  mark.account = "main";
  mark.address = *Address::Parse("iam.sim/Role/a");
  mark.kind = mark.address.kind_name();
  mark.call = "mark";
  mark.identity = "a";
  mark.intent = "theirs";
  mark.mark = {"another-platform", "iam.sim/Role/a", "theirs"};
  rig.cloud->Apply(mark, [](ApplyAnswer answer) { ASSERT_TRUE(answer.error.ok) << answer.error.message; });
  const StartAnswer started = rig.Start(plan.plan->hash);
  EXPECT_EQ(rig.Wait(started.run), "failed: 0 done, 1 void (plan again)");
  EXPECT_EQ(PolicyOf("a"), "one");
}

TEST_F(Mutants, R16_AnApprovalRunsOut) {
  const std::string policy =
      "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: review}\nspec:\n  approvals: [{classes: "
      "[create], count: 2}]\n---\n";
  const PlanAnswer plan = rig.Plan(policy + Role("a", "one"));
  EXPECT_TRUE(rig.Start(plan.plan->hash, false).pending);
  EXPECT_TRUE(rig.Approve(plan.plan->hash, "uid:2").pending);
  rig.Pass(std::chrono::hours(25));
  EXPECT_TRUE(rig.Approve(plan.plan->hash, "uid:3").pending) << "the first has run out";
  EXPECT_FALSE(rig.Approve(plan.plan->hash, "uid:2").run.empty());
}

// Drift of the same kind again makes a plan with the same hash.
TEST_F(Mutants, R16_AnApprovalIsForOneRun) {
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  const auto offered = [&] {
    rig.Pass(std::chrono::minutes(2));
    EXPECT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "outside").ok());
    rig.Pass(std::chrono::minutes(15));
    const std::string message = rig.ConditionOf("iam.sim/Role/a", "Drifted")->message;
    return message.substr(std::min(message.find("sha256:"), message.size()));
  };
  const std::string first = offered();
  EXPECT_EQ(rig.Wait(rig.Approve(first, "uid:1").run), "succeeded: 1 done");
  const std::string second = offered();
  ASSERT_EQ(second, first) << "else this test proves nothing";
  EXPECT_TRUE(rig.Start(second, false).pending);
  EXPECT_EQ(PolicyOf("a"), "outside");
}

TEST_F(Mutants, R7_AProtectedResourceThatIsGoneWaitsForAPerson) {
  ASSERT_EQ(rig.Apply(Role("a", "one", "tandem/protect: \"true\"") + Role("b", "one")),
            "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/a").ok());
  rig.Pass(std::chrono::minutes(45));
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/a"), 1);
  EXPECT_EQ(rig.ConditionOf("iam.sim/Role/a", "Drifted")->reason, "WaitsForApproval");
}

// A run that only waits would heal at the moment the pause ends, by a plan of long ago.
TEST_F(Mutants, R1_WhatIsPausedGetsNoHealingRun) {
  ASSERT_EQ(rig.Apply(kHealAll + Role("a", "one")), "succeeded: 1 done");
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Pause("iam.sim/Role/a", "uid:1", done); }).ok());
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "outside").ok());
  rig.Pass(std::chrono::minutes(30));
  for (const RunView& view : rig.engine->snapshot()->runs) EXPECT_NE(view.run.mode, PlanMode::kHeal);
  EXPECT_EQ(PolicyOf("a"), "outside");
}

TEST_F(Mutants, R8_ACredentialOfAnotherAccountProvesNoAbsence) {
  ASSERT_EQ(rig.Apply(Role("a", "one") + Role("b", "one")), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/a").ok());
  between.on_open = [](AccountAnswer& answer) { answer.verified_id = "999988887777"; };
  rig.Pass(std::chrono::minutes(45));
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/a"), 1);
  EXPECT_EQ(rig.engine->snapshot()->accounts.at("main").state, "blocked");
}

// It may read, and is shown nothing: all at once is no accident.
TEST_F(Mutants, R8_ACredentialThatIsShownNothingProvesNoAbsence) {
  ASSERT_EQ(rig.Apply(Role("a", "one") + Role("b", "one")), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(2));
  between.on_list = [](const ListRequest&, ListAnswer& answer) { answer.objects.clear(); };
  between.on_read = [](const ReadRequest&, ReadAnswer& answer) {
    answer = ReadAnswer();
    answer.error = MakeCallError(ErrorClass::kGone, "NoSuchEntity", "not there");
  };
  rig.Pass(std::chrono::minutes(45));
  EXPECT_EQ(rig.Effects("create"), 2);
  EXPECT_EQ(rig.ConditionOf("iam.sim/Role/a", "Ready")->status, ConditionStatus::kUnknown);
}

TEST_F(Mutants, R4_AReadFromBeforeOurWriteIsNoDrift) {
  ASSERT_EQ(rig.Apply(kHealAll + Role("a", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(2));
  bool stale = false;
  between.on_read = [&](const ReadRequest&, ReadAnswer& answer) {
    if (!stale || !answer.error.ok) return;
    Value fields = answer.object.fields.Unpack();
    fields.Set("Policy", "one");
    answer.object.fields = Packed::From(fields);
  };
  rig.provider->on_apply = [&](const ApplyRequest& request) { stale |= request.call != "create"; };
  ASSERT_EQ(rig.Apply(kHealAll + Role("a", "two")), "succeeded: 1 done");
  ASSERT_TRUE(stale);
  rig.provider->on_apply = nullptr;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Refresh("", done); }).ok());
    rig.Pass(std::chrono::seconds(2));
  }
  stale = false;
  EXPECT_EQ(rig.Effects("update"), 1);
  rig.Pass(std::chrono::minutes(15));
  EXPECT_EQ(rig.Effects("update"), 1);
}

class MutantsNarrow : public Mutants {
 protected:
  MutantsNarrow() : Mutants(Narrow()) {}
  static EngineSettings Narrow() {
    EngineSettings settings;
    settings.in_flight = 2;
    settings.in_flight_account = 1;
    return settings;
  }
};

// A cluster takes ten minutes; it holds a row and a timer meanwhile, and no place.
TEST_F(MutantsNarrow, ALongOperationHoldsNoPlace) {
  const StartAnswer started = Begin(
      "apiVersion: db.sim/v1\nkind: Cluster\nmetadata: {name: a}\nspec: {Engine: pg}\n---\n" +
      Role("b", "one") + Role("c", "one"));
  rig.Pass(std::chrono::minutes(2));
  EXPECT_EQ(rig.Effects("create"), 3);
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 3 done");
}

TEST_F(MutantsNarrow, OneAccountThatHangsHoldsUpNoOther) {
  const std::string head = R"(apiVersion: tandem/v1
kind: Account
metadata: {name: second}
spec: {provider: sim, site: gcp, region: us-east-1, accountId: "444455556666"}
---
)";
  const auto role = [](const std::string& name, const std::string& account) {
    return Role(name, "one", "tandem/account: " + account);
  };
  rig.provider->report_loss = false;
  rig.provider->lose = [](const ApplyRequest& request) { return request.account == "main"; };
  const StartAnswer started =
      Begin(head + role("a", "main") + role("b", "main") + role("c", "main") + role("z", "second"));
  rig.Pass(std::chrono::seconds(20));
  EXPECT_EQ(rig.Effects("create", "iam.sim/Role/z@second"), 1);
}

// The second role waits for the place that the first one has.
TEST_F(MutantsNarrow, R1_CancelReachesAStepThatWaitsForAPlace) {
  rig.provider->report_loss = false;
  rig.provider->lose = [](const ApplyRequest&) { return true; };
  const StartAnswer started = Begin(Role("a", "one") + Role("b", "one") + Role("c", "one"));
  rig.Pass(std::chrono::seconds(5));
  ASSERT_EQ(rig.provider->calls.size(), 1u);
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Cancel(started.run, "uid:1", done); }).ok());
  rig.provider->lose = nullptr;
  EXPECT_EQ(rig.Wait(started.run).substr(0, 9), "cancelled");
  rig.Pass(std::chrono::minutes(5));
  EXPECT_EQ(rig.Effects("create"), 1);
}

}  // namespace
}  // namespace tandem::testing
