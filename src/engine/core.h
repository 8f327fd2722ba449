// The engine's parts, put together; its requests as methods that run on a turn.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/calls/accounts.h"
#include "engine/calls/calls.h"
#include "engine/context.h"
#include "engine/loader.h"
#include "engine/planning/planner.h"
#include "engine/publish/publisher.h"
#include "engine/reconciler.h"
#include "engine/run/runner.h"
#include "engine/run/starter.h"
#include "engine/sight/observer.h"
#include "engine/store/retention.h"
#include "tandem/engine/engine.h"

namespace tandem {

class Engine::Core {
 public:
  Core(EnginePorts ports, EngineSettings settings);
  ~Core();

  bool RunOne();
  std::optional<Time> NextDue() const;

  void Start(std::function<void(Status)> done);
  void WhenReadable(std::function<void()> then);
  void WhenRead(std::function<void()> then);
  void Stop(std::function<void()> done);
  /// `done` once it is durable, so that no daemon started later goes on with the run.
  void Cancel(const std::string& run, const std::string& actor, std::function<void(Status)> done);
  /// Pauses `address`, or everything for "", or lets it go on.
  void SetPaused(const std::string& address, bool paused, const std::string& actor, std::function<void(Status)> done);
  Status Unseen(const std::string& key, const std::vector<std::string>& accounts_asked) const;
  void Refresh(const std::string& address, std::function<void(Status)> done);
  void GetPlan(const std::string& hash,
               std::function<void(Result<std::shared_ptr<const Plan>>)> done);
  std::vector<Event> EventsOf(const EventQuery& query) const;
  std::vector<Revision> History(size_t limit) const;
  Result<std::string> Why(const std::string& address) const;
  std::vector<Metric> Metrics() const;
  Status Usable() const;
  /// R12: is the store older than what stands outside it?
  void CompareWitness();
  void StopRunsOfOldStore();
  /// The key of what a person calls `address`: with or without "@account".
  std::string KeyOf(const std::string& address) const;

  Context context;
  Accounts accounts;
  Calls calls;
  Observer observer;
  Runner runner;
  Planner planner;
  Starter starter;
  Reconciler reconciler;
  Publisher publisher;
  Loader loader;
  Retention retention;

 private:
  void WorkOn(const std::string& key);
  void Verify(const RunWork& run,
              std::function<void(std::map<std::string, std::string>)> done);
  void MaybeStopped();
  /// An answer that is given once something is durable, or when the store turns out not to write.
  struct Awaiting {
    std::function<void(Status)> done;
    std::string done_so_far;  // what holds nevertheless,
    std::string else_;        // and what a daemon makes of it that finds the store without
  };
  void WhenStored(std::vector<RowChange> rows, Awaiting awaiting);
  void TellTrouble(const Status& trouble);
  void PublishMetrics();

  bool started_ = false;
  bool reading_ = true;  // who asks before the start waits as well
  std::vector<std::function<void()>> waiting_for_resources_;
  std::vector<std::function<void()>> waiting_;  // until all is read
  Status failure_;
  std::function<void()> stopped_;
  std::map<std::string, int64_t> reconciles_;
  Synchronized<std::vector<Metric>> metrics_;
  std::vector<std::shared_ptr<Awaiting>> awaiting_store_;
  int64_t turns_ = 0;
  bool metrics_are_old_ = false;
  std::string key_;  // that is in work
};

}  // namespace tandem
