// R12: a store that is older than the world. What it does not know is found by its mark, also where lists give
// names only, and a newer object of ours is adopted, never made once more.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

std::string NetworkAt(const std::string& block, const std::string& note) {
  return "apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: n}\nspec: {CidrBlock: " + block +
         ", Note: " + note + "}\n---\n";
}

constexpr char kHealing[] =
    "apiVersion: tandem/v1\nkind: Policy\nmetadata: {name: heal}\nspec: {drift: {disruptive: heal}}\n---\n";

void PutBack(EngineRig& rig, const std::vector<Row>& backup) {
  rig.engine.reset();
  rig.store.Restore(backup);
  rig.Boot();
}

// The record's object was replaced after the backup.
TEST(EngineOldStore, R12_ANewerObjectOfOursIsAdoptedAndNoThirdIsMade) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(NetworkAt("10.0.0.0/16", "one") + Role("keep", "one")), "succeeded: 2 done");
  const std::vector<Row> backup = rig.store.Rows();
  ASSERT_EQ(rig.Apply(NetworkAt("10.9.0.0/16", "two") + Role("keep", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(10));
  ASSERT_EQ(rig.Effects("create", "net.sim/Network/n"), 2);
  PutBack(rig, backup);
  rig.Pass(std::chrono::minutes(30));
  EXPECT_TRUE(rig.engine->snapshot()->old_store);
  EXPECT_EQ(rig.Effects("create", "net.sim/Network/n"), 2) << "nothing heals";

  // With the older document it cannot be adopted, and that is said.
  const PlanAnswer older = rig.Plan(NetworkAt("10.0.0.0/16", "one") + Role("keep", "one"));
  EXPECT_EQ(older.refusal, Refusal::kResource);
  EXPECT_NE(older.message.find("carries its mark, cannot be adopted: CidrBlock"), std::string::npos)
      << older.message;

  const PlanAnswer plan = rig.Plan(NetworkAt("10.9.0.0/16", "three") + Role("keep", "one"));
  ASSERT_EQ(EngineRig::Steps(plan), "adopt net.sim/Network/n");
  EXPECT_NE(plan.plan->steps[0]->why.str().find("the store does not know it"), std::string::npos);
  ASSERT_EQ(plan.plan->needs_approval.size(), 1u);
  EXPECT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(30));
  EXPECT_EQ(rig.Effects("create", "net.sim/Network/n"), 2);
  EXPECT_EQ(rig.Live().size(), 2u);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(NetworkAt("10.9.0.0/16", "three") + Role("keep", "one"))), "");
  EXPECT_FALSE(rig.engine->snapshot()->old_store);
  // Ours, so it goes with its document; the newer one, not the one that was recorded.
  EXPECT_EQ(rig.Apply(Role("keep", "one")), "succeeded: 1 done");
  EXPECT_EQ(rig.Live(), std::vector<std::string>{"iam.sim/Role/keep"});
}

// A run of two creates whose witness is not written yet.
std::string StartWhileHeld(EngineRig& rig) {
  rig.hold_witness = true;
  const PlanAnswer plan = rig.Plan(NetworkAt("10.0.0.0/16", "one") + Role("a", "one"));
  const std::string run = rig.Start(plan.plan->hash).run;
  rig.Settle();
  return run;
}

// A create needs no look before it: its intent is written in the very turn that starts the run, and yet it is not
// called before a store from before the run could be told apart.
TEST(EngineOldStore, R12_NothingIsCalledBeforeTheWitnessStands) {
  EngineRig rig;
  const std::string run = StartWhileHeld(rig);
  EXPECT_EQ(rig.held_witness.size(), 1u);
  EXPECT_EQ(rig.Intents(), 2) << "written while the witness is";
  EXPECT_TRUE(rig.cloud->Effects().empty());
  rig.held_witness[0]();
  rig.hold_witness = false;
  EXPECT_EQ(rig.Wait(run), "succeeded: 2 done");
}

TEST(EngineOldStore, R12_ACancelWhileTheWitnessIsWrittenCallsNothing) {
  EngineRig rig;
  const std::string run = StartWhileHeld(rig);
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Cancel(run, "uid:1", done); }).ok());
  ASSERT_EQ(rig.held_witness.size(), 1u);
  rig.held_witness[0]();
  rig.hold_witness = false;
  EXPECT_EQ(rig.Wait(run), "cancelled: 0 done, 2 not started");
  EXPECT_TRUE(rig.cloud->Effects().empty());
  EXPECT_EQ(rig.Intents(), 0);
}

// Lists of roles give names only.
TEST(EngineOldStore, R12_AMarkBehindAListOfNamesIsFoundByOneRead) {
  EngineRig rig;
  const std::string model = kHealing + Role("a", "one");
  ASSERT_EQ(rig.Apply(model), "succeeded: 1 done");
  const std::vector<Row> backup = rig.store.Rows();
  ASSERT_EQ(rig.Apply(kHealing + Role("a", "two") + Role("b", "one")), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(10));
  PutBack(rig, backup);
  rig.Pass(std::chrono::minutes(30));
  EXPECT_TRUE(rig.engine->snapshot()->old_store);
  EXPECT_EQ(rig.Effects("update", "iam.sim/Role/a"), 1) << "healing it to 'one' would undo what came later";
}

TEST(EngineOldStore, R12_AStrangerIsReadOnce) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one") + Role("b", "one")), "succeeded: 2 done");
  rig.Pass(std::chrono::minutes(10));
  // Of another platform: marked, not ours.
  rig.engine.reset();
  MemoryStore other([](std::function<void()> work) { work(); });
  rig.other_store = &other;
  rig.Boot();
  ASSERT_EQ(rig.Apply(Role("c", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(25));
  const int before = rig.provider->reads;
  const int lists = rig.provider->lists;
  rig.Pass(std::chrono::minutes(25));
  EXPECT_GT(rig.provider->lists, lists);
  EXPECT_EQ(rig.provider->reads - before, rig.provider->lists - lists)
      << "of three names that are listed only our own is read again";
  EXPECT_FALSE(rig.engine->snapshot()->old_store);
}

}  // namespace
}  // namespace tandem::testing
