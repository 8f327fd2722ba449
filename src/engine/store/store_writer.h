// The one writer of the store: gathers what turns produce and commits it in groups.
//
// Units are all-or-nothing and become durable in the order given; rows that have time fill up what units leave of a
// group. One commit is under way at a time; what comes meanwhile is the next group, so that groups grow with load and no timer is needed. One that is full before
// its turn is made ready, and goes to the store as soon as the one before it is durable: the store does not wait for the
// engine's turn to end. Each write names the revision at which its row was last seen. Not thread-safe; the store's
// completion is posted to the inbox.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/turns/backoff.h"
#include "engine/turns/inbox.h"
#include "engine/turns/timers.h"
#include "tandem/base/clock.h"
#include "tandem/base/status.h"
#include "tandem/base/synchronized.h"
#include "tandem/state/store.h"

namespace tandem {

struct RowChange {
  std::string key;
  std::optional<std::string> value;  // nullopt deletes
  bool content_addressed = false;    // may exist already, and then equals: no revision is named
};

class StoreWriter {
 public:
  static constexpr size_t kGroup = 64;
  static constexpr Duration kRest = std::chrono::milliseconds(100);  // without a commit, then the store tidies up

  /// `lost` is called once, when somebody else wrote or the store refused what it never should.
  StoreWriter(StateStore* store, const Clock* clock, Timers* timers, std::shared_ptr<Inbox> inbox,
              Random* random, std::function<void(Status)> lost);
  /// From then on nothing more is given to the store, but for a call of it that has begun.
  ~StoreWriter();

  /// Called when the store begins to refuse writes for now, and with ok when it takes them again.
  void OnTrouble(std::function<void(const Status&)> troubled) { troubled_ = std::move(troubled); }

  /// A row that was read at start.
  void Loaded(const std::string& key, StoreRevision revision);
  bool Knows(const std::string& key) const { return revisions_.count(key) > 0; }

  /// Queues a unit of at most kMaxWrites rows; `durable` runs in a turn once it is stored.
  void Commit(std::vector<RowChange> unit, std::function<void()> durable = {});
  /// Queues units that are made when it is their turn: each call gives the rows of one, no row is the end.
  void CommitPieces(std::function<std::vector<RowChange>()> next);
  /// Queues a row for a time when no unit waits that is not in the group: it may come after any later unit, but not
  /// before an earlier one, nor after one that writes the same row, which is then the only one. What was seen is such
  /// a row; it can be seen again.
  void CommitInTime(RowChange row);
  /// Sends the next group if none is under way, or makes it ready if it is full. Called at the end of each turn.
  void Flush();

  bool idle() const { return !group_ && units_.empty() && in_time_.empty(); }
  /// Why commits are failing for now (disk full, store away), or ok.
  const Status& trouble() const { return trouble_; }
  bool lost() const { return is_lost_; }

  struct Counters {
    int64_t commits = 0;
    int64_t writes = 0;
    int64_t failures = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  struct Unit {
    std::vector<RowChange> rows;
    std::function<void()> durable;
    std::function<std::vector<RowChange>()> next = {};  // makes the units that come here; it has no rows itself
  };
  /// What one commit stores.
  struct Group {
    std::vector<Write> writes;
    size_t units = 0;           // how many of units_ it holds
    std::vector<size_t> again;  // writes of rows that the group before it writes as well

    /// The writes, once the group before it is stored at `revision`.
    std::vector<Write> After(StoreRevision revision) const;
  };
  using GroupPtr = std::shared_ptr<const Group>;
  /// What the store's thread needs to go on by itself; outlives the writer, as completions do.
  struct Line {
    StateStore* store;
    std::shared_ptr<Inbox> inbox;
    Synchronized<GroupPtr> next;  // null pointer: nothing is ready, or it was taken
  };

  /// The unit at `i` of the queue, made if it has to be; null pointer behind the last.
  const Unit* At(size_t i);
  Write WriteOf(const RowChange& row) const;
  /// Whole units from the front of what is in no group yet, as many as fit, then rows that have time. `before` is under
  /// way, or null.
  GroupPtr Gather(const Group* before);
  /// Whether what is in no group yet fills one.
  bool EnoughWaits() const;
  void Send();
  static GroupPtr TakeNext(Line& line);
  static void Submit(const std::shared_ptr<Line>& line, StoreWriter* writer, std::vector<Write> writes);
  void Completed(Result<StoreRevision> result);
  void TidyAtRest();

  const std::shared_ptr<Line> line_;
  const Clock* clock_;
  Timers* timers_;
  Backoff backoff_;
  std::function<void(Status)> lost_;
  std::function<void(const Status&)> troubled_;

  std::unordered_map<std::string, StoreRevision> revisions_;  // looked up, never iterated
  std::deque<Unit> units_;
  std::unordered_map<std::string, RowChange> in_time_;  // looked up, never iterated
  std::deque<std::string> in_time_order_;               // keys; one that is not in there has been written since
  size_t rows_waiting_ = 0;    // in units_ that are in no group
  GroupPtr group_;             // under way, or null pointer
  GroupPtr ready_;             // comes after it; null pointer: it is not full yet
  StoreRevision stored_ = 0;   // of the last group
  Time completed_;             // the last commit
  bool tidying_ = false;       // a timer is set
  bool is_lost_ = false;
  Status trouble_;
  Counters counters_;
};

}  // namespace tandem
