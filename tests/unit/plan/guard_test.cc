// What no plan may do by omission: protection, the delete budget, approvals.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tandem/plan/build.h"
#include "tests/support/plan_case.h"

namespace tandem {
namespace {

using testing_support::PlanCase;

TEST(BuildPlan, R13AProtectedDependentRefusesAndShowsTheChain) {
  PlanCase built(
      R"({"kinds":{"a/A":{"rules":[{"path":"P","replace":true}]},"b/B":{"rules":[{"path":"A","replace":true}]},"c/C":{"rules":[{"path":"B","replace":true}]}},
    "resources":{"a/A/a":{"desired":{"P":2}},"b/B/b":{"desired":{"A":{"$ref":"a/A/a#Id"}}},"c/C/c":{"desired":{"B":{"$ref":"b/B/b#Id"}}}},
    "deleteBudget":3,
    "records":{"a/A/a":{"recorded":{"P":1}},"b/B/b":{"recorded":{"A":"1"}},"c/C/c":{"protected":true,"recorded":{"B":"2"}}},
    "observed":{"a/A/a":{"fields":{"P":1,"Id":"1"}},"b/B/b":{"fields":{"A":"1","Id":"2"}},"c/C/c":{"fields":{"B":"2"}}}})");
  const PlanResult result = BuildPlan(built.input());
  EXPECT_EQ(result.refusal, PlanRefusal::kPolicy);
  ASSERT_EQ(result.problems.items().size(), 1u);
  EXPECT_EQ(result.problems.items()[0].address, "c/C/c");
  EXPECT_EQ(result.problems.items()[0].detail.find("it follows from a/A/a → b/B/b → c/C/c\n"), 0u)
      << result.problems.items()[0].detail;
}

TEST(BuildPlan, R6TheErrorSaysTheExactNumber) {
  const std::string records =
      R"("records":{"a/B/x":{},"a/B/y":{}},"observed":{"a/B/x":{},"a/B/y":{}}})";
  PlanCase without("{" + records);
  const PlanResult refused = BuildPlan(without.input());
  EXPECT_EQ(refused.refusal, PlanRefusal::kPolicy);
  EXPECT_EQ(refused.problems.items()[0].detail,
            "a/B/x, a/B/y\nif that is what you want, say so: --delete-budget 2");
  PlanCase exact("{\"deleteBudget\":2," + records);
  const PlanResult made = BuildPlan(exact.input());
  ASSERT_TRUE(made.plan);
  EXPECT_EQ(made.plan->counts.destroy, 2);
  EXPECT_EQ(made.plan->delete_budget, 2);
}

TEST(BuildPlan, R7RecreationOfAProtectedOneIsDataLossAndWaits) {
  PlanCase built(
      R"({"resources":{"a/B/x":{"desired":{"P":1}}},"records":{"a/B/x":{"protected":true,"recorded":{"P":1}}},"observed":{"a/B/x":null}})");
  const PlanResult result = BuildPlan(built.input());
  ASSERT_TRUE(result.plan);
  EXPECT_EQ(result.plan->steps[0]->blast, BlastClass::kDataLoss);
  EXPECT_EQ(result.plan->needs_approval.size(), 1u);
}

TEST(BuildPlan, R16ApprovalsOfBothRevisions) {
  const std::string rest = R"("deleteBudget":1,"records":{"a/B/x":{}},"observed":{"a/B/x":{}}})";
  const std::string rule =
      R"({"approvals":[{"classes":["destroy"],"count":2,"by":["uid:1","cn:b"],"notAuthor":true}]},)";
  for (const char* which : {"policy", "acceptedPolicy"}) {
    PlanCase built("{\"" + std::string(which) + "\":" + rule + rest);
    const PlanResult result = BuildPlan(built.input());
    ASSERT_TRUE(result.plan) << which;
    EXPECT_EQ(
        result.plan->needs_approval,
        std::vector<std::string>{
            "destroy of a/B/x: a policy asks for 2 approvals by uid:1, cn:b, not the author's"})
        << which;
  }
}

TEST(BuildPlan, R7HealingWaitsForAllThatIsNotSafe) {
  const auto plan = [](const char* blast, const char* mode) {
    PlanCase built(
        R"({"mode":")" + std::string(mode) + R"(","kinds":{"a/B":{"rules":[{"path":"P","class":")" +
        blast +
        R"("}]}},"resources":{"a/B/x":{"desired":{"P":1}}},"records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":2}}}})");
    return BuildPlan(built.input()).plan->needs_approval;
  };
  EXPECT_TRUE(plan("safe", "heal").empty());
  EXPECT_EQ(plan("disruptive", "heal"),
            std::vector<std::string>{"disruptive of a/B/x does not heal unattended"});
  EXPECT_TRUE(plan("disruptive", "apply").empty());
  EXPECT_EQ(plan("role-change", "apply"),
            std::vector<std::string>{"role-change of a/B/x always waits for a person"});
}

}  // namespace
}  // namespace tandem
