// R18: what a plan says of documents whose objects it cannot see.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

TEST(EngineSight, R18_OnlyWhatChangedIsAChangeNobodyCanSee) {
  EngineRig rig;
  const std::string value = "\"${platform.values.policy}\"";
  const auto head = [](const std::string& policy) {
    std::string text = kHead;
    text.replace(text.find("  sites: {"), 0, "  values: {policy: " + policy + "}\n");
    return text;
  };
  const auto plan = [&](const std::string& documents) {
    return rig.Plan(EngineRig::Request(documents, false));
  };
  const std::string model = Role("a", "one") + Role("b", "one") + Role("c", value);
  const PlanAnswer first = plan(head("x") + model);
  ASSERT_EQ(first.refusal, Refusal::kNone) << first.message;
  ASSERT_EQ(rig.Wait(rig.Start(first.plan->hash).run), "succeeded: 3 done");

  rig.provider->refuse_sign_in = true;
  rig.Boot();
  struct Case {
    const char* name;
    std::string documents;
    std::vector<std::string> changed;
  };
  const std::string a = "iam.sim/Role/a", b = "iam.sim/Role/b", c = "iam.sim/Role/c",
                    d = "iam.sim/Role/d";
  const Case cases[] = {
      {"as accepted", head("x") + model, {}},
      {"order of documents", head("x") + Role("c", value) + Role("b", "one") + Role("a", "one"), {}},
      {"one value", head("x") + Role("a", "two") + Role("b", "one") + Role("c", value), {a}},
      {"one gone", head("x") + Role("b", "one") + Role("c", value), {a}},
      {"one more", head("x") + model + Role("d", "one"), {d}},
      {"a constant that expressions may see", head("y") + model, {a, b, c}},
  };
  for (const Case& each : cases) {
    const PlanAnswer answer = plan(each.documents);
    ASSERT_EQ(answer.refusal, Refusal::kNone) << each.name << ": " << answer.message;
    EXPECT_EQ(answer.plan->not_applied, each.changed) << each.name;
    EXPECT_GE(answer.plan->unobserved.size(), 3u) << each.name;
    EXPECT_TRUE(answer.plan->steps.empty()) << each.name;
  }
}

TEST(EngineSight, R18_APlanSaysWhyItLeavesSomethingOut) {
  EngineRig rig;
  const auto told = [&](const std::string& documents) {
    std::vector<std::string> texts;
    const PlanAnswer answer = rig.Plan(documents);
    EXPECT_EQ(answer.refusal, Refusal::kNone) << answer.message;
    for (const Diagnostic& item : answer.diagnostics.items()) {
      EXPECT_EQ(item.severity, Severity::kWarning);
      EXPECT_NE(item.range.text, nullptr) << "no place";
      texts.push_back(item.summary + " | " + item.detail.substr(0, item.detail.find('\n')));
    }
    return texts;
  };
  const std::string left_out =
      " | so these could not be observed, and are left out with all that needs them: ";
  EXPECT_EQ(told(Role("a", "one")), std::vector<std::string>());
  // The account is open, and one list fails.
  rig.provider->on_list = [](const ListRequest& request, ListAnswer& answer) {
    if (request.kind.kind != "Role") return;
    answer = ListAnswer();
    answer.error = MakeCallError(ErrorClass::kNotDone, "", "no sense");
  };
  EXPECT_EQ(told(Role("a", "one") + Role("b", "one")),
            std::vector<std::string>{"account 'main': no sense" + left_out +
                                     "iam.sim/Role/a, iam.sim/Role/b"});
  rig.provider->on_list = nullptr;
  rig.provider->refuse_sign_in = true;
  rig.Boot();
  EXPECT_EQ(told(Role("a", "one")),
            std::vector<std::string>{"account 'main': the token has expired" + left_out +
                                     "iam.sim/Role/a"});
}

std::string PolicySeen(EngineRig& rig, const std::string& name) {
  for (const SimObject& object : rig.cloud->Objects())
    if (object.address == "iam.sim/Role/" + name && object.gone > rig.clock.Now())
      return object.fields().Unpack().StringOr("Policy", "");
  return "(gone)";
}

constexpr char kHealAll[] =
    "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  drift: {disruptive: heal}\n---\n";

TEST(EngineSight, R1_WhatCouldNotBeSeenWhenItWasAcceptedIsNotHealedLater) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(kHealAll + Role("a", "one") + Role("b", "one")), "succeeded: 2 done");
  rig.provider->refuse_sign_in = true;
  rig.Boot();
  const PlanAnswer blind = rig.Plan(kHealAll + Role("a", "two") + Role("b", "one"));
  ASSERT_EQ(blind.refusal, Refusal::kNone) << blind.message;
  ASSERT_TRUE(blind.plan->steps.empty());
  ASSERT_EQ(rig.Wait(rig.Start(blind.plan->hash).run).substr(0, 9), "succeeded");
  rig.provider->refuse_sign_in = false;
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(PolicySeen(rig, "a"), "one") << "no plan has shown this change";
  EXPECT_EQ(rig.ConditionOf("iam.sim/Role/a", "Synced")->reason, "NotApplied");
  EXPECT_EQ(rig.ConditionOf("iam.sim/Role/b", "Synced")->reason, "Applied");
  rig.Boot();
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(PolicySeen(rig, "a"), "one") << "after a restart neither";
  EXPECT_EQ(rig.Apply(kHealAll + Role("a", "two") + Role("b", "one")), "succeeded: 1 done");
  EXPECT_EQ(PolicySeen(rig, "a"), "two");
}

TEST(EngineSight, R2_WhatATargetLeavesOutIsNotHealedLater) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(kHealAll + Role("a", "one") + Role("b", "one")), "succeeded: 2 done");
  PlanRequest request = EngineRig::Request(kHealAll + Role("a", "two") + Role("b", "two") + Role("c", "one"));
  request.targets = {"iam.sim/Role/b"};
  const PlanAnswer plan = rig.Plan(std::move(request));
  ASSERT_EQ(EngineRig::Steps(plan), "update iam.sim/Role/b");
  ASSERT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(PolicySeen(rig, "a"), "one") << "no plan has shown this change";
  EXPECT_EQ(PolicySeen(rig, "b"), "two");
  EXPECT_EQ(PolicySeen(rig, "c"), "(gone)");
  rig.Boot();
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(PolicySeen(rig, "a"), "one") << "after a restart neither";
  EXPECT_EQ(rig.Apply(kHealAll + Role("a", "two") + Role("b", "two") + Role("c", "one")),
            "succeeded: 2 done");
}

TEST(EngineSight, R1_AProposalsAccountGivesWayToTheNextProposals) {
  EngineRig rig;
  std::string wrong = kHead;
  wrong.replace(wrong.find("111122223333"), 12, "999900001111");
  std::vector<std::string> opened;
  rig.provider->on_open = [&](const AccountRequest& request) {
    opened.push_back(request.spec.Unpack().StringOr("accountId", ""));
    rig.provider->refuse_sign_in = opened.back() != "111122223333";
  };
  const PlanAnswer refused = rig.Plan(EngineRig::Request(wrong + Role("a", "one"), false));
  ASSERT_EQ(refused.refusal, Refusal::kNone) << refused.message;
  EXPECT_EQ(refused.plan->unobserved, std::vector<std::string>{"iam.sim/Role/a"});
  opened.clear();
  const PlanAnswer right = rig.Plan(Role("a", "one"));
  EXPECT_EQ(EngineRig::Steps(right), "create iam.sim/Role/a");
  EXPECT_EQ(right.plan->unobserved, std::vector<std::string>());
  ASSERT_FALSE(opened.empty());
  for (const std::string& id : opened) EXPECT_EQ(id, "111122223333");
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  // Now it is the accepted one's, and a proposal changes nothing.
  opened.clear();
  (void)rig.Plan(EngineRig::Request(wrong + Role("a", "one"), false));
  rig.Pass(std::chrono::hours(1));
  for (const std::string& id : opened) EXPECT_EQ(id, "111122223333");
}

// While a run makes something nobody has seen it, and no account is at fault.
TEST(EngineSight, R18_APlanBesideAnOpenRunSaysThatItIsOpen) {
  EngineRig rig;
  rig.provider->answer_with = [](const ApplyRequest&) {
    return std::optional(MakeCallError(ErrorClass::kWaiting, "", "not now"));
  };
  const PlanAnswer first = rig.Plan(Role("a", "one"));
  ASSERT_NE(first.plan, nullptr) << first.message;
  ASSERT_FALSE(rig.Start(first.plan->hash).run.empty());
  rig.Pass(std::chrono::seconds(1));
  rig.Boot();
  rig.Pass(std::chrono::seconds(1));
  const PlanAnswer answer = rig.Plan(Role("a", "one"));
  ASSERT_NE(answer.plan, nullptr) << answer.message;
  EXPECT_EQ(answer.plan->unobserved, std::vector<std::string>{"iam.sim/Role/a"});
  ASSERT_EQ(answer.diagnostics.items().size(), 1u);
  EXPECT_EQ(answer.diagnostics.items()[0].summary, "account 'main': a run is at work on them");
  EXPECT_NE(answer.diagnostics.items()[0].detail.find("iam.sim/Role/a\nplan again when it has ended"), std::string::npos)
      << answer.diagnostics.items()[0].detail;
}

}  // namespace
}  // namespace tandem::testing
