// Two spellings of one thing: zones are a set, so the order in which a document lists them changes nothing. Who
// refers to one of them by its place must be planned with what its step will read.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

std::string NetworkOver(const std::string& zones, const std::string& note = "one") {
  return "---\napiVersion: net.sim/v1\nkind: Network\nmetadata: {name: n}\nspec: {CidrBlock: 10.0.0.0/16, Note: " + note +
         ", Zones: [" + zones + "]}\n";
}

std::string RoleInZone(const std::string& policy) {
  return "---\napiVersion: iam.sim/v1\nkind: Role\nmetadata: {name: r}\nspec: {Policy: \"" + policy +
         "${ref('net.sim/Network/n').Zones[0]}\"}\n";
}

std::string PolicyOf(EngineRig& rig) {
  for (const SimObject& object : rig.cloud->Objects())
    if (object.address == "iam.sim/Role/r") return object.ViewAt(rig.clock.Now())->fields.Unpack().StringOr("Policy", "");
  return "no role";
}

class EngineSpelling : public ::testing::Test {
 protected:
  EngineSpelling() { EXPECT_EQ(rig_.Apply(NetworkOver("a, b") + RoleInZone("")), "succeeded: 2 done"); }
  EngineRig rig_;
};

TEST_F(EngineSpelling, R4_AnotherSpellingChangesNobodyWhoRefersToIt) {
  EXPECT_EQ(EngineRig::Steps(rig_.Plan(NetworkOver("b, a") + RoleInZone(""))), "");
  EXPECT_EQ(rig_.Apply(NetworkOver("b, a") + RoleInZone("")), "succeeded: 0 done");
  rig_.Pass(std::chrono::hours(1));
  EXPECT_EQ(PolicyOf(rig_), "a");
  EXPECT_EQ(EngineRig::Steps(rig_.Plan(NetworkOver("b, a") + RoleInZone(""))), "");
}

TEST_F(EngineSpelling, R3_AStepThatRefersToItIsNotVoid) {
  EXPECT_EQ(rig_.Apply(NetworkOver("b, a") + RoleInZone("x-")), "succeeded: 1 done");
  EXPECT_EQ(PolicyOf(rig_), "x-a");
  EXPECT_EQ(EngineRig::Steps(rig_.Plan(NetworkOver("b, a") + RoleInZone("x-"))), "");
  // A step of its own settles all of it, as it is spelled now.
  EXPECT_EQ(rig_.Apply(NetworkOver("b, a", "two") + RoleInZone("x-")), "succeeded: 2 done");
  EXPECT_EQ(PolicyOf(rig_), "x-b");
  EXPECT_EQ(EngineRig::Steps(rig_.Plan(NetworkOver("b, a", "two") + RoleInZone("x-"))), "");
}

TEST_F(EngineSpelling, R3_OfWhatIsPausedItIsWorthWhatSettled) {
  ASSERT_TRUE(rig_.Ask([&](auto done) { rig_.engine->Pause("net.sim/Network/n", "uid:1", done); }).ok());
  EXPECT_EQ(rig_.Apply(NetworkOver("c") + RoleInZone("x-")), "succeeded: 1 done");
  EXPECT_EQ(PolicyOf(rig_), "x-a");
  ASSERT_TRUE(rig_.Ask([&](auto done) { rig_.engine->Resume("net.sim/Network/n", "uid:1", done); }).ok());
  EXPECT_EQ(rig_.Apply(NetworkOver("c") + RoleInZone("x-")), "succeeded: 2 done");
  EXPECT_EQ(PolicyOf(rig_), "x-c");
}

}  // namespace
}  // namespace tandem::testing
