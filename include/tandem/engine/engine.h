// The engine: keeps the accepted model true (DESIGN.md section 6).
//
// It has no thread. `Post` queues work from any thread; `RunOne` does one turn's worth on the caller's.
// Everything else here may be called from any thread: requests are posted, and their completions run
// inside a turn. Time, randomness, disk and providers are ports. One engine keeps one platform.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/random.h"
#include "tandem/base/status.h"
#include "tandem/engine/executor.h"
#include "tandem/engine/snapshot.h"
#include "tandem/model/source.h"
#include "tandem/plan/plan.h"
#include "tandem/provider/provider.h"
#include "tandem/schema/kind.h"
#include "tandem/secrets/secrets.h"
#include "tandem/state/store.h"

namespace tandem {

/// How far the store of a platform had come when somebody last looked. Kept outside the store: a store
/// that has come less far is an old one, put back (R12).
struct WitnessMark {
  std::string uid;  // of the platform
  int64_t number = 0;
  friend bool operator==(const WitnessMark&, const WitnessMark&) = default;
};

struct EnginePorts {
  StateStore* store = nullptr;
  const Clock* clock = nullptr;
  Random* random = nullptr;
  Executor* executor = nullptr;
  SecretSource* secrets = nullptr;
  const Catalog* catalog = nullptr;
  /// The provider that serves accounts of `name` ("aws"); null pointer when there is none.
  std::function<Provider*(const std::string& name)> provider;
  ParallelFor parallel;    // for parsing; may be empty
  std::string secret_key;  // HMAC key for digests of secrets (R15)
  std::optional<WitnessMark> witnessed;             // what stands outside; nullopt: nothing yet
  /// Puts it there, and calls `done` on any thread once it is there or cannot be; may be empty.
  std::function<void(const WitnessMark&, std::function<void()> done)> witness;
  /// Once, when the store is lost: somebody else writes it, or it must be opened again. Nothing is called or stored from
  /// then on, until a new start. May be empty.
  std::function<void(const Status&)> store_lost;
  /// Each event as it happens, whether or not it can be stored; on the engine's thread. May be empty.
  std::function<void(const Event&)> happened;
};

struct EngineSettings {
  Duration resync = std::chrono::minutes(10);  // full observation of every account
  bool heal = true;                            // false: drift is only reported
  size_t in_flight = 256;                      // mutating calls at once, over all accounts
  size_t in_flight_account = 64;
  Duration backoff_first = std::chrono::milliseconds(200);
  Duration backoff_most = std::chrono::minutes(2);
  Duration run_lifetime = std::chrono::hours(24);
  Duration approval_lifetime = std::chrono::hours(24);
  Duration call_timeout = std::chrono::seconds(60);  // deadline of one provider call
  size_t events_kept = 10'000;
  size_t runs_kept = 1'000;  // with their steps and plans; the accepted revision's run always
  size_t turn = 128;  // pieces of work in one turn, at most
};

/// Which events are asked for; "" is of any.
struct EventQuery {
  std::string address;
  std::string run;
  int64_t after = 0;    // a sequence
  size_t limit = 1000;  // the first so many of them,
  bool newest = false;  // or the last
};

/// Why a request was refused, so that the command line can choose its exit code.
enum class Refusal { kNone, kConfiguration, kSignIn, kResource, kPolicy, kNotFound, kBusy, kInternal };

struct PlanRequest {
  std::vector<std::shared_ptr<const SourceText>> sources;  // the whole model (R2), or what changed
  /// Digest of the accepted model: `sources` are then the files that differ from its files, each whole,
  /// and `removed` names those that are gone. Another accepted model is kNotFound.
  std::string over;
  std::vector<std::string> removed;
  std::vector<std::string> targets;                        // addresses; empty: everything
  std::optional<int64_t> delete_budget;
  /// Instead of sources: the model of that accepted revision; 0 is the one before the accepted one.
  std::optional<int64_t> undo_to;
  PlanMode mode = PlanMode::kApply;  // kUndo: the sources are those of a saved plan that undoes
  std::string actor;
  bool refresh = true;             // observe before planning
};

struct PlanAnswer {
  Refusal refusal = Refusal::kNone;
  std::string message;       // when refused
  Diagnostics diagnostics;   // errors when refused for configuration; warnings otherwise
  std::shared_ptr<const Plan> plan;  // kept under its hash until the accepted revision moves on
};

struct StartRequest {
  std::string hash;      // of a plan made by this engine, or
  std::shared_ptr<const Plan> plan;  // a saved one: made again and compared (R3)
  /// That the saved plan was made from; without them it is the one kept under its hash, or refused.
  std::vector<std::shared_ptr<const SourceText>> sources;
  std::string actor;
  bool auto_approve = false;
};

struct StartAnswer {
  Refusal refusal = Refusal::kNone;
  std::string message;
  bool pending = false;  // stored; waits for `approve HASH`
  std::string run;
  std::string hash = {};  // of the plan that waits
};

/// Something that happened; in order, each once. One of the pointers is set, or `address` is.
struct Change {
  int64_t sequence = 0;
  std::shared_ptr<const Event> event;
  std::shared_ptr<const StepRow> step;
  std::shared_ptr<const Run> run;
  std::string address;  // of a resource whose view changed, or ""
};

class Engine {
 public:
  Engine(EnginePorts ports, EngineSettings settings);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // --- turning it ---

  /// Queues `work` for a turn.
  void Post(std::function<void()> work);
  /// Does what is queued or due, at most about 1 ms of it. False when there was nothing.
  bool RunOne();
  /// When the next timer is due; nullopt when none is set.
  std::optional<Time> NextDue() const;
  /// Called (from any thread, often) when there is something for RunOne.
  void OnWork(std::function<void()> wake);

  /// Reads the store, settles what a crash left open, then begins to observe. `done` when all is read, or it
  /// cannot be. Requests wait for that.
  void Start(std::function<void(Status)> done);
  /// Issues no more calls; `done` when none is in flight. Intents of calls that have not come back by
  /// the caller's patience stay open and are settled at the next start.
  void Stop(std::function<void()> done);

  // --- asking it; completions run inside a turn ---

  /// `then` inside a turn, once the snapshot has every resource with what was recorded and seen of it, or a
  /// Start that is under way has failed.
  void WhenReadable(std::function<void()> then);
  /// `then` inside a turn, once a Start that is under way has read all or failed.
  void WhenRead(std::function<void()> then);

  void MakePlan(PlanRequest request, std::function<void(PlanAnswer)> done);
  void StartRun(StartRequest request, std::function<void(StartAnswer)> done);
  void Approve(std::string hash, std::string actor, std::function<void(StartAnswer)> done);
  void Cancel(std::string run, std::string actor, std::function<void(Status)> done);
  void Unprotect(std::string address, std::string actor, std::function<void(StartAnswer)> done);
  /// "" pauses or resumes all.
  void Pause(std::string address, std::string actor, std::function<void(Status)> done);
  void Resume(std::string address, std::string actor, std::function<void(Status)> done);
  /// Observes now; "" for every account.
  void Refresh(std::string address, std::function<void(Status)> done);

  void GetPlan(std::string hash, std::function<void(Result<std::shared_ptr<const Plan>>)> done);
  /// In order of time.
  void GetEvents(EventQuery query, std::function<void(Result<std::vector<Event>>)> done);
  void GetHistory(size_t limit, std::function<void(Result<std::vector<Revision>>)> done);
  /// Why `address` is as it is: its document, record, drift, open steps and last events, as text.
  void Why(std::string address, std::function<void(Result<std::string>)> done);

  /// Thread-safe, never null.
  std::shared_ptr<const Snapshot> snapshot() const;
  /// Calls `each` inside turns with changes after `after`; returns an id for Unwatch. When the engine no
  /// longer remembers `after`, kOutOfRange.
  Result<int64_t> Watch(int64_t after, std::function<void(const Change&)> each);
  void Unwatch(int64_t id);

  /// Counters for /metrics: name and labels → value, as client-go and controller-runtime name them. What
  /// each means says MetricHelp.
  struct Metric {
    std::string name;
    std::vector<std::pair<std::string, std::string>> labels;
    double value = 0;
    bool counter = true;
    std::optional<uint64_t> count;  // makes it a summary: so many waits or the like, `value` their sum
  };
  std::vector<Metric> Metrics() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tandem
