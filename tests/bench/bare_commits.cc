#include "tests/bench/bare_commits.h"

#include <sqlite3.h>

#include <filesystem>
#include <memory>

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

double CommitBare(const std::string& folder, const std::vector<Write>& rows, size_t group) {
  const std::string path = folder + "/bare.db";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  sqlite3* database = nullptr;
  TANDEM_CHECK(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  const auto run = [&](const char* sql) {
    TANDEM_CHECK(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  };
  run("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
      "CREATE TABLE rows (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL)"
      " WITHOUT ROWID");
  sqlite3_stmt* put = nullptr;
  sqlite3_stmt* drop = nullptr;
  TANDEM_CHECK(sqlite3_prepare_v2(database, "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", -1, &put,
                                  nullptr) == SQLITE_OK);
  TANDEM_CHECK(sqlite3_prepare_v2(database, "DELETE FROM rows WHERE key = ?", -1, &drop, nullptr) ==
               SQLITE_OK);
  const double begin = Now();
  sqlite3_int64 revision = 0;
  for (size_t at = 0; at < rows.size(); at += group) {
    ++revision;
    run("BEGIN");
    for (size_t i = at; i < std::min(rows.size(), at + group); ++i) {
      sqlite3_stmt* statement = rows[i].value ? put : drop;
      sqlite3_bind_text(statement, 1, rows[i].key.data(), static_cast<int>(rows[i].key.size()), SQLITE_STATIC);
      if (rows[i].value) {
        sqlite3_bind_blob(statement, 2, rows[i].value->data(), static_cast<int>(rows[i].value->size()),
                          SQLITE_STATIC);
        sqlite3_bind_int64(statement, 3, revision);
      }
      TANDEM_CHECK(sqlite3_step(statement) == SQLITE_DONE);
      sqlite3_reset(statement);
    }
    run("COMMIT");
  }
  const double seconds = Now() - begin;
  sqlite3_finalize(put);
  sqlite3_finalize(drop);
  sqlite3_close(database);
  return seconds;
}

}  // namespace tandem::bench
