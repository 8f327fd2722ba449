// What tandem remembers, durably: rows of bytes under keys, each with the revision that wrote it.
//
// Every write names the revision it read. If one is stale, the whole commit fails with kAborted and
// changes nothing, so two writers can never overwrite each other silently. Keys sort by bytes. The
// layout of keys is in state/keys.h; values are canonical JSON.
//
// Thread-safe. Never blocks: completions run on the executor given when the adapter was opened.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tandem/base/status.h"

namespace tandem {

/// Grows by one with every commit of the store. 0 names "no such row".
using StoreRevision = int64_t;

struct Write {
  std::string key;
  std::optional<std::string> value;  // nullopt deletes
  /// The row's revision when it was read; 0: the row must not exist; nullopt: whatever is there.
  std::optional<StoreRevision> expected;
};

struct Row {
  std::string key;
  std::string value;
  StoreRevision revision = 0;
};

struct Page {
  std::vector<Row> rows;
  bool more = false;  // continue after rows.back().key
};

template <typename T>
using Completion = std::function<void(Result<T>)>;

constexpr size_t kMaxWrites = 100;
constexpr size_t kMaxCommitBytes = 1 << 20;

class StateStore {
 public:
  virtual ~StateStore() = default;

  /// Stores all of `writes` durably, or none; at most kMaxWrites and kMaxCommitBytes together
  /// (kInvalidArgument). `done` gets the new revision, kAborted (somebody wrote first), kUnavailable
  /// (nothing was written, trying again may help), kResourceExhausted (the disk is full), or, for good, kDataLoss or
  /// kFailedPrecondition (it stopped after a failure, and must be opened again).
  virtual void Commit(std::vector<Write> writes, Completion<StoreRevision> done) = 0;

  /// Rows with keys that start with `prefix` and are greater than `after`, at most `limit`, in key order.
  virtual void Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) = 0;

  /// kNotFound when there is no such row.
  virtual void Get(std::string key, Completion<Row> done) = 0;

  /// Nothing has been written for a while: a time for what would hold up a commit. What comes meanwhile waits.
  virtual void Tidy() {}
};

}  // namespace tandem
