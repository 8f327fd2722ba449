// A plan of what changed in the accepted model is the plan of the whole model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

using ::testing::HasSubstr;
using Files = std::map<std::string, std::string>;

std::string Network(const std::string& name, const std::string& note) {
  return "apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: " + name +
         "}\nspec: {CidrBlock: 10.0.0.0/16, Note: " + note + "}\n";
}
std::string Subnet(const std::string& name, const std::string& of) {
  return "apiVersion: net.sim/v1\nkind: Subnet\nmetadata: {name: " + name +
         "}\nspec: {NetworkId: \"${ref('net.sim/Network/" + of +
         "').NetworkId}\", CidrBlock: 10.0.1.0/24}\n";
}

PlanRequest Whole(const Files& files) {
  PlanRequest request;
  request.actor = "uid:1";
  for (const auto& [name, text] : files)
    request.sources.push_back(std::make_shared<SourceText>(SourceText{name, text}));
  return request;
}

class EngineChanges : public ::testing::Test {
 protected:
  EngineChanges() {
    files_ = {{"a.yaml", kHead}, {"b.yaml", Network("one", "x") + "---\n" + Subnet("s", "one")},
              {"c.yaml", Network("two", "x")}};
    const PlanAnswer plan = rig_.Plan(Whole(files_));
    EXPECT_EQ(rig_.Wait(rig_.Start(plan.plan->hash).run), "succeeded: 3 done");
    accepted_ = plan.plan->proposed_digest;
  }
  PlanRequest Changes(const Files& changed, std::vector<std::string> removed = {}) const {
    PlanRequest request = Whole(changed);
    request.over = accepted_;
    request.removed = std::move(removed);
    return request;
  }
  /// Both plans; they are the same.
  std::string Same(const Files& changed, const std::vector<std::string>& removed = {}) {
    Files all = files_;
    for (const auto& [name, text] : changed) all[name] = text;
    for (const std::string& name : removed) all.erase(name);
    PlanAnswer some = rig_.Plan(Changes(changed, removed));
    PlanAnswer whole = rig_.Plan(Whole(all));
    EXPECT_EQ(some.refusal, whole.refusal) << some.message;
    EXPECT_EQ(some.message, whole.message);
    EXPECT_EQ(FormatDiagnostics(some.diagnostics), FormatDiagnostics(whole.diagnostics));
    if (some.plan == nullptr || whole.plan == nullptr) return some.message;
    EXPECT_EQ(some.plan->hash, whole.plan->hash);
    EXPECT_EQ(PlanToMarkdown(*some.plan), PlanToMarkdown(*whole.plan));
    return EngineRig::Steps(some);
  }

  EngineRig rig_;
  Files files_;
  std::string accepted_;
};

TEST_F(EngineChanges, AreThePlanOfTheWhole) {
  EXPECT_EQ(Same({}), "");
  EXPECT_EQ(Same({{"c.yaml", Network("two", "y")}}), "update net.sim/Network/two");
  EXPECT_EQ(Same({{"d.yaml", Network("three", "y")}}), "create net.sim/Network/three");
  EXPECT_EQ(Same({{"d.yaml", Subnet("t", "two")}}), "create net.sim/Subnet/t");
  EXPECT_EQ(Same({}, {"c.yaml"}), "delete net.sim/Network/two");
  EXPECT_EQ(Same({{"b.yaml", Network("one", "x")}}), "delete net.sim/Subnet/s");
  EXPECT_EQ(Same({{"c.yaml", "# nothing\n"}}), "delete net.sim/Network/two");
}

TEST_F(EngineChanges, AreRefusedAsTheWholeIs) {
  EXPECT_THAT(Same({{"c.yaml", Subnet("t", "nowhere")}}), HasSubstr("errors"));
  EXPECT_THAT(Same({{"c.yaml", Network("one", "x")}}), HasSubstr("errors"));
  EXPECT_THAT(Same({{"b.yaml", Subnet("s", "one")}}), HasSubstr("errors"));
  EXPECT_THAT(Same({}, {"a.yaml"}), HasSubstr("errors"));
}

TEST_F(EngineChanges, CanBeApplied) {
  const PlanAnswer plan = rig_.Plan(Changes({{"c.yaml", Network("two", "y")}}));
  ASSERT_NE(plan.plan, nullptr) << plan.message;
  EXPECT_EQ(rig_.Wait(rig_.Start(plan.plan->hash).run), "succeeded: 1 done");
  files_["c.yaml"] = Network("two", "y");
  EXPECT_EQ(EngineRig::Steps(rig_.Plan(Whole(files_))), "");
  // The accepted model is another now, and so it is for a daemon that starts.
  EXPECT_THAT(rig_.Plan(Changes({{"c.yaml", Network("two", "z")}})).message,
              HasSubstr("the accepted model is another"));
  rig_.Boot();
  accepted_ = plan.plan->proposed_digest;
  EXPECT_EQ(Same({{"c.yaml", Network("two", "z")}}), "update net.sim/Network/two");
}

TEST_F(EngineChanges, OfWhatIsNotAcceptedAreRefused) {
  PlanRequest request = Changes({{"c.yaml", Network("two", "y")}});
  request.over = "sha256:0";
  const PlanAnswer other = rig_.Plan(request);
  EXPECT_EQ(other.refusal, Refusal::kNotFound);
  EXPECT_THAT(other.message, HasSubstr("send the whole model"));
  const PlanAnswer unknown = rig_.Plan(Changes({}, {"z.yaml"}));
  EXPECT_EQ(unknown.refusal, Refusal::kConfiguration);
  EXPECT_THAT(FormatDiagnostics(unknown.diagnostics), HasSubstr("has no file 'z.yaml'"));
  const PlanAnswer both = rig_.Plan(Changes({{"c.yaml", Network("two", "y")}}, {"c.yaml"}));
  EXPECT_THAT(FormatDiagnostics(both.diagnostics), HasSubstr("both changed and removed"));
  request.over.clear();
  request.removed = {"c.yaml"};
  EXPECT_EQ(rig_.Plan(request).refusal, Refusal::kNotFound);
  EngineRig fresh;
  EXPECT_THAT(fresh.Plan(Changes({})).message, HasSubstr("no model is accepted yet"));
}

}  // namespace
}  // namespace tandem::testing
