// R14: accounts under which something is recorded.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

std::string NumberedRoles(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += fmt::format("apiVersion: iam.sim/v1\nkind: Role\nmetadata: {{name: r{:02}}}\nspec: {{Policy: one}}\n---\n",
                        i);
  return text;
}

std::string Shown(const PlanAnswer& answer) {
  std::string shown = answer.refusal == Refusal::kConfiguration ? "" : "not refused\n";
  return shown + FormatDiagnostics(answer.diagnostics);
}

TEST(EngineAccounts, R14_AnAccountThatHasRecordsIsNeitherRemovedNorAnotherOne) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(NumberedRoles(12)), "succeeded: 12 done");
  const std::string head = kHead;
  const size_t account = head.find("apiVersion", 5);
  const std::string without = head.substr(0, account);

  EXPECT_EQ(Shown(rig.Plan(EngineRig::Request(without, false))),
            "error: account 'main' is not in the model any more and has 12 records: iam.sim/Role/r00, "
            "iam.sim/Role/r01, iam.sim/Role/r02, iam.sim/Role/r03, iam.sim/Role/r04, iam.sim/Role/r05, "
            "iam.sim/Role/r06, iam.sim/Role/r07, iam.sim/Role/r08, iam.sim/Role/r09 and 2 more\n"
            "  = delete or move them in a model that still has the Account, then remove it\n");

  std::string elsewhere = head + NumberedRoles(12);
  elsewhere.replace(elsewhere.find("us-east-1"), 9, "eu-west-1");
  const std::string shown = Shown(rig.Plan(EngineRig::Request(elsewhere, false)));
  EXPECT_NE(shown.find("error: the region of account 'main' cannot change: it has 12 records: iam.sim/Role/r00"),
            std::string::npos)
      << shown;
  EXPECT_NE(shown.find("--> model.yaml:11:"), std::string::npos) << shown;
  EXPECT_NE(shown.find("^"), std::string::npos) << shown;

  // Endpoint and credentials may change.
  std::string endpoint = head + NumberedRoles(12);
  endpoint.replace(endpoint.find("region:"), 0, "endpoint: \"http://127.0.0.1:1\", ");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(EngineRig::Request(endpoint, false))), "");

  // Without records it may go.
  PlanRequest all = EngineRig::Request(head + NumberedRoles(1), false);
  all.delete_budget = 11;
  const PlanAnswer plan = rig.Plan(std::move(all));
  ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message;
  ASSERT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 11 done");
  EXPECT_NE(Shown(rig.Plan(EngineRig::Request(without, false))).find("has 1 record: iam.sim/Role/r00\n"),
            std::string::npos);
  EXPECT_EQ(rig.Effects("delete"), 11);
}

// R10: while a sign-in is refused it is probed, however long and whoever asks meanwhile: at the same pace all the time.
TEST(EngineAccounts, R10_ABlockedAccountIsProbedAtASteadyPace) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  rig.provider->refuse_sign_in = true;
  rig.Boot();
  const auto opens_in_an_hour = [&] {
    const int before = rig.provider->opens;
    rig.Pass(std::chrono::hours(1));
    return rig.provider->opens - before;
  };
  opens_in_an_hour();
  const int second = opens_in_an_hour();
  rig.Pass(std::chrono::hours(20));
  EXPECT_LE(opens_in_an_hour(), second + 5);
  rig.provider->refuse_sign_in = false;
  rig.Pass(std::chrono::minutes(15));
  EXPECT_EQ(rig.engine->snapshot()->accounts.at("main").state, "open");
}

}  // namespace
}  // namespace tandem::testing
