#include "tandem/state_sqlite/sqlite_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "state_sqlite/database.h"
#include "state_sqlite/migrations.h"
#include "tandem/state/memory_store.h"

namespace tandem {
namespace {

using sqlite::Database;
using sqlite::Statement;

/// Who holds a lock on the file, by the kernel's list; 0 when it does not say. (Asking through a
/// descriptor of our own would, on closing it, drop the locks this process holds on the file.)
int64_t LockHolder(const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return 0;
  const std::string wanted =
      fmt::format("{:02x}:{:02x}:{}", major(file.st_dev), minor(file.st_dev), file.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, type, advisory, mode, where;
    int64_t pid = 0;
    if (words >> number >> type >> advisory >> mode >> pid >> where && where == wanted && pid > 0)
      return pid;
  }
  return 0;
}

Status InUse(const std::string& path) {
  const int64_t pid = LockHolder(path);
  if (pid == 0) return FailedPrecondition("another process has it open");
  return FailedPrecondition(fmt::format("process {} has it open", pid));
}

/// The file and everything prepared on it. Reached by one job at a time.
class Core {
 public:
  static Result<std::shared_ptr<Core>> Open(const SqliteOptions& options) {
    // Made here and not by SQLite, so that nobody else may read it whatever the umask is.
    if (options.vfs.empty()) {
      const int made = open(options.path.c_str(), O_CREAT | O_EXCL | O_CLOEXEC | O_RDWR, 0600);
      if (made >= 0) close(made);
    }
    auto opened = Configure(options);
    if (opened.ok()) return opened;
    if (opened.status() == FailedPrecondition("the file is in use"))
      return InUse(options.path).Annotate(options.path);
    const Status status = opened.status().Annotate(options.path);
    if (status.code() != Code::kDataLoss) return status;
    return DataLoss(status.message() + "; put back a backup of the state directory");
  }

  Result<StoreRevision> Commit(const std::vector<Write>& writes) {
    TANDEM_RETURN_IF_ERROR(CheckCommit(writes));
    TANDEM_RETURN_IF_ERROR(broken_);
    Status status = begin_.Run();
    if (status.ok()) status = Store(writes);
    if (status.ok()) status = commit_.Run();
    if (status.ok()) {
      logged_ += writes.size();
      return ++revision_;
    }
    if (!database_.idle()) {
      if (Status rolled = rollback_.Run(); !rolled.ok() && broken_.ok())
        broken_ = FailedPrecondition("a failed commit could not be rolled back: " + rolled.message());
    }
    return Failed(status);
  }

  /// Brings the log into the file, so that no commit does while somebody waits for it (wal_autocheckpoint). One that
  /// fails leaves the log as it is; a later one begins again with all of it.
  void Tidy() {
    if (!broken_.ok() || logged_ < kRowsToTidy) return;
    if (database_.Execute("PRAGMA wal_checkpoint(PASSIVE)").ok()) logged_ = 0;
  }

  Result<Page> Scan(const std::string& prefix, const std::string& after, size_t limit) {
    Statement& scan = after >= prefix ? scan_after_ : scan_from_;
    scan.BindText(1, after >= prefix ? after : prefix);
    auto page = Fill(scan, prefix, limit);
    scan.Reset();
    if (!page.ok()) return Failed(page.status());
    return page;
  }

  Result<Row> Get(const std::string& key) {
    get_.BindText(1, key);
    auto row = get_.Step();
    Result<Row> found = NotFound("there is no row '" + key + "'");
    if (!row.ok()) {
      found = Failed(row.status());
    } else if (*row) {
      found = Row{key, get_.Bytes(0), get_.Int(1)};
    }
    get_.Reset();
    return found;
  }

 private:
  static constexpr size_t kRowsToTidy = 64;
  explicit Core(Database database) : database_(std::move(database)) {}

  static Result<std::shared_ptr<Core>> Configure(const SqliteOptions& options) {
    TANDEM_ASSIGN_OR_RETURN(Database database, Database::Open(options.path, options.vfs));
    // Exclusive before anything is read: then WAL needs no shared memory, and the first read takes
    // the lock and keeps it.
    TANDEM_RETURN_IF_ERROR(
        database.Execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF;"
                         "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF;"
                         // Keys of one run come scattered, so the tree's pages are kept: 2 MiB. A log
                         // four times as long as usual lets a page that is written again and again go to
                         // the file once.
                         "PRAGMA cache_size=-2048; PRAGMA wal_autocheckpoint=4000;"));
    // Before anything is written: also the journal's mode is, and this may be somebody else's file.
    TANDEM_RETURN_IF_ERROR(sqlite::CheckOurs(database, sqlite::Migrations()));
    TANDEM_ASSIGN_OR_RETURN(const std::string mode, database.QueryText("PRAGMA journal_mode=WAL"));
    if (mode != "wal") return Unavailable("the file system has no write-ahead log: " + mode);
    TANDEM_RETURN_IF_ERROR(database.Execute("PRAGMA synchronous=FULL"));
    TANDEM_RETURN_IF_ERROR(database.Execute("BEGIN IMMEDIATE; COMMIT"));
    TANDEM_ASSIGN_OR_RETURN(const std::string check, database.QueryText("PRAGMA quick_check(1)"));
    if (check != "ok") return DataLoss("the file is damaged: " + check);
    TANDEM_RETURN_IF_ERROR(sqlite::Migrate(database, sqlite::Migrations()));
    // After a failed sync the system may show what it will never write, and no later sync would: what
    // comes after it in the log would then be lost with it. So the log's content is written afresh,
    // into the file, before anything is promised upon it.
    TANDEM_RETURN_IF_ERROR(database.Execute("PRAGMA wal_checkpoint(TRUNCATE)"));

    std::shared_ptr<Core> core(new Core(std::move(database)));
    TANDEM_RETURN_IF_ERROR(core->Prepare());
    TANDEM_ASSIGN_OR_RETURN(core->revision_, core->database_.QueryInt(
                                                 "SELECT value FROM meta WHERE name = 'revision'"));
    return core;
  }

  Status Prepare() {
    const std::pair<Statement*, std::string_view> all[] = {
        {&begin_, "BEGIN IMMEDIATE"},
        {&commit_, "COMMIT"},
        {&rollback_, "ROLLBACK"},
        {&revision_of_, "SELECT revision FROM rows WHERE key = ?1"},
        {&put_,
         "INSERT INTO rows VALUES (?1, ?2, ?3) "
         "ON CONFLICT (key) DO UPDATE SET value = ?2, revision = ?3"},
        {&erase_, "DELETE FROM rows WHERE key = ?1"},
        {&set_revision_, "UPDATE meta SET value = ?1 WHERE name = 'revision'"},
        {&get_, "SELECT value, revision FROM rows WHERE key = ?1"},
        {&scan_from_, "SELECT key, value, revision FROM rows WHERE key >= ?1 ORDER BY key"},
        {&scan_after_, "SELECT key, value, revision FROM rows WHERE key > ?1 ORDER BY key"},
    };
    for (const auto& [statement, sql] : all) {
      TANDEM_ASSIGN_OR_RETURN(*statement, database_.Prepare(sql));
    }
    return OkStatus();
  }

  /// Inside the transaction: every expectation is looked at before anything is written.
  Status Store(const std::vector<Write>& writes) {
    for (const Write& write : writes) {
      if (!write.expected) continue;
      revision_of_.BindText(1, write.key);
      const auto row = revision_of_.Step();
      const StoreRevision there = row.ok() && *row ? revision_of_.Int(0) : 0;
      revision_of_.Reset();
      if (!row.ok()) return row.status();
      if (there != *write.expected)
        return Aborted(fmt::format("the row '{}' is at revision {}, not {}", write.key, there,
                                   *write.expected));
    }
    for (const Write& write : writes) {
      Statement& statement = write.value ? put_ : erase_;
      statement.BindText(1, write.key);
      if (write.value) {
        statement.BindBlob(2, *write.value);
        statement.BindInt(3, revision_ + 1);
      }
      TANDEM_RETURN_IF_ERROR(statement.Run());
    }
    set_revision_.BindInt(1, revision_ + 1);
    return set_revision_.Run();
  }

  static Result<Page> Fill(Statement& scan, const std::string& prefix, size_t limit) {
    Page page;
    while (true) {
      TANDEM_ASSIGN_OR_RETURN(const bool row, scan.Step());
      if (!row) return page;
      std::string key = scan.Bytes(0);
      if (key.compare(0, prefix.size(), prefix) != 0) return page;
      if (page.rows.size() == limit) {
        page.more = true;
        return page;
      }
      page.rows.push_back({std::move(key), scan.Bytes(1), scan.Int(2)});
    }
  }

  /// A failed sync may have thrown away what the system still calls written, so nothing may be
  /// promised upon this file until it has been opened and read again.
  Status Failed(Status status) {
    const bool damaged = status.code() == Code::kDataLoss;
    if (broken_.ok() && (damaged || status.code() == Code::kUnavailable))
      broken_ =
          Status(damaged ? Code::kDataLoss : Code::kFailedPrecondition,
                 "the store stopped after a failure and must be opened again: " + status.message());
    return status;
  }

  Database database_;
  StoreRevision revision_ = 0;
  size_t logged_ = 0;  // rows since the log was brought into the file at rest
  Status broken_;
  Statement begin_, commit_, rollback_, revision_of_, put_, erase_, set_revision_, get_, scan_from_,
      scan_after_;
};

class SqliteStore final : public StateStore {
 public:
  SqliteStore(std::shared_ptr<Core> core, SqliteOptions options)
      : core_(std::move(core)), options_(std::move(options)) {}

  void Commit(std::vector<Write> writes, Completion<StoreRevision> done) override {
    Submit([writes = std::move(writes)](Core& core) { return core.Commit(writes); },
           std::move(done));
  }

  void Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) override {
    Submit([prefix = std::move(prefix), after = std::move(after),
            limit](Core& core) { return core.Scan(prefix, after, limit); },
           std::move(done));
  }

  void Get(std::string key, Completion<Row> done) override {
    Submit([key = std::move(key)](Core& core) { return core.Get(key); }, std::move(done));
  }

  void Tidy() override {
    options_.work([core = core_] { core->Tidy(); });
  }

 private:
  template <typename Job, typename T>
  void Submit(Job job, Completion<T> done) {
    options_.work([core = core_, post = options_.post, job = std::move(job),
                   done = std::move(done)]() mutable {
      Result<T> result = job(*core);
      core.reset();
      post([done = std::move(done), result = std::move(result)] { done(result); });
    });
  }

  std::shared_ptr<Core> core_;
  SqliteOptions options_;
};

}  // namespace

Result<std::unique_ptr<StateStore>> OpenSqliteStore(SqliteOptions options) {
  TANDEM_CHECK(options.work && options.post);
  TANDEM_ASSIGN_OR_RETURN(std::shared_ptr<Core> core, Core::Open(options));
  return std::unique_ptr<StateStore>(new SqliteStore(std::move(core), std::move(options)));
}

}  // namespace tandem
