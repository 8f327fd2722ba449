// A plan that is made: what its hash covers, its JSON and its texts.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "tandem/codec/json.h"
#include "tandem/plan/build.h"
#include "tests/support/plan_case.h"
#include "tests/unit/plan/show_plan.h"

namespace tandem {
namespace {

using testing_support::PlanCase;
using testing_support::Show;

const char kRich[] =
    R"({"kinds":{"a/B":{"rules":[{"path":"V","replace":true},{"path":"W","secret":true,"writeOnly":true}]},"v/V":{"rules":[{"path":"P","replace":true}]}},
  "resources":{"a/B/x":{"component":"C1","desired":{"V":{"$ref":"v/V/v#Id"},"W":{"$tandem":"sensitive","parts":[{"secret":"env:W"}],"digest":"h","version":"3"}}},
               "v/V/v":{"desired":{"P":2}},"n/N/n":{"site":"gcp","desired":{"D":1.5}},"m/M/m":{"needs":["n/N/n"]},
               "a/B/to":{"movedFrom":"a/B/from"}},
  "deleteBudget":3,
  "records":{"a/B/x":{"recorded":{"V":"v1"},"dependsOn":["v/V/v"]},"v/V/v":{"recorded":{"P":1}},"d/D/d":{},"a/B/from":{}},
  "observed":{"a/B/x":{"fields":{"V":"v1"}},"v/V/v":{"fields":{"P":1,"Id":"v1"}},"d/D/d":{},"a/B/from":{},"a/B/to":null}})";

TEST(BuildPlan, R3SameInputSameBytes) {
  PlanCase built(kRich);
  const PlanResult first = BuildPlan(built.input());
  ASSERT_TRUE(first.plan) << Show(first);
  std::mt19937 random(7);
  for (int i = 0; i < 20; ++i) {
    std::shuffle(built.input().resources.begin(), built.input().resources.end(), random);
    for (PlannedResource& r : built.input().resources)
      std::shuffle(r.needs.begin(), r.needs.end(), random);
    const PlanResult again = BuildPlan(built.input());
    EXPECT_EQ(ToCanonicalJson(PlanToValue(*again.plan)), ToCanonicalJson(PlanToValue(*first.plan)));
  }
}

TEST(BuildPlan, R3WhatTheHashCovers) {
  const auto hash = [](const std::function<void(PlanInput&)>& change) {
    PlanCase built(kRich);
    change(built.input());
    const PlanResult result = BuildPlan(built.input());
    return result.plan ? result.plan->hash : Show(result);
  };
  const std::string plain = hash([](PlanInput&) {});
  EXPECT_EQ(plain.substr(0, 7), "sha256:");
  EXPECT_EQ(hash([](PlanInput& in) { in.created = Time(); }), plain) << "not the time";
  EXPECT_EQ(hash([](PlanInput& in) {
              Observation& o = const_cast<Observation&>(*in.observations["d/D/d"]);
              o.fields = Packed::From(Map{{"Elsewhere", 1}});
              o.state = "busy";
              o.at = Time(Duration(5));
            }),
            plain)
      << "not movement elsewhere";
  const std::pair<const char*, std::function<void(PlanInput&)>> covered[] = {
      {"platform", [](PlanInput& in) { in.platform_uid = "other"; }},
      {"accepted model", [](PlanInput& in) { in.accepted_digest = "other"; }},
      {"proposed model", [](PlanInput& in) { in.proposed_digest = "other"; }},
      {"mode", [](PlanInput& in) { in.mode = PlanMode::kUndo; }},
      {"versions", [](PlanInput& in) { in.versions["provider:aws"] = "2"; }},
      {"identity",
       [](PlanInput& in) { const_cast<Observation*>(in.observations["a/B/x"])->identity = "z"; }},
      {"base field",
       [](PlanInput& in) {
         const_cast<Observation*>(in.observations["v/V/v"])->fields =
             Packed::From(Map{{"P", 9}, {"Id", "v1"}});
       }},
  };
  for (const auto& [name, change] : covered) EXPECT_NE(hash(change), plain) << name;
}

TEST(Plan, JsonInPiecesIsTheJson) {
  PlanCase built(kRich);
  Plan plan = *BuildPlan(built.input()).plan;
  for (const bool with_steps : {true, false}) {
    if (!with_steps) plan.steps.clear();
    for (const size_t bytes : {size_t{1}, size_t{500}, size_t{1} << 20}) {
      std::string text;
      PlanJson json(plan);
      while (json.Next(bytes, &text)) {
      }
      EXPECT_EQ(text, ToCanonicalJson(PlanToValue(plan))) << bytes;
    }
  }
}

TEST(Plan, ComesBackFromJson) {
  PlanCase built(kRich);
  const Plan plan = *BuildPlan(built.input()).plan;
  const std::string json = ToPrettyJson(PlanToValue(plan));
  const auto back = PlanFromValue(*ParseJson(json));
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(ToPrettyJson(PlanToValue(*back)), json);
  EXPECT_EQ(back->steps.size(), plan.steps.size());
  EXPECT_EQ(back->delete_budget, 3);
}

TEST(Plan, ATamperedFileIsRefused) {
  PlanCase built(kRich);
  const Value good = PlanToValue(*BuildPlan(built.input()).plan);
  const std::pair<const char*, std::function<void(Value&)>> cases[] = {
      {"a step's address", [](Value& v) { SetAt(v, ParsePath("steps[0].address"), "a/B/other"); }},
      {"a value", [](Value& v) { SetAt(v, ParsePath("steps[1].changes[0].after"), 7); }},
      {"an action", [](Value& v) { SetAt(v, ParsePath("steps[0].action"), "delete"); }},
      {"an unknown action", [](Value& v) { SetAt(v, ParsePath("steps[0].action"), "explode"); }},
      {"a step less", [](Value& v) { EraseAt(v, ParsePath("steps[0]")); }},
      {"a member more", [](Value& v) { v.Set("approved", true); }},
      {"the budget", [](Value& v) { v.Set("deleteBudget", 99); }},
      {"the hash", [](Value& v) { v.Set("hash", "sha256:00"); }},
      {"the format", [](Value& v) { v.Set("format", "tandem.plan/2"); }},
      {"no object", [](Value& v) { v = List{}; }},
  };
  for (const auto& [name, tamper] : cases) {
    Value value = good;
    tamper(value);
    const auto read = PlanFromValue(value);
    ASSERT_FALSE(read.ok()) << name;
    EXPECT_EQ(read.status().code(), Code::kInvalidArgument) << name;
  }
}

TEST(Plan, CountsASplitReplaceOnce) {
  PlanCase built(kRich);
  const PlanCounts counts = BuildPlan(built.input()).plan->counts;
  EXPECT_EQ(counts.replace, 2);
  EXPECT_EQ(counts.create, 2);
  EXPECT_EQ(counts.destroy, 1);
  EXPECT_EQ(counts.moved, 1);
}

TEST(Plan, NothingInItMovesTheCursorOrEndsALine) {
  const std::string evil = "x\x1b[2J\n\x7f\xc2\x9b";
  Step step;
  step.address = Address("a", "B", "", evil);
  step.site = step.component = step.why = evil;
  FieldChange change;
  change.path = evil;
  change.after = Value(evil);
  step.changes.push_back(change);
  Plan plan;
  plan.platform = plan.hash = evil;
  plan.unobserved = plan.notes = plan.needs_approval = {evil};
  Plan plain = plan;
  plan.steps = {step};
  const std::string tame = "x";
  plain.platform = plain.hash = step.site = step.component = step.why = tame;
  plain.unobserved = plain.notes = plain.needs_approval = {tame};
  step.address = Address("a", "B", "", tame);
  step.changes[0].path = tame;
  step.changes[0].after = Value(tame);
  plain.steps = {step};
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  const std::pair<std::string, std::string> forms[] = {{PlanToText(plan, {}), PlanToText(plain, {})},
                                                       {PlanToMarkdown(plan), PlanToMarkdown(plain)}};
  for (const auto& [shown, expected] : forms) {
    EXPECT_EQ(lines(shown), lines(expected)) << shown;
    for (const char* control : {"\x1b", "\x7f", "\xc2\x9b"}) EXPECT_EQ(shown.find(control), std::string::npos) << shown;
    EXPECT_NE(shown.find("x?[2J???"), std::string::npos) << shown;
  }
}

TEST(Plan, R15SecretsAreNeverShown) {
  PlanCase built(R"({"kinds":{"a/B":{"rules":[{"path":"W","secret":true}]}},
    "resources":{"a/B/x":{"desired":{"W":{"$tandem":"sensitive","parts":[{"secret":"env:W"}]}}}},
    "records":{"a/B/x":{"recorded":{"W":{"$tandem":"sensitive","parts":[{"secret":"env:OLD"}]}}}},
    "observed":{"a/B/x":{"fields":{"W":"hunter2"}}}})");
  const Plan plan = *BuildPlan(built.input()).plan;
  for (const std::string& form :
       {PlanToText(plan, {}), PlanToMarkdown(plan), ToCanonicalJson(PlanToValue(plan))})
    EXPECT_EQ(form.find("hunter2"), std::string::npos) << form;
  EXPECT_NE(PlanToText(plan, {}).find("W: (sensitive)"), std::string::npos);
  EXPECT_EQ(PlanToText(plan, {}).find("env:W"), std::string::npos);
  EXPECT_NE(ToCanonicalJson(PlanToValue(plan)).find("env:W"), std::string::npos) << "as its URI";
}

}  // namespace
}  // namespace tandem
