// The state store on one machine: a StateStore in an SQLite file (docs/state.md).
//
// One process keeps a store open at a time. A commit is on the disk when its completion says so:
// WAL, synchronous=FULL. Starts no thread: everything that touches the file runs as a job of
// `work`.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tandem/base/status.h"
#include "tandem/state/store.h"

namespace tandem {

struct SqliteOptions {
  std::string path;  // of the file; its folder exists
  std::string vfs;   // SQLite's name of the file layer; "" for the system's
  /// Runs jobs one after the other in the order given, on any thread. Jobs block on the disk.
  std::function<void(std::function<void()>)> work;
  /// Runs completions, on any thread.
  std::function<void(std::function<void()>)> post;
};

/// Opens or makes the store, on the caller's thread, and migrates an older one.
///
/// kFailedPrecondition: another process holds it (named by its pid when the system tells), a newer
/// tandem wrote it, or the file is some other program's. kDataLoss: it is damaged.
/// kResourceExhausted: the disk is full. kUnavailable: any other failure to read or write.
///
/// The file closes when the store is gone and `work` has no job of it left.
Result<std::unique_ptr<StateStore>> OpenSqliteStore(SqliteOptions options);

}  // namespace tandem
