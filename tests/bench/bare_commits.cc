#include "tests/bench/bare_commits.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tandem/base/check.h"
#include "tests/bench/figures.h"
#include "tests/bench/in_process.h"

namespace tandem::bench {

std::vector<Write> RowsOfCreates(const std::string& source, size_t count) {
  ModelOptions options;
  options.count = count;
  InProcess engine(source);
  engine.store.record = true;
  const std::string hash = engine.Plan(MakeModel(options));
  engine.Apply(hash);
  return std::move(engine.store.recorded);
}

namespace {

/// The loop's own file, with room for nothing but rows.
class BareFile {
 public:
  BareFile(const std::string& folder, BareTable table) {
    const std::string path = folder + "/bare.db";
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
    TANDEM_CHECK(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
    Run("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE rows (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL)" +
        std::string(table == BareTable::kBesideKeys ? " WITHOUT ROWID" : ""));
    put_ = Prepare("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)");
    drop_ = Prepare("DELETE FROM rows WHERE key = ?");
  }
  BareFile(const BareFile&) = delete;
  BareFile& operator=(const BareFile&) = delete;
  ~BareFile() {
    sqlite3_finalize(put_);
    sqlite3_finalize(drop_);
    sqlite3_close(database_);
  }

  void Run(const std::string& sql) {
    TANDEM_CHECK(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  void Put(const Write& row, sqlite3_int64 revision) {
    sqlite3_stmt* statement = row.value ? put_ : drop_;
    sqlite3_bind_text(statement, 1, row.key.data(), static_cast<int>(row.key.size()), SQLITE_STATIC);
    if (row.value) {
      sqlite3_bind_blob(statement, 2, row.value->data(), static_cast<int>(row.value->size()), SQLITE_STATIC);
      sqlite3_bind_int64(statement, 3, revision);
    }
    TANDEM_CHECK(sqlite3_step(statement) == SQLITE_DONE);
    sqlite3_reset(statement);
  }

 private:
  sqlite3_stmt* Prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    TANDEM_CHECK(sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) == SQLITE_OK);
    return statement;
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* put_ = nullptr;
  sqlite3_stmt* drop_ = nullptr;
};

}  // namespace

double CommitBare(const std::string& folder, const std::vector<Write>& rows, size_t group, BareTable table) {
  BareFile file(folder, table);
  const double begin = Now();
  sqlite3_int64 revision = 0;
  for (size_t at = 0; at < rows.size(); at += group) {
    ++revision;
    file.Run("BEGIN");
    for (size_t i = at; i < std::min(rows.size(), at + group); ++i) file.Put(rows[i], revision);
    file.Run("COMMIT");
  }
  return Now() - begin;
}

std::vector<double> CommitEach(const std::string& folder, size_t count, unsigned rest) {
  BareFile file(folder, BareTable::kApart);
  std::vector<double> seconds;
  for (size_t i = 0; i < count; ++i) {
    usleep(rest * 1000);
    const double begin = Now();
    file.Put({std::to_string(i), std::string(512, 'x'), std::nullopt}, static_cast<sqlite3_int64>(i));
    seconds.push_back(Now() - begin);
  }
  return seconds;
}

}  // namespace tandem::bench
