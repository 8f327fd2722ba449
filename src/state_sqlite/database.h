// SQLite's handles with owners, and its error codes as ours. Not thread-safe.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tandem/base/status.h"

namespace tandem::sqlite {

/// A prepared statement. Bind from 1; after the last Step, Reset it before it is used again.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement = nullptr) : statement_(statement) {}

  void BindText(int index, std::string_view text);
  void BindBlob(int index, std::string_view bytes);
  void BindInt(int index, int64_t number);
  /// True: a row is there. False: done.
  Result<bool> Step();
  /// Runs it to its end and resets it.
  Status Run();
  void Reset();
  std::string Bytes(int column) const;
  int64_t Int(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  /// Opens or makes the file.
  static Result<Database> Open(const std::string& path, const std::string& vfs);

  /// Runs one or more statements and ignores their rows.
  Status Execute(const std::string& sql);
  Result<Statement> Prepare(std::string_view sql);
  /// The one number or text that `sql` answers.
  Result<int64_t> QueryInt(std::string_view sql);
  Result<std::string> QueryText(std::string_view sql);
  /// True outside a transaction.
  bool idle() const { return sqlite3_get_autocommit(handle_.get()) != 0; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3, Close> handle_;
};

/// The failure that `handle` saw last.
Status ErrorOf(sqlite3* handle);

}  // namespace tandem::sqlite
