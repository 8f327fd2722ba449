// A StateStore in memory: the port's semantics without a disk, for tests and simulations.
//
// Rows live as long as the object; nothing survives the process. Thread-safe. Completions run
// through the post function given at construction, never inside Commit, Scan or Get unless that
// function does so.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "tandem/base/synchronized.h"
#include "tandem/state/store.h"

namespace tandem {

/// The rules of StateStore::Commit that need no storage: kInvalidArgument for too many writes, too
/// many bytes, an empty key, or a key that is written twice.
Status CheckCommit(const std::vector<Write>& writes);

class MemoryStore final : public StateStore {
 public:
  using Post = std::function<void(std::function<void()>)>;

  explicit MemoryStore(Post post);
  ~MemoryStore() override;

  void Commit(std::vector<Write> writes, Completion<StoreRevision> done) override;
  void Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) override;
  void Get(std::string key, Completion<Row> done) override;

  /// The next commits fail with `status` and store nothing, until called with ok. For tests of
  /// callers.
  void FailCommits(Status status);
  /// A copy of every row, in key order.
  std::vector<Row> Rows() const;
  /// Replaces everything by `rows`: a store put back from a backup.
  void Restore(const std::vector<Row>& rows);

 private:
  struct Stored {
    std::string value;
    StoreRevision revision = 0;
  };
  struct State {
    std::map<std::string, Stored, std::less<>> rows;
    StoreRevision revision = 0;
    Status failure;
  };

  static Result<StoreRevision> Apply(State& state, std::vector<Write>& writes);

  Post post_;
  Synchronized<State> state_;
};

}  // namespace tandem
