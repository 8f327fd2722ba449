// A store that was cut short, flipped, put back from a backup, or written by a newer tandem: a clean refusal, or the
// truth as far as it goes; never a second object.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdio>

#include "tests/storage/storage_rig.h"

namespace tandem::testing {
namespace {

constexpr char kModel[] = R"(apiVersion: iam.sim/v1
kind: Role
metadata: {name: r}
spec: {Policy: one}
---
apiVersion: net.sim/v1
kind: Network
metadata: {name: n}
spec: {CidrBlock: 10.0.0.0/16, EnableDns: false}
---
apiVersion: queue.sim/v1
kind: Queue
metadata: {name: q}
spec: {Depth: 3}
---
)";
const std::vector<std::string>& Names() {
  static const std::vector<std::string> names = {"iam.sim/Role/r", "net.sim/Network/n", "queue.sim/Queue/q"};
  return names;
}

/// What a process that died by itself leaves: with a log that holds everything since it started.
std::map<std::string, std::string> FilesOfADeadProcess(StorageRig& trial) {
  EXPECT_EQ(trial.engine().Apply(kModel), "succeeded: 3 done");
  trial.engine().Settle();
  std::map<std::string, std::string> files = trial.disk().Files();
  trial.disk().KillProcess();
  return files;
}

// The log is cut at many lengths: whatever is left of it is a state in which the store once was.
TEST(StorageDamage, ATruncatedLogIsAnEarlierStoreAndNothingIsMadeTwice) {
  StorageRig probe;
  const size_t whole = FilesOfADeadProcess(probe)["tandem.db-wal"].size();
  ASSERT_GT(whole, 50'000u);
  int old = 0, tried = 0;
  for (size_t length = 0; length < whole; length += 6'007) {
    SCOPED_TRACE(length);
    StorageRig trial;
    std::map<std::string, std::string> files = FilesOfADeadProcess(trial);
    files["tandem.db-wal"].resize(length);
    trial.disk().Replace(files);
    const Status restarted = trial.Restart();
    ASSERT_TRUE(restarted.ok()) << restarted.ToString();
    ++tried;
    old += trial.engine().engine->snapshot()->old_store;
    const size_t calls = trial.engine().provider->calls.size();
    trial.engine().Pass(std::chrono::hours(1));
    if (trial.engine().engine->snapshot()->old_store) {
      EXPECT_EQ(trial.engine().provider->calls.size(), calls) << "R12: an old store heals nothing";
    }
    EXPECT_EQ(trial.engine().Live(), Names());
    EXPECT_EQ(trial.engine().Apply(kModel).substr(0, 9), "succeeded");
    EXPECT_EQ(trial.engine().Live(), Names()) << trial.Ledger();
    EXPECT_EQ(EngineRig::Steps(trial.engine().Plan(kModel)), "");
  }
  std::printf("%d lengths of a log of %zu bytes, %d known as old\n", tried, whole, old);
  EXPECT_GT(old, tried / 2) << "the witness stands at the end of the run";
}

// One bit of the file, or of the log, at many places.
TEST(StorageDamage, AFlippedBitIsRefusedOrDoesNotMatter) {
  int refused = 0, harmless = 0;
  for (const char* path : {"tandem.db", "tandem.db-wal"}) {
    StorageRig probe;
    std::map<std::string, std::string> files = FilesOfADeadProcess(probe);
    if (std::string(path) == "tandem.db") {  // everything in the file, nothing in the log
      probe.disk().Replace(files);
      ASSERT_TRUE(probe.Restart().ok());
      files = probe.disk().Files();
      files.erase("tandem.db-wal");
      probe.disk().KillProcess();
    }
    const size_t step = files[path].size() / 60;
    for (size_t at = step / 3; at < files[path].size(); at += step) {
      SCOPED_TRACE(std::string(path) + " at " + std::to_string(at));
      std::map<std::string, std::string> flipped = files;
      flipped[path][at] = static_cast<char>(flipped[path][at] ^ (1 << (at % 8)));
      StorageRig trial;
      // The same clouds: the same model, by the same seed.
      ASSERT_EQ(trial.engine().Apply(kModel), "succeeded: 3 done");
      trial.engine().Settle();
      trial.disk().KillProcess();
      trial.disk().Replace(flipped);
      const Status restarted = trial.Restart();
      if (!restarted.ok()) {
        ++refused;
        EXPECT_TRUE(restarted.code() == Code::kDataLoss || restarted.code() == Code::kFailedPrecondition)
            << restarted.ToString();
        EXPECT_NE(restarted.message(), "");
        continue;
      }
      ++harmless;
      trial.engine().Pass(std::chrono::hours(1));
      EXPECT_EQ(trial.engine().Effects("create"), 3) << trial.Ledger();
      EXPECT_EQ(trial.engine().Effects("delete"), 0) << trial.Ledger();
    }
  }
  std::printf("%d flipped bits refused, %d that did not matter\n", refused, harmless);
  EXPECT_GT(refused, 0);
}

// R12: put back from a backup. The later run changed only members, so no mark tells; the witness does.
TEST(StorageDamage, R12_AnOldBackupIsNoticedAndHealsNothing) {
  const std::string policy = R"(apiVersion: tandem/v1
kind: Policy
metadata: {name: drift}
spec: {drift: {disruptive: heal, safe: heal}}
---
)";
  const std::string later = [] {
    std::string text = kModel;
    text.replace(text.find("Policy: one"), 11, "Policy: two");
    return text;
  }();
  StorageRig trial;
  EngineRig& rig = trial.engine();
  ASSERT_EQ(rig.Apply(policy + kModel), "succeeded: 3 done");
  rig.Settle();
  const std::map<std::string, std::string> backup = trial.disk().Files();
  ASSERT_EQ(rig.Apply(policy + later), "succeeded: 1 done");
  rig.Settle();
  trial.disk().KillProcess();
  trial.disk().Replace(backup);
  ASSERT_TRUE(trial.Restart().ok());
  EXPECT_TRUE(rig.engine->snapshot()->old_store);
  EXPECT_NE(rig.Events("OldStore").find("older than its witness"), std::string::npos) << rig.Events("OldStore");
  const size_t calls = rig.provider->calls.size();
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(rig.provider->calls.size(), calls) << "healing would undo what was accepted later";
  // It is still known after another restart.
  trial.disk().KillProcess();
  ASSERT_TRUE(trial.Restart().ok());
  EXPECT_TRUE(rig.engine->snapshot()->old_store);
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(rig.provider->calls.size(), calls);
  // A person accepts a plan over what is live now, which is the later model already.
  EXPECT_EQ(EngineRig::Steps(rig.Plan(policy + later)), "");
  EXPECT_EQ(rig.Apply(policy + later).substr(0, 9), "succeeded");
  EXPECT_FALSE(rig.engine->snapshot()->old_store);
  rig.Pass(std::chrono::hours(1));
  EXPECT_EQ(rig.provider->calls.size(), calls);
  EXPECT_EQ(rig.Live(), Names());
}

// The same with nothing at all left of the store: what carries the mark is adopted, not made again.
TEST(StorageDamage, R12_AnEmptyStoreBesideAWitnessAdoptsWhatIsThere) {
  StorageRig trial;
  EngineRig& rig = trial.engine();
  ASSERT_EQ(rig.Apply(kModel), "succeeded: 3 done");
  trial.disk().KillProcess();
  trial.disk().Replace({});
  ASSERT_TRUE(trial.Restart().ok());
  EXPECT_TRUE(rig.engine->snapshot()->old_store);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(kModel)),
            "adopt iam.sim/Role/r; adopt net.sim/Network/n; adopt queue.sim/Queue/q");
  EXPECT_EQ(rig.Apply(kModel), "succeeded: 3 done");
  EXPECT_EQ(rig.Effects("create"), 3);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(kModel)), "");
}

TEST(StorageDamage, ANewerSchemaIsRefusedAndLeftAsItIs) {
  StorageRig trial;
  ASSERT_EQ(trial.engine().Apply(kModel), "succeeded: 3 done");
  trial.disk().KillProcess();
  ASSERT_TRUE(trial.Restart().ok());
  trial.disk().KillProcess();
  {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open_v2(kStorePath, &handle, SQLITE_OPEN_READWRITE, trial.disk().vfs().c_str()), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA user_version=99;", nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(handle);
  }
  const std::map<std::string, std::string> before = trial.disk().Files();
  const Status restarted = trial.Restart();
  EXPECT_EQ(restarted.code(), Code::kFailedPrecondition) << restarted.ToString();
  EXPECT_NE(restarted.message().find("a newer tandem wrote it"), std::string::npos) << restarted.message();
  EXPECT_EQ(trial.disk().Files().at(kStorePath), before.at(kStorePath));
}

// A disk that stays full: what is refused is told, nothing is called, and it goes on once there is room.
TEST(StorageDamage, AFullDiskHoldsEverythingBackUntilThereIsRoom) {
  StorageRig trial;
  EngineRig& rig = trial.engine();
  const PlanAnswer plan = rig.Plan(kModel);
  trial.disk().FailAt(trial.disk().effects() + 1, DiskFault::kFull, true);
  const StartAnswer started = rig.Start(plan.plan->hash);
  EXPECT_EQ(started.refusal, Refusal::kResource);
  EXPECT_NE(started.message.find("the disk is full"), std::string::npos) << started.message;
  rig.Pass(std::chrono::minutes(10));
  EXPECT_EQ(rig.provider->calls.size(), 0u);
  trial.disk().ClearFault();
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 3 done");
  EXPECT_EQ(rig.Live(), Names());
}

}  // namespace
}  // namespace tandem::testing
