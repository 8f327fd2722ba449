#include "state_sqlite/migrations.h"

#include <string>

namespace tandem::sqlite {
namespace {

constexpr std::string_view kFirst = R"sql(
-- One row of the store. Keys are laid out in include/tandem/state/keys.h and compare by bytes, so a
-- table is a prefix and a scan is one walk of the index. The values lie in a tree of their own: beside their
-- keys, each comparison with the key of a value that is longer than its page copies all of it.
CREATE TABLE rows (
  key      TEXT    NOT NULL PRIMARY KEY COLLATE BINARY,
  value    BLOB    NOT NULL,  -- canonical JSON
  revision INTEGER NOT NULL   -- of the commit that wrote it
);

-- Numbers about the store itself. 'revision' is that of the last commit: it cannot be had from `rows`,
-- whose newest row may have been deleted since.
CREATE TABLE meta (
  name  TEXT    NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO meta VALUES ('revision', 0);
)sql";

constexpr std::string_view kPages = R"sql(
-- A revision lists the documents of its model in pages (document-page/DIGEST), which models share. Revisions from
-- before are read as they are: nothing is written here but the number, by which an older program refuses the file.
)sql";

}  // namespace

const std::vector<std::string_view>& Migrations() {
  static const std::vector<std::string_view> kAll = {kFirst, kPages};
  return kAll;
}

Status CheckOurs(Database& database, const std::vector<std::string_view>& migrations) {
  const int64_t newest = static_cast<int64_t>(migrations.size());
  TANDEM_ASSIGN_OR_RETURN(const int64_t version, database.QueryInt("PRAGMA user_version"));
  TANDEM_ASSIGN_OR_RETURN(const int64_t id, database.QueryInt("PRAGMA application_id"));
  TANDEM_ASSIGN_OR_RETURN(const int64_t objects,
                          database.QueryInt("SELECT count(*) FROM sqlite_schema"));
  if (id != kApplicationId && (id != 0 || version != 0 || objects != 0))
    return FailedPrecondition(
        "the file is another program's database; nothing was changed in it: choose another "
        "--state-dir");
  if (version > newest)
    return FailedPrecondition("a newer tandem wrote it: its schema is " + std::to_string(version) +
                              " and this one knows schemas up to " + std::to_string(newest) +
                              "; nothing was changed in it: start that tandem again");
  return OkStatus();
}

Status Migrate(Database& database, const std::vector<std::string_view>& migrations) {
  TANDEM_RETURN_IF_ERROR(CheckOurs(database, migrations));
  const int64_t newest = static_cast<int64_t>(migrations.size());
  TANDEM_ASSIGN_OR_RETURN(const int64_t version, database.QueryInt("PRAGMA user_version"));
  if (version == newest) return OkStatus();

  std::string sql = "BEGIN EXCLUSIVE;";
  for (int64_t next = version; next < newest; ++next) sql += migrations[next];
  sql += "PRAGMA application_id = " + std::to_string(kApplicationId) + ";";
  sql += "PRAGMA user_version = " + std::to_string(newest) + "; COMMIT;";
  Status status = database.Execute(sql);
  if (!status.ok()) {
    if (!database.idle()) (void)database.Execute("ROLLBACK");
    return status.Annotate("migration from schema " + std::to_string(version));
  }
  return OkStatus();
}

}  // namespace tandem::sqlite
