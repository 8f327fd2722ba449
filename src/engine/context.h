// What the engine's parts share: ports, time, queue, store and memory. Owned by the engine; every
// member is used on its turn only, except the inbox.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/calls/rate_limits.h"
#include "engine/memory/memory.h"
#include "engine/store/store_writer.h"
#include "engine/turns/backoff.h"
#include "engine/turns/inbox.h"
#include "engine/turns/timers.h"
#include "engine/turns/work_queue.h"
#include "tandem/engine/engine.h"

namespace tandem {

/// How long after its deadline a call may still be answered.
inline constexpr Duration kCallGrace = std::chrono::seconds(5);

struct Context {
  Context(EnginePorts p, EngineSettings s, std::function<void(Status)> store_lost);

  EnginePorts ports;
  EngineSettings settings;
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  Timers timers;
  WorkQueue queue;
  Backoff backoff;
  RateLimits limits;
  StoreWriter writer;
  Memory memory;
  bool readable = false;  // every resource with what was seen of it
  bool read = false;      // the whole store
  bool stopping = false;
  std::vector<Change> changes;  // of this turn, for watchers; numbered when published
  std::vector<std::function<void()>> after_turn;

  Time Now() const { return ports.clock->Now(); }
  std::shared_ptr<const Kind> FindKind(const KindName& name) const {
    return ports.catalog->Find(name);
  }

  /// Wraps `done` so that it runs in a turn, from whatever thread it is called.
  template <typename T>
  std::function<void(T)> InTurn(std::function<void(T)> done) {
    return [inbox = inbox, done = std::move(done)](T value) {
      // shared_ptr: std::function wants a copyable closure, and answers may be large.
      auto held = std::make_shared<T>(std::move(value));
      inbox->Post([done, held] { done(std::move(*held)); });
    };
  }

  /// Runs `then` at the end of this turn, behind what it commits and calls: nothing waits for an answer to a caller.
  void AfterTurn(std::function<void()> then) { after_turn.push_back(std::move(then)); }

  /// Runs `piece` now and in turns after this one until it says that nothing is left, so that what comes meanwhile
  /// does not wait for all of it.
  void InPieces(std::function<bool()> piece);

  /// Runs `work` on the executor and `then` in a turn after it.
  template <typename T>
  void Background(std::function<T()> work, std::function<void(T)> then) {
    ports.executor->Run([work = std::move(work), then = InTurn<T>(std::move(then))] {
      then(work());
    });
  }

  void Wake(const std::string& key, WorkQueue::Priority priority) {
    queue.Add(key, priority, Now());
  }

  /// Stores the event and tells watchers.
  void Emit(bool warning, std::string reason, std::string address, std::string run,
            std::string actor, std::string message);

  /// R1: whether the accepted model has a change at `resource` that did not settle; adds the row that
  /// keeps it, if it is another than before.
  void SetUnapplied(Resource& resource, bool unapplied, std::vector<RowChange>* rows);

  // Rows of what changed, for a unit of the writer.
  static RowChange Put(const Record& record);
  static RowChange Put(const Observation& observation);
  static RowChange Put(const Intent& intent);
  static RowChange Put(const Run& run);
  static RowChange Put(const StepRow& row);
  static RowChange Put(const Approval& approval);
  RowChange PutPlatform() const;
  /// Commits `rows` with a greater witness, which then goes outside the store (R12).
  void Advance(std::vector<RowChange> rows, std::function<void()> durable = {});
  /// Runs `then` once no witness is under way, at once if none is: what a store from before the run would not
  /// know of is not called before there is something that tells so.
  void WhenWitnessed(std::function<void()> then);

 private:
  void Witnessed();

  size_t witnessing_ = 0;  // under way
  std::vector<std::function<void()>> unwitnessed_;
};

}  // namespace tandem
