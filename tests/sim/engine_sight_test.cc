// R18: what a plan says of documents whose objects it cannot see.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

std::string Role(const std::string& name, const std::string& policy) {
  return "apiVersion: iam.sim/v1\nkind: Role\nmetadata: {name: " + name + "}\nspec: {Policy: " +
         policy + "}\n---\n";
}

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
    EXPECT_EQ(answer.plan->unobserved_changes, each.changed) << each.name;
    EXPECT_GE(answer.plan->unobserved.size(), 3u) << each.name;
    EXPECT_TRUE(answer.plan->steps.empty()) << each.name;
  }
}

}  // namespace
}  // namespace tandem::testing
