#include "state_sqlite/database.h"

#include "tandem/base/check.h"

namespace tandem::sqlite {

Status ErrorOf(sqlite3* handle) {
  const int code = sqlite3_extended_errcode(handle);
  const std::string message = sqlite3_errmsg(handle);
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return OkStatus();
    case SQLITE_FULL:
      return ResourceExhausted("the disk is full");
    case SQLITE_CORRUPT:
      return DataLoss("the file is damaged: " + message);
    case SQLITE_NOTADB:
      return DataLoss("the file is no database: " + message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return FailedPrecondition("the file is in use");
    case SQLITE_NOMEM:
      return ResourceExhausted("out of memory");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return PermissionDenied(message);
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_CONSTRAINT:
      return Internal(message);
    default:
      return Unavailable(message + " (" + std::to_string(code) + ")");
  }
}

void Statement::BindText(int index, std::string_view text) {
  // SQLITE_STATIC: what is bound outlives the Run or Step that reads it. A null pointer would bind
  // NULL instead of an empty text.
  const char* bytes = text.data() == nullptr ? "" : text.data();
  TANDEM_CHECK(sqlite3_bind_text64(statement_.get(), index, bytes, text.size(), SQLITE_STATIC,
                                   SQLITE_UTF8) == SQLITE_OK);
}

void Statement::BindBlob(int index, std::string_view bytes) {
  TANDEM_CHECK(sqlite3_bind_blob64(statement_.get(), index, bytes.empty() ? "" : bytes.data(),
                                   bytes.size(), SQLITE_STATIC) == SQLITE_OK);
}

void Statement::BindInt(int index, int64_t number) {
  TANDEM_CHECK(sqlite3_bind_int64(statement_.get(), index, number) == SQLITE_OK);
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Status status = ErrorOf(sqlite3_db_handle(statement_.get()));
  if (status.ok()) status = Internal("a statement failed without a reason");
  return status;
}

Status Statement::Run() {
  Status status;
  while (true) {
    const Result<bool> row = Step();
    if (!row.ok()) status = row.status();
    if (!row.ok() || !*row) break;
  }
  Reset();
  return status;
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::string Statement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return size == 0 ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

Result<Database> Database::Open(const std::string& path, const std::string& vfs) {
  sqlite3* handle = nullptr;
  // NOMUTEX: jobs run one at a time.
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                   vfs.empty() ? nullptr : vfs.c_str());
  if (handle == nullptr) return ResourceExhausted("out of memory");
  Database database(handle);
  if (code != SQLITE_OK) return ErrorOf(handle);
  sqlite3_extended_result_codes(handle, 1);
  return database;
}

Status Database::Execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK)
    return OkStatus();
  return ErrorOf(handle_.get());
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
    return ErrorOf(handle_.get());
  return Statement(statement);
}

Result<int64_t> Database::QueryInt(std::string_view sql) {
  TANDEM_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  TANDEM_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return NotFound("no row");
  return statement.Int(0);
}

Result<std::string> Database::QueryText(std::string_view sql) {
  TANDEM_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  TANDEM_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return NotFound("no row");
  return statement.Bytes(0);
}

}  // namespace tandem::sqlite
