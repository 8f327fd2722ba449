#include "tandem/state_sqlite/sqlite_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "state_sqlite/database.h"
#include "state_sqlite/migrations.h"
#include "tests/support/temp_folder.h"

namespace tandem {
namespace {

void Inline(std::function<void()> job) { job(); }

Result<StoreRevision> Commit(StateStore& store, std::vector<Write> writes) {
  std::optional<Result<StoreRevision>> answer;
  store.Commit(std::move(writes), [&](Result<StoreRevision> r) { answer = std::move(r); });
  return *answer;
}

Result<Row> Get(StateStore& store, std::string key) {
  std::optional<Result<Row>> answer;
  store.Get(std::move(key), [&](Result<Row> r) { answer = std::move(r); });
  return *answer;
}

class SqliteStoreTest : public testing::Test {
 protected:
  Result<std::unique_ptr<StateStore>> Open(std::string vfs = "") {
    return OpenSqliteStore({path_, std::move(vfs), Inline, Inline});
  }

  void Sql(const std::string& sql) {
    auto database = sqlite::Database::Open(path_, "");
    ASSERT_TRUE(database.ok());
    const Status status = database->Execute(sql);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  const TempFolder temp_;
  const std::string folder_ = temp_.path();
  std::string path_ = folder_ + "/state.db";
};

TEST_F(SqliteStoreTest, TheFileIsForItsOwnerOnly) {
  const mode_t before = umask(0);
  ASSERT_TRUE(Open().ok());
  umask(before);
  struct stat file {};
  ASSERT_EQ(stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
}

// The file alone, without its log, tells what has been brought into it.
TEST_F(SqliteStoreTest, TidyBringsTheLogIntoTheFile) {
  auto store = Open();
  const auto in_the_file = [&](const std::string& key) {
    const std::string copy = folder_ + "/copy.db";
    std::filesystem::remove(copy);
    std::filesystem::copy_file(path_, copy);
    auto alone = OpenSqliteStore({copy, "", Inline, Inline});
    EXPECT_TRUE(alone.ok());
    return Get(**alone, key).ok();
  };
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Commit(**store, {{"k" + std::to_string(i), "v", 0}}).ok());
  EXPECT_FALSE(in_the_file("k99"));
  (*store)->Tidy();
  EXPECT_TRUE(in_the_file("k99"));
  ASSERT_TRUE(Commit(**store, {{"later", "v", 0}}).ok());
  (*store)->Tidy();
  EXPECT_FALSE(in_the_file("later")) << "two syncs for one row";
}

TEST_F(SqliteStoreTest, SyncsFullyToAWriteAheadLog) {
  auto store = Open();
  ASSERT_TRUE(Commit(**store, {{"a", "1", 0}}).ok());
  EXPECT_TRUE(std::filesystem::exists(path_ + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "-shm")) << "exclusive locking needs none";
}

TEST_F(SqliteStoreTest, ASecondOpenerIsRefused) {
  auto store = Open();
  ASSERT_TRUE(store.ok());
  const auto second = Open();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Code::kFailedPrecondition);
  EXPECT_TRUE(Commit(**store, {{"a", "1", 0}}).ok()) << "the first goes on";
  store->reset();
  EXPECT_TRUE(Open().ok());
}

TEST_F(SqliteStoreTest, ASecondProcessIsToldWhoHoldsIt) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto store = Open();
    const char byte = store.ok() ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char byte = 'n';
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const auto second = Open();
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Code::kFailedPrecondition);
  std::ifstream locks("/proc/locks");
  if (locks.peek() != std::ifstream::traits_type::eof()) {
    EXPECT_NE(second.status().message().find("process " + std::to_string(child)), std::string::npos)
        << second.status().message();
  }
  EXPECT_TRUE(Open().ok()) << "a dead process holds nothing";
  close(ready[0]);
  close(ready[1]);
}

TEST_F(SqliteStoreTest, WhatWasAnsweredOutlivesAKill) {
  for (int round = 0; round < 5; ++round) {
    int answers[2];
    ASSERT_EQ(pipe(answers), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = Open();
      if (!store.ok()) _exit(1);
      for (int32_t i = 0;; ++i) {
        const std::string key = std::to_string(round) + "/" + std::to_string(i);
        if (!Commit(**store, {{key, "1", 0}, {key + "/twin", "1", 0}}).ok()) _exit(2);
        if (write(answers[1], &i, sizeof i) != sizeof i) _exit(3);
      }
    }
    close(answers[1]);
    int32_t last = -1;
    int32_t read_back = 0;
    for (int n = 0; n < 20 + 7 * round; ++n) {
      ASSERT_EQ(read(answers[0], &read_back, sizeof read_back),
                static_cast<ssize_t>(sizeof read_back));
      last = read_back;
    }
    kill(child, SIGKILL);
    while (read(answers[0], &read_back, sizeof read_back) == sizeof read_back) last = read_back;
    waitpid(child, nullptr, 0);
    close(answers[0]);

    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    for (int32_t i = 0; i <= last; ++i)
      ASSERT_TRUE(Get(**store, std::to_string(round) + "/" + std::to_string(i)).ok()) << i;
    const std::string next = std::to_string(round) + "/" + std::to_string(last + 1);
    EXPECT_EQ(Get(**store, next).ok(), Get(**store, next + "/twin").ok()) << "all or nothing";
  }
}

TEST_F(SqliteStoreTest, ConcurrentWritersNeverLoseAnUpdate) {
  // A serial executor with a thread of its own, as the daemon gives.
  struct Serial {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::function<void()>> jobs;
    bool stop = false;
    std::thread thread{[this] {
      std::unique_lock<std::mutex> lock(mutex);
      while (true) {
        wake.wait(lock, [this] { return stop || !jobs.empty(); });
        if (jobs.empty()) return;
        const auto job = std::move(jobs.front());
        jobs.pop_front();
        lock.unlock();
        job();
        lock.lock();
      }
    }};
    void Post(std::function<void()> job) {
      const std::lock_guard<std::mutex> lock(mutex);
      jobs.push_back(std::move(job));
      wake.notify_one();
    }
    void Join() {
      {
        const std::lock_guard<std::mutex> lock(mutex);
        stop = true;
        wake.notify_one();
      }
      thread.join();
    }
  } serial;
  auto store = OpenSqliteStore(
      {path_, "", [&](std::function<void()> job) { serial.Post(std::move(job)); }, Inline});
  ASSERT_TRUE(store.ok());
  constexpr int kThreads = 4;
  constexpr int kIncrements = 25;
  std::atomic<int> aborted{0};
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&] {
      for (int done = 0; done < kIncrements;) {
        std::mutex mutex;
        std::condition_variable answered;
        std::optional<bool> stored;
        (*store)->Get("counter", [&](Result<Row> row) {
          const int64_t revision = row.ok() ? row->revision : 0;
          const int64_t value = row.ok() ? std::stoll(row->value) : 0;
          (*store)->Commit({{"counter", std::to_string(value + 1), revision}},
                           [&](Result<StoreRevision> result) {
                             const std::lock_guard<std::mutex> lock(mutex);
                             stored = result.ok();
                             if (!result.ok()) {
                               EXPECT_EQ(result.status().code(), Code::kAborted);
                               ++aborted;
                             }
                             answered.notify_one();
                           });
        });
        std::unique_lock<std::mutex> lock(mutex);
        answered.wait(lock, [&] { return stored.has_value(); });
        if (*stored) ++done;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  std::optional<std::string> value;
  (*store)->Get("counter", [&](Result<Row> row) { value = row->value; });
  store->reset();
  serial.Join();
  EXPECT_EQ(value, std::to_string(kThreads * kIncrements));
}

TEST_F(SqliteStoreTest, ANewerSchemaIsRefused) {
  ASSERT_TRUE(Open().ok());
  Sql("PRAGMA user_version = 99");
  const auto store = Open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.status().code(), Code::kFailedPrecondition);
  EXPECT_NE(store.status().message().find("a newer tandem wrote it: its schema is 99"),
            std::string::npos)
      << store.status().message();
}

TEST_F(SqliteStoreTest, AnotherProgramsDatabaseIsRefused) {
  Sql("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  const auto bytes = [&] {
    std::ifstream file(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string before = bytes();
  const auto store = Open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.status().code(), Code::kFailedPrecondition);
  EXPECT_TRUE(bytes() == before) << "not even the journal's mode is changed";
  Sql("SELECT x FROM theirs");
}

TEST_F(SqliteStoreTest, DamageIsFoundAtOpen) {
  {
    auto store = Open();
    std::vector<Write> writes;
    for (int i = 0; i < 90; ++i)
      writes.push_back({"key/" + std::to_string(i), std::string(3000, 'x'), 0});
    ASSERT_TRUE(Commit(**store, writes).ok());
  }
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = std::filesystem::file_size(path_);
    for (uint64_t at = 4096; at + 4096 <= size; at += 4096) {
      file.seekp(static_cast<std::streamoff>(at));
      file.write(std::string(64, '\xee').data(), 64);
    }
  }
  const auto store = Open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.status().code(), Code::kDataLoss) << store.status().ToString();
}

TEST_F(SqliteStoreTest, AFileThatIsNoDatabaseIsDamage) {
  std::ofstream(path_) << std::string(8192, 'q');
  const auto store = Open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.status().code(), Code::kDataLoss) << store.status().ToString();
}

TEST_F(SqliteStoreTest, AFolderThatIsMissingIsSaid) {
  path_ = folder_ + "/nowhere/state.db";
  EXPECT_FALSE(Open().ok());
}

TEST(Migrations, AreMadeInOrderAndAllOrNone) {
  auto database = sqlite::Database::Open(":memory:", "");
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE(sqlite::Migrate(*database, {"CREATE TABLE a (x);"}).ok());
  EXPECT_EQ(*database->QueryInt("PRAGMA user_version"), 1);
  const std::vector<std::string_view> broken = {"CREATE TABLE a (x);", "CREATE TABLE b (x);",
                                                "CREATE TABLE b (x);"};
  EXPECT_FALSE(sqlite::Migrate(*database, broken).ok());
  EXPECT_EQ(*database->QueryInt("PRAGMA user_version"), 1);
  EXPECT_EQ(*database->QueryInt("SELECT count(*) FROM sqlite_schema"), 1) << "b was rolled back";
  ASSERT_TRUE(
      sqlite::Migrate(*database, {"", "CREATE TABLE b (x);", "INSERT INTO b VALUES (7);"}).ok());
  EXPECT_EQ(*database->QueryInt("SELECT x FROM b"), 7);
  EXPECT_TRUE(sqlite::Migrate(*database, {"", "", ""}).ok()) << "nothing left to do";
}

// --- a file layer that fails when told ---

enum class Fault { kNone, kFull, kSync };
Fault fault = Fault::kNone;

/// The system's methods with ours in front. The database file locks and the others do not, so the
/// system has a table for each.
template <bool kDatabase>
struct FailingFile {
  static inline const sqlite3_io_methods* real = nullptr;
  static inline sqlite3_io_methods methods;

  static int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    if (fault == Fault::kFull) return SQLITE_FULL;
    return real->xWrite(file, bytes, size, offset);
  }
  static int Sync(sqlite3_file* file, int flags) {
    if (fault == Fault::kSync) return SQLITE_IOERR_FSYNC;
    return real->xSync(file, flags);
  }
  static void Wrap(sqlite3_file* file) {
    real = file->pMethods;
    methods = *real;
    methods.xWrite = Write;
    methods.xSync = Sync;
    file->pMethods = &methods;
  }
};

int FailingOpen(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  auto* real = static_cast<sqlite3_vfs*>(vfs->pAppData);
  const int code = real->xOpen(real, name, file, flags, out);
  if (code != SQLITE_OK || file->pMethods == nullptr) return code;
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
    FailingFile<true>::Wrap(file);
  } else {
    FailingFile<false>::Wrap(file);
  }
  return code;
}

class FailingDisk {
 public:
  FailingDisk() {
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
    vfs_ = *real;
    vfs_.zName = "failing";
    vfs_.xOpen = FailingOpen;
    // Of the system's layer only xOpen looks at pAppData.
    vfs_.pAppData = real;
    vfs_.pNext = nullptr;
    sqlite3_vfs_register(&vfs_, 0);
  }
  ~FailingDisk() {
    sqlite3_vfs_unregister(&vfs_);
    fault = Fault::kNone;
  }

 private:
  sqlite3_vfs vfs_;
};

TEST_F(SqliteStoreTest, AFullDiskIsSaidAndNothingIsStored) {
  const FailingDisk disk;
  auto store = Open("failing");
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  ASSERT_TRUE(Commit(**store, {{"a", "1", 0}}).ok());
  fault = Fault::kFull;
  const auto full = Commit(**store, {{"a", "2", 1}, {"b", std::string(20000, 'x'), 0}});
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.status().code(), Code::kResourceExhausted);
  EXPECT_EQ(Get(**store, "a")->value, "1");
  EXPECT_EQ(Get(**store, "b").status().code(), Code::kNotFound);
  fault = Fault::kNone;
  EXPECT_EQ(*Commit(**store, {{"a", "2", 1}}), 2) << "it goes on once there is room";
}

TEST_F(SqliteStoreTest, AfterAFailedSyncNothingIsPromised) {
  const FailingDisk disk;
  auto store = Open("failing");
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  ASSERT_TRUE(Commit(**store, {{"a", "1", 0}}).ok());
  fault = Fault::kSync;
  const auto failed = Commit(**store, {{"a", "2", 1}});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.status().code(), Code::kUnavailable) << failed.status().ToString();
  fault = Fault::kNone;
  const auto later = Commit(**store, {{"a", "3", 1}});
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(later.status().code(), Code::kFailedPrecondition) << "trying again does not help";
  EXPECT_NE(later.status().message().find("must be opened again"), std::string::npos);
  store->reset();
  store = Open();
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  const auto row = Get(**store, "a");
  ASSERT_TRUE(row.ok()) << row.status().ToString();
  EXPECT_NE(row->value, "3");
}

}  // namespace
}  // namespace tandem
