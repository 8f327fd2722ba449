// Rules of bases that the seeded bugs of tests/mutants break.
#include <gtest/gtest.h>

#include "tandem/codec/json.h"
#include "tandem/plan/build.h"
#include "tests/support/fake_kind.h"
#include "tests/support/plan_case.h"

namespace tandem {
namespace {

// R3, R15: of a live secret the base has a digest, and another one is movement.
TEST(BaseMutants, R3AnotherLiveSecretIsMovement) {
  const testing_support::FakeKind kind("a/B");
  const auto fields = [](const char* digest) {
    return Packed::From(Map{{"Token", Sensitive{{}, digest, ""}}, {"Size", 1}});
  };
  const Value desired = Map{{"Token", Sensitive{{{true, "env:A"}}, "h1", ""}}, {"Size", 1}};
  Observation seen;
  seen.exists = true;
  seen.identity = "i";
  seen.fields = fields("h1");
  const Base base = MakeBase(kind, &desired, nullptr, &seen, {});
  EXPECT_EQ(MovedFields(base, kind, &seen, {}), std::vector<std::string>());
  Observation now = seen;
  now.fields = fields("h2");
  EXPECT_EQ(MovedFields(base, kind, &now, {}), std::vector<std::string>{"Token"});
  now.fields = Packed::From(Map{{"Size", 1}});
  EXPECT_EQ(MovedFields(base, kind, &now, {}), std::vector<std::string>{"Token"});
}

// R6: what dies with a replaced parent counts, though nothing in the plan names it.
TEST(GuardMutants, R6WhatDiesAlongCountsForTheBudget) {
  std::string json = R"({"kinds":{"k/Cluster":{"cascades":["k/Nodes"],"rules":[{"path":"P","replace":true}]}},
    "resources":{"k/Cluster/c":{"desired":{"P":2}})";
  std::string records = R"("k/Cluster/c":{"recorded":{"P":1}})";
  std::string observed = R"("k/Cluster/c":{"fields":{"P":1}})";
  for (int i = 0; i < 6; ++i) {
    const std::string node = "\"k/Nodes/n" + std::to_string(i) + "\"";
    json += "," + node + R"(:{"desired":{},"needs":["k/Cluster/c"]})";
    records += "," + node + R"(:{"dependsOn":["k/Cluster/c"]})";
    observed += "," + node + R"(:{"fields":{}})";
  }
  for (int i = 0; i < 30; ++i) {
    const std::string other = "\"a/B/x" + std::to_string(i) + "\"";
    json += "," + other + R"(:{"desired":{}})";
    records += "," + other + R"(:{})";
    observed += "," + other + R"(:{"fields":{}})";
  }
  json += R"(},"records":{)" + records + R"(},"observed":{)" + observed + "}}";
  testing_support::PlanCase plan(json);
  const PlanResult result = BuildPlan(plan.input());
  EXPECT_EQ(result.refusal, PlanRefusal::kPolicy);
  EXPECT_NE(FormatDiagnostics(result.problems).find("--delete-budget 7"), std::string::npos)
      << FormatDiagnostics(result.problems);
}

}  // namespace
}  // namespace tandem
