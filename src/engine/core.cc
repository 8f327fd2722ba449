#include "engine/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "engine/store/plan_rows.h"
#include "tandem/base/printable.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {
constexpr Duration kTurn = std::chrono::milliseconds(1);
}  // namespace

Engine::Core::Core(EnginePorts ports, EngineSettings settings)
    : context(std::move(ports), settings,
              [this](Status status) {
                // Somebody else writes this store, or it refused what it never should: whatever comes next
                // would be built on sand. Nothing more is called.
                failure_ = status.Annotate("the store");
                context.stopping = true;
                TellTrouble(failure_);
                if (context.ports.store_lost) context.ports.store_lost(failure_);
                MaybeStopped();
              }),
      accounts(&context),
      calls(&context, &accounts),
      observer(&context, &accounts, &calls),
      runner(&context, &accounts, &calls, &observer),
      planner(&context, &accounts, &observer),
      starter(&context, &planner, &runner),
      reconciler(&context, &runner, &starter),
      publisher(&context, &accounts, &runner),
      loader(&context, &planner, &runner),
      retention(&context) {
  observer.SetBusy([this](const std::string& address) { return runner.Busy(address); });
  accounts.OnOpened([this](const std::string& account) { runner.Wake(account); });
  runner.SetVerify([this](const RunWork& run,
                          std::function<void(std::map<std::string, std::string>)> done) {
    Verify(run, std::move(done));
  });
  runner.OnFinished([this](const Run& run) {
    if (run.mode != PlanMode::kHeal && context.memory.model)
      planner.KnowAccounts(*context.memory.model, true);
    observer.StartResync();
    retention.Trim();
  });
  starter.OnAccepted([this] { observer.StartResync(); });
  starter.OnOvertaken([this](const std::string& plan) { retention.Drop(plan); });
  observer.OnOldStore([this] { runner.StopHeals(); });
  context.writer.OnTrouble([this](const Status& trouble) {
    if (trouble.ok()) return context.Emit(false, "StoreRecovered", "", "", "", "the store is written again");
    starter.StoreTroubled(trouble);
    // It is written once it can be; who watches is told now.
    const RunWork* run = runner.user_run();
    context.Emit(true, "StoreTroubled", "", run == nullptr ? "" : run->run.id, "",
                 fmt::format("nothing more is called until the store can be written: {}", trouble.message()));
    TellTrouble(trouble);
    MaybeStopped();
  });
}

Engine::Core::~Core() { context.inbox->Close(); }

bool Engine::Core::RunOne() {
  bool worked = false;
  const Time begun = context.Now();
  size_t left = std::max<size_t>(1, context.settings.turn);
  const auto more = [&] { return left > 0 && context.Now() - begun < kTurn; };
  // What is posted from now on is for the next turn: work in pieces posts itself again, and the queue has its turn, too.
  for (size_t posted = std::min(context.inbox->size(), std::max<size_t>(2, left) - 1); posted > 0 && more(); --posted) {
    std::function<void()> work = context.inbox->Take();
    if (!work) break;
    work();
    worked = true;
    --left;
  }
  while (more()) {
    std::function<void()> work = context.timers.TakeDue(context.Now());
    if (!work) break;
    work();
    worked = true;
    --left;
  }
  // One key at the least, however long the others took. What is only looked at again leaves its time to a look that
  // somebody waits for, which comes in pieces, a turn each.
  const bool awaited = observer.awaited();
  for (bool first = true; started_ && left > 0 && (first || (more() && !(awaited && context.queue.only_resyncs())));
       first = false) {
    const std::optional<WorkQueue::Out> out = context.queue.Get(context.Now());
    if (!out) break;
    key_.assign(out->key);
    WorkOn(key_);
    context.queue.Done(*out, context.Now());
    worked = true;
    --left;
  }
  // A call waits for nothing but its message to be written; a commit, for the disk.
  context.writer.Flush();
  calls.Flush();
  if (worked) {
    // What is half read is shown to nobody.
    if (!reading_) publisher.Publish();
    for (const std::function<void()>& then : std::exchange(context.after_turn, {})) then();
    metrics_are_old_ = true;
    if (++turns_ % 64 == 1) PublishMetrics();
    MaybeStopped();
  } else if (metrics_are_old_) {
    PublishMetrics();  // before a rest
  }
  return worked;
}

void Engine::Core::WorkOn(const std::string& key) {
  ++reconciles_[key.substr(0, key.find('/', key.find('/') + 1))];
  const bool busy = runner.Work(key);
  reconciler.Work(key, busy && runner.Busy(key));
}

std::optional<Time> Engine::Core::NextDue() const {
  std::optional<Time> due = context.timers.NextDue();
  const std::optional<Time> flush = calls.FlushDue();
  if (flush && (!due || *flush < *due)) due = flush;
  if (started_) {
    const std::optional<Time> queue = context.queue.NextDue();
    if (queue && (!due || *queue < *due)) due = queue;
  }
  return due;
}

Status Engine::Core::Usable() const {
  if (!failure_.ok()) return failure_;
  if (!started_) return Unavailable("the engine is starting");
  if (context.stopping) return Unavailable("the daemon is stopping");
  return OkStatus();
}

void Engine::Core::WhenReadable(std::function<void()> then) {
  if (reading_ && !context.readable) waiting_for_resources_.push_back(std::move(then));
  else then();
}

void Engine::Core::WhenRead(std::function<void()> then) {
  if (reading_) waiting_.push_back(std::move(then));
  else then();
}

void Engine::Core::Start(std::function<void(Status)> done) {
  const auto tell_readable = [this] {
    for (const std::function<void()>& then : std::exchange(waiting_for_resources_, {})) then();
  };
  const auto read = [this, tell_readable, done = std::move(done)](Status status) {
    reading_ = false;
    tell_readable();  // of a failure, too
    if (status.ok()) publisher.Publish();  // who has waited looks at it at once
    done(std::move(status));
    for (const std::function<void()>& then : std::exchange(waiting_, {})) then();
  };
  const auto show = [this, tell_readable] {
    context.readable = true;
    publisher.Publish();
    tell_readable();
  };
  loader.Load(show, [this, read](Status status) {
    if (!status.ok()) {
      failure_ = status;
      read(status);
      return;
    }
    started_ = true;
    context.read = true;
    Memory& memory = context.memory;
    ++memory.epoch;
    CompareWitness();
    if (memory.model) planner.KnowAccounts(*memory.model, true);
    // Accounts that only records know: their deletes use the spec they were applied with (R14).
    for (const auto& [key, resource] : memory.resources)
      if (resource.record && !accounts.Knows(resource.record->account) &&
          !resource.record->account_spec.empty())
        accounts.Know(resource.record->account, resource.record->account_spec.Unpack());
    memory.accounts_touched = true;
    for (const std::string& id : memory.run_order) memory.runs_touched.insert(id);
    loader.Resume();
    for (const std::string& hash : loader.overtaken()) retention.Drop(hash);
    if (memory.old_store) StopRunsOfOldStore();
    retention.Trim();
    for (const auto& [key, resource] : memory.resources)
      context.Wake(key, WorkQueue::Priority::kResync);
    observer.StartResync();
    read(OkStatus());
  });
}

void Engine::Core::CompareWitness() {
  Memory& memory = context.memory;
  const std::optional<WitnessMark>& seen = context.ports.witnessed;
  if (seen && seen->number > 0) {
    const bool blank = memory.uid.empty();
    // A store that knows nothing is of the platform that was here; what carries its mark is ours.
    if (blank) memory.uid = seen->uid;
    if ((blank || memory.uid == seen->uid) && memory.witness < seen->number) {
      memory.old_store = true;
      memory.model_touched = true;
      // What it wrote last is not the last that was written: it overlays no read (R4).
      for (auto& [key, resource] : memory.resources) resource.overlay_until = Time();
      context.Emit(true, "OldStore", "", "", "",
                   fmt::format("the store is older than its witness: it stands at {}, and had come to {}; "
                               "nothing heals and no run goes on until a plan is accepted",
                               memory.witness, seen->number));
    }
    if (memory.uid == seen->uid) memory.witness = std::max(memory.witness, seen->number);
  }
  if (memory.accepted > 0) context.Advance({});
}

void Engine::Core::StopRunsOfOldStore() {
  std::vector<std::string> open;
  for (const auto& [id, run] : context.memory.runs)
    if (run.state == RunState::kOpen) open.push_back(id);
  for (const std::string& id : open) (void)runner.Cancel(id, "tandem");
}

void Engine::Core::Stop(std::function<void()> done) {
  context.stopping = true;
  stopped_ = std::move(done);
  MaybeStopped();
}

void Engine::Core::MaybeStopped() {
  if (!stopped_ || calls.mutating() > 0) return;
  // What a store in trouble did not take was not acted upon either; the next start finds out.
  const bool writes = !context.writer.lost() && context.writer.trouble().ok();
  if (writes && !context.writer.idle()) return;
  std::function<void()> stopped;
  stopped.swap(stopped_);
  stopped();
}

void Engine::Core::Verify(const RunWork& run,
                          std::function<void(std::map<std::string, std::string>)> done) {
  std::set<std::string> addresses;
  for (const auto& [address, steps] : run.by_address) addresses.insert(address);
  planner.PlanAccepted(addresses, [addresses, done = std::move(done)](PlanResult result) {
    std::map<std::string, std::string> differences;
    if (result.plan) {
      for (const Step& step : result.plan->steps) {
        const std::string address = step.address.ToString();
        if (addresses.count(address) == 0) continue;
        std::string what = fmt::format("would {} again", ActionName(step.action));
        for (const FieldChange& change : step.changes) what += " " + change.path;
        differences[address] = what;
      }
    }
    done(std::move(differences));
  });
}

std::string Engine::Core::KeyOf(const std::string& address) const {
  if (context.memory.Find(address) != nullptr) return address;
  if (context.memory.model)
    if (const ModelResource* resource = context.memory.model->Find(address))
      return resource->address.ToString();
  const size_t at = address.rfind('@');
  if (at != std::string::npos && context.memory.Find(address.substr(0, at)) != nullptr)
    return address.substr(0, at);
  return address;
}

void Engine::Core::WhenStored(std::vector<RowChange> rows, Awaiting awaiting) {
  auto waiting = std::make_shared<Awaiting>(std::move(awaiting));
  awaiting_store_.push_back(waiting);
  // Units become durable in order, so what was queued before is when this is.
  context.writer.Commit(std::move(rows), [this, waiting] {
    std::erase(awaiting_store_, waiting);
    if (waiting->done) std::exchange(waiting->done, nullptr)(OkStatus());
  });
  if (!context.writer.trouble().ok()) TellTrouble(context.writer.trouble());
}

void Engine::Core::TellTrouble(const Status& trouble) {
  for (const auto& waiting : std::exchange(awaiting_store_, {}))
    if (waiting->done)
      std::exchange(waiting->done, nullptr)(
          Status(trouble.code(), fmt::format("{}, but the store cannot be written: {}; a daemon started before it can be "
                                             "written again {}",
                                             waiting->done_so_far, trouble.message(), waiting->else_)));
}

void Engine::Core::Cancel(const std::string& run, const std::string& actor,
                          std::function<void(Status)> done) {
  if (const Status status = runner.Cancel(run, actor); !status.ok()) return done(status);
  WhenStored({}, {std::move(done), "nothing more is called", "goes on with the run"});
}

void Engine::Core::SetPaused(const std::string& address, bool paused, const std::string& actor,
                             std::function<void(Status)> done) {
  Memory& memory = context.memory;
  const std::string by = !paused ? "" : actor.empty() ? "somebody" : actor;
  std::vector<RowChange> rows;
  if (address.empty()) {
    memory.paused_by = by;
    rows.push_back(context.PutPlatform());
    for (const auto& [key, resource] : memory.resources)
      context.Wake(key, WorkQueue::Priority::kUser);
  } else {
    Resource* resource = memory.Find(KeyOf(address));
    if (resource == nullptr || (!resource->record && !resource->quarantine)) {
      done(NotFound(fmt::format("nothing is recorded at '{}'", address)));
      return;
    }
    if (!paused && resource->quarantine) {
      // A person decided (R9): the object was adopted or deleted, and may be made again.
      rows.push_back({IntentKey(resource->quarantine->id), std::nullopt});
      resource->quarantine.reset();
    }
    if (resource->record) {
      resource->record.Edit().paused_by = by;
      rows.push_back(Context::Put(*resource->record));
    }
    context.Wake(resource->key(), WorkQueue::Priority::kUser);
    memory.Changed(resource->key());
  }
  context.Emit(false, paused ? "Paused" : "Resumed", address, "", actor, address.empty() ? "everything" : address);
  WhenStored(std::move(rows), {std::move(done), paused ? "it is paused" : "it goes on", "does not know of that"});
}

void Engine::Core::Refresh(const std::string& address, std::function<void(Status)> done) {
  std::vector<std::string> names;
  if (address.empty()) {
    names = accounts.names();
  } else {
    const Resource* resource = context.memory.Find(KeyOf(address));
    const ModelResource* model =
        context.memory.model ? context.memory.model->Find(address) : nullptr;
    if (resource != nullptr && resource->record) names = {resource->record->account};
    else if (model != nullptr) names = {model->account};
    else {
      done(NotFound(fmt::format("nothing is known of '{}'", address)));
      return;
    }
  }
  auto left = std::make_shared<size_t>(names.size() + 1);
  const auto seen = [this, left, key = address.empty() ? "" : KeyOf(address), names, done = std::move(done)] {
    if (--*left == 0) done(Unseen(key, names));
  };
  for (const std::string& name : names) observer.Refresh(name, nullptr, seen);
  seen();
}

// kUnavailable: something of `accounts`, or `key` alone unless it is "", could not be observed.
Status Engine::Core::Unseen(const std::string& key, const std::vector<std::string>& accounts_asked) const {
  size_t count = 0;
  std::string first;
  const auto look = [&](const Resource& resource) {
    if (resource.blind.empty()) return;
    if (count++ == 0) first = fmt::format("{}: {}", resource.key(), resource.blind);
  };
  if (!key.empty()) {
    if (const Resource* resource = context.memory.Find(key)) look(*resource);
  } else {
    for (const auto& [address, resource] : context.memory.resources)
      if (resource.record && std::find(accounts_asked.begin(), accounts_asked.end(), resource.record->account) !=
                                 accounts_asked.end())
        look(resource);
  }
  if (count == 0) return OkStatus();
  return Unavailable(count == 1 ? fmt::format("not observed: {}", first)
                                : fmt::format("{} resources were not observed, of them {}", count, first));
}

void Engine::Core::GetPlan(const std::string& hash,
                           std::function<void(Result<std::shared_ptr<const Plan>>)> done) {
  const auto known = context.memory.plans.find(hash);
  if (known != context.memory.plans.end()) return done(known->second.plan);
  for (const auto& [id, run] : runner.open_runs())
    if (run->run.plan_hash == hash && run->known.plan) return done(run->known.plan);
  // Of a run that has begun, or ended.
  ReadPlan(&context, hash, [hash, done](Result<StoredPlan> stored) {
    if (stored.ok()) return done(stored->plan);
    if (stored.status().code() == Code::kNotFound) return done(NotFound(fmt::format("no plan '{}' is known", hash)));
    done(stored.status());
  });
}

std::vector<Event> Engine::Core::EventsOf(const EventQuery& query) const {
  std::vector<Event> events;
  const std::string key = query.address.empty() ? "" : KeyOf(query.address);
  const auto take = [&](const Event& event) {
    if (!key.empty() && event.address != key) return;
    if (!query.run.empty() && event.run != query.run) return;
    events.push_back(event);
  };
  const auto& kept = context.memory.events;
  const auto first = std::upper_bound(kept.begin(), kept.end(), query.after,
                                      [](int64_t a, const Event& e) { return a < e.sequence; });
  if (!query.newest) {
    for (auto event = first; event != kept.end() && events.size() < query.limit; ++event) take(*event);
    return events;
  }
  for (auto event = kept.end(); event != first && events.size() < query.limit;) take(*--event);
  std::reverse(events.begin(), events.end());
  return events;
}

std::vector<Revision> Engine::Core::History(size_t limit) const {
  std::vector<Revision> revisions;
  const auto& kept = context.memory.revisions;
  for (auto at = kept.rbegin(); at != kept.rend() && revisions.size() < limit; ++at)
    revisions.push_back(at->second);
  return revisions;
}

Result<std::string> Engine::Core::Why(const std::string& address) const {
  const std::string key = KeyOf(address);
  const Memory& memory = context.memory;
  const Resource* resource = memory.Find(key);
  const ModelResource* model = memory.model ? memory.model->Find(key) : nullptr;
  if (model == nullptr && (resource == nullptr || !resource->record))
    return NotFound(fmt::format("nothing is known of '{}'", address));
  std::string text = Printable(key) + "\n";
  const auto line = [&](std::string_view label, const std::string& value) {
    text += fmt::format("  {:<10} {}\n", label, Printable(value));
  };
  if (model != nullptr && model->document && model->document->source) {
    const Position place = PositionAt(*model->document->source, model->document->begin);
    line("document", fmt::format("{}:{} (revision {})", model->document->source->name, place.line,
                                 memory.accepted));
  } else {
    line("document", "none in the accepted model");
  }
  if (resource != nullptr && resource->record) {
    const Record& record = *resource->record;
    line("record", fmt::format("'{}' in account '{}', settled under revision {} by {}{}",
                               record.identity, record.account, record.generation, record.run,
                               record.protected_ ? ", protected" : ""));
    for (const Deposed& deposed : record.deposed)
      line("", fmt::format("'{}' was replaced and waits to be deleted", deposed.identity));
  } else {
    line("record", "none: it was never applied");
  }
  if (resource != nullptr && resource->quarantine)
    line("intent", fmt::format("quarantined: {}", resource->quarantine->error));
  if (resource != nullptr && !resource->blind.empty()) {
    line("observed", fmt::format("cannot be observed: {}", resource->blind));
  } else if (resource != nullptr && resource->seen) {
    line("observed", resource->seen->exists
                         ? fmt::format("'{}'{} at {}", resource->seen->identity,
                                       resource->seen->state.empty() ? "" : ", " + resource->seen->state,
                                       FormatTime(resource->seen_at))
                         : fmt::format("gone at {}", FormatTime(resource->seen_at)));
  }
  if (resource != nullptr && !resource->drift.empty())
    line("drift", fmt::format("{}{}", fmt::join(resource->drift, ", "),
                              resource->drift_plan.empty()
                                  ? ""
                                  : "; to set it back: tandem approve " + resource->drift_plan));
  for (const auto& [id, run] : runner.open_runs()) {
    const auto steps = run->by_address.find(key);
    if (steps == run->by_address.end()) continue;
    for (const size_t i : steps->second) {
      const StepRow& row = run->rows[i];
      line("step", fmt::format("{} in {}: {}{}", row.action, id, StepStateName(row.state),
                               row.error.empty() ? "" : " (" + row.error + ")"));
      if (!run->step(i).why.empty()) line("", run->step(i).why);
    }
  }
  if (resource != nullptr)
    for (const Condition& condition : *resource->conditions)
      if (condition.status != ConditionStatus::kTrue || condition.type != "Ready")
        if (!condition.message.empty())
          line(condition.type, fmt::format("{}: {}", condition.reason, condition.message));
  std::vector<const Event*> last;
  for (auto event = memory.events.rbegin(); event != memory.events.rend() && last.size() < 5; ++event)
    if (event->address == key) last.push_back(&*event);
  for (auto event = last.rbegin(); event != last.rend(); ++event)
    line("event", fmt::format("{} {}: {}", FormatTime((*event)->time), (*event)->reason,
                              (*event)->message));
  return text;
}

void Engine::Core::PublishMetrics() {
  metrics_are_old_ = false;
  std::vector<Metric> metrics;
  const auto add = [&](std::string name, double value, bool counter,
                       std::vector<std::pair<std::string, std::string>> labels = {}) {
    metrics.push_back({std::move(name), std::move(labels), value, counter, std::nullopt});
  };
  const WorkQueue::Counters& queue = context.queue.counters();
  add("tandem_workqueue_depth", static_cast<double>(context.queue.depth()), false, {{"name", "address"}});
  add("tandem_workqueue_adds_total", static_cast<double>(queue.adds), true, {{"name", "address"}});
  add("tandem_workqueue_retries_total", static_cast<double>(queue.retries), true,
      {{"name", "address"}});
  add("tandem_workqueue_queue_duration_seconds", static_cast<double>(queue.waited.count()) / 1e6, true,
      {{"name", "address"}});
  metrics.back().count = static_cast<uint64_t>(queue.gets);
  for (const auto& [kind, count] : reconciles_)
    add("tandem_reconcile_total", static_cast<double>(count), true, {{"controller", kind}});
  add("tandem_reconcile_active_workers", static_cast<double>(runner.active()), false);
  for (const auto& [key, count] : calls.counters().requests)
    add("tandem_provider_requests_total", static_cast<double>(count), true,
        {{"provider", key.first}, {"method", key.second}});
  for (const auto& [key, count] : calls.counters().errors)
    add("tandem_provider_errors_total", static_cast<double>(count), true,
        {{"provider", key.first}, {"class", key.second}});
  add("tandem_provider_throttled_total", static_cast<double>(context.limits.throttled()), true);
  add("tandem_store_commits_total", static_cast<double>(context.writer.counters().commits), true);
  add("tandem_store_writes_total", static_cast<double>(context.writer.counters().writes), true);
  add("tandem_store_failures_total", static_cast<double>(context.writer.counters().failures), true);
  add("tandem_store_trouble", context.writer.trouble().ok() ? 0 : 1, false);
  add("tandem_drift_resources", static_cast<double>(publisher.drifted()), false);
  add("tandem_resources", static_cast<double>(publisher.recorded()), false);
  if (const RunWork* run = runner.user_run())
    add("tandem_plan_changes", static_cast<double>(run->rows.size()), false);
  add("tandem_plans_of_few_total", static_cast<double>(planner.few()), true);
  add("tandem_heals_total", static_cast<double>(reconciler.heals()), true);
  metrics_.With([&](std::vector<Metric>& shown) { shown.swap(metrics); });
}

std::vector<Engine::Metric> Engine::Core::Metrics() const {
  return metrics_.With([](const std::vector<Metric>& shown) { return shown; });
}

}  // namespace tandem
