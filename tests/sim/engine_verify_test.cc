// What a run made is planned again at its end: what would still change is told, and counts as settled alone.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

std::string NotedNetwork(const std::string& note) {
  return "apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: n}\nspec: {CidrBlock: 10.0.0.0/16, Note: " + note +
         "}\n---\n";
}

std::string SubnetOf(const std::string& name) {
  return "apiVersion: net.sim/v1\nkind: Subnet\nmetadata: {name: " + name +
         "}\nspec: {NetworkId: \"${ref('net.sim/Network/n').NetworkId}\", CidrBlock: 10.0.1.0/24}\n---\n";
}

constexpr char kSlow[] =
    "apiVersion: db.sim/v1\nkind: Cluster\nmetadata: {name: slow}\nspec: {Engine: pg}\n---\n";

// Beside as many roles, which nobody touches. Without them a run is verified by a plan of everything, with them by
// one of what it made.
class EngineVerify : public ::testing::TestWithParam<int> {
 protected:
  EngineVerify() {
    if (GetParam() > 0) Begin(Others());
  }
  void Begin(const std::string& documents) { EXPECT_EQ(rig_.Apply(documents).substr(0, 9), "succeeded"); }
  std::string Others() const {
    std::string text;
    for (int i = 0; i < GetParam(); ++i) text += Role("other" + std::to_string(i), "one");
    return text;
  }
  /// Starts a run that takes minutes, and looks at `address` in the midst of it once it was changed outside.
  std::string RunWhileChanged(const std::string& documents, const std::string& address, const std::string& member) {
    const StartAnswer started = rig_.Start(rig_.Plan(documents).plan->hash);
    EXPECT_NE(started.run, "") << started.message;
    rig_.Pass(std::chrono::minutes(2));
    EXPECT_FALSE(rig_.Ended(started.run));
    EXPECT_TRUE(rig_.cloud->Mutate(address, member, "outside").ok());
    EXPECT_TRUE(rig_.Ask([&](auto done) { rig_.engine->Refresh(address, done); }).ok());
    EXPECT_EQ(rig_.Wait(started.run).substr(0, 9), "succeeded");
    return started.run;
  }

  EngineRig rig_;
};

TEST_P(EngineVerify, WhatItMadeIsVerified) {
  const StartAnswer started =
      rig_.Start(rig_.Plan(NotedNetwork("one") + SubnetOf("s") + Role("a", "one") + Others()).plan->hash);
  ASSERT_EQ(rig_.Wait(started.run).substr(0, 9), "succeeded");
  EXPECT_EQ(rig_.Events("NotConverged"), "");
  for (const auto& [address, row] : rig_.Rows(started.run))
    EXPECT_EQ(row.state, StepState::kVerified) << address;
}

TEST_P(EngineVerify, WhatChangedMeanwhileHasNotConverged) {
  const std::string run = RunWhileChanged(NotedNetwork("one") + Role("a", "one") + kSlow + Others(),
                                          "iam.sim/Role/a", "Policy");
  EXPECT_EQ(rig_.Events("NotConverged"), "iam.sim/Role/a: would update again Policy\n");
  const std::map<std::string, StepRow> rows = rig_.Rows(run);
  EXPECT_EQ(rows.at("iam.sim/Role/a").state, StepState::kSettled);
  EXPECT_EQ(rows.at("net.sim/Network/n").state, StepState::kVerified);
}

// The network is no step of the second run; the subnet needs it.
TEST_P(EngineVerify, WhatChangedElsewhereIsNotSaidOfTheRun) {
  Begin(NotedNetwork("one") + Others());
  const std::string run =
      RunWhileChanged(NotedNetwork("one") + SubnetOf("s") + kSlow + Others(), "net.sim/Network/n", "Note");
  EXPECT_EQ(rig_.Events("NotConverged"), "");
  EXPECT_EQ(rig_.Rows(run).at("net.sim/Subnet/s").state, StepState::kVerified);
}

// The network would have to be replaced, and the subnet with it, which is not for a plan of few to say.
TEST_P(EngineVerify, WhatWouldBeReplacedHasNotConverged) {
  Begin(NotedNetwork("one") + Others());
  RunWhileChanged(NotedNetwork("two") + SubnetOf("s") + kSlow + Others(), "net.sim/Network/n", "CidrBlock");
  EXPECT_EQ(rig_.Events("NotConverged"),
            "net.sim/Network/n: would replace again CidrBlock\nnet.sim/Subnet/s: would create again NetworkId\n");
}

INSTANTIATE_TEST_SUITE_P(FewAndAll, EngineVerify, ::testing::Values(0, 20));

}  // namespace
}  // namespace tandem::testing
