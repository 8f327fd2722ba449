#include "engine/run/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tandem/state/keys.h"

namespace tandem {
namespace {
constexpr size_t kRunsWithSteps = 20;

std::string KindIsGone(const Address& address) {
  return fmt::format("kind {} is not known any more", address.kind_name().ToString());
}

// What a run ends as that is stopping: until it has ended, its message says so.
RunState EndOf(const Run& stopping) {
  for (const RunState end : {RunState::kSuperseded, RunState::kExpired})
    if (stopping.message == RunStateName(end)) return end;
  return RunState::kCancelled;
}
}

Runner::Runner(Context* context, Accounts* accounts, Calls* calls, Observer* observer)
    : context_(*context), machine_(context, accounts, calls, observer) {
  machine_.OnEnd([this](StepWork& work) { Ended(work); });
  machine_.OnRow([this](RunWork& run, size_t index) { RowChanged(run, index); });
}

const RunWork* Runner::user_run() const {
  const auto found = runs_.find(user_run_);
  return found == runs_.end() ? nullptr : found->second.get();
}

StepList Runner::StepsOf(const std::string& run) const {
  if (const auto open = runs_.find(run); open != runs_.end()) return open->second->view;
  const auto ended = ended_.find(run);
  return ended == ended_.end() ? StepList() : ended->second;
}

const StepWork* Runner::ActiveOf(const std::string& address) const {
  const auto found = active_.find(address);
  return found == active_.end() ? nullptr : found->second.get();
}

std::string Runner::Start(KnownPlan known, const std::string& actor,
                          std::function<void()> durable) {
  Run run;
  run.id = "run-" + context_.ports.random->Hex(10);
  run.plan_hash = known.plan->hash;
  run.mode = known.plan->mode;
  run.from = known.plan->from;
  run.to = known.plan->to;
  run.actor = actor;
  run.created = context_.Now();
  const std::string id = run.id;
  context_.memory.runs[id] = run;
  context_.memory.run_order.push_back(id);
  context_.memory.runs_touched.insert(id);
  context_.Emit(false, "RunStarted", "", id, actor,
                fmt::format("{} of {} steps, plan {}", PlanModeName(run.mode), known.plan->steps.size(),
                            run.plan_hash));
  // Units become durable in order: by then the plan is in the store as well.
  context_.Advance({Context::Put(run)}, [this, id, durable = std::move(durable)] {
    if (const auto stored = runs_.find(id); stored != runs_.end()) stored->second->known.plan.reset();
    if (durable) durable();
  });
  Open(RunWork::Make(std::move(run), std::move(known), {}));
  return id;
}

void Runner::Open(std::unique_ptr<RunWork> made) {
  RunWork& run = *made;
  const std::string id = run.run.id;
  runs_[id] = std::move(made);
  if (run.run.mode == PlanMode::kHeal) {
    for (const auto& [address, steps] : run.by_address) heals_[address] = id;
  } else {
    user_run_ = id;
    ExpireAt(run);
  }
  for (const auto& [address, steps] : run.by_address) context_.memory.Touch(address);
  for (const size_t index : run.Ready())
    context_.Wake(run.rows[index].address.ToString(), WorkQueue::Priority::kUser);
  MaybeFinish(run);
}

Time Runner::Expires(const Run& run) const {
  return run.created + context_.settings.run_lifetime;
}

void Runner::ExpireAt(const RunWork& run) {
  const std::string id = run.run.id;
  context_.timers.At(Expires(run.run), [this, id] {
    const auto found = runs_.find(id);
    if (found == runs_.end() || found->second->run.state != RunState::kOpen) return;
    Stop(*found->second, RunState::kExpired);
  });
}

void Runner::Resume(Run run, KnownPlan known, const std::vector<StepRow>& rows,
                    const std::vector<Intent>& intents) {
  const std::string id = run.id;
  auto made = RunWork::Make(std::move(run), std::move(known), rows);
  RunWork& work = *made;
  work.known.plan.reset();
  // A run may have expired while no process was there (R1).
  std::optional<RunState> ends_as;
  if (work.run.state == RunState::kStopping)
    ends_as = EndOf(work.run);
  else if (work.run.mode != PlanMode::kHeal && Expires(work.run) <= context_.Now())
    ends_as = RunState::kExpired;
  // Calls whose outcome is not known are looked after before anything else of the run.
  std::map<int64_t, size_t> index;
  for (size_t i = 0; i < work.rows.size(); ++i) index[work.rows[i].id] = i;
  runs_[id] = std::move(made);
  for (const Intent& intent : intents) {
    const auto found = index.find(intent.step);
    if (found == index.end()) continue;
    std::shared_ptr<StepWork> step = MakeWork(work, found->second);
    if (!step) {
      GiveUp(work, intent);
      if (!IsFinal(work.rows[found->second].state)) FailForKind(work, found->second);
      continue;
    }
    step->intent = intent;
    // Somebody may have set the clock between two daemons: a stored deadline that is past, or too far off, says
    // nothing. The call may be under way for as long as its time limit from now.
    const Time latest = context_.Now() + context_.settings.call_timeout;
    if (intent.deadline < context_.Now() || intent.deadline > latest) step->intent->deadline = latest;
    step->token_over = intent.created > context_.Now();
    step->account = intent.account;
    step->composed = true;
    step->absent_before = intent.absent_before;
    step->list_before = intent.list_before;
    const Value request = intent.request.Unpack();
    PlannedCall call;
    call.name = intent.call;
    if (const Value* changed = request.Find("changed"); changed && changed->is_list())
      for (const Value& member : changed->as_list()) call.carries.push_back(member.as_string());
    if (const Value* desired = request.Find("desired")) step->sent = *desired;
    if (const Value* settles = request.Find("settles")) step->desired = *settles;
    const Action action = work.step(found->second).action;
    const bool removes = intent.call == step->kind->DeleteCall().name;
    const bool final_row = IsFinal(work.rows[found->second].state);
    if (removes && (final_row || (action != Action::kDelete && action != Action::kReplace))) {
      step->removes_deposed = true;  // what a replace of this run left behind
      step->extra = true;
      step->identity = intent.identity;
    } else if (removes && action == Action::kReplace) {
      call.removes = intent.identity;
      step->old_identity = intent.identity;
    } else if (intent.call != "create") {
      step->identity = intent.identity;
    } else if (const Resource* resource = context_.memory.Find(step->key);
               resource && resource->record) {
      step->old_identity = resource->record->identity;
    }
    step->calls = {call};
    step->at = 0;
    // The calls after this one are composed anew once it has settled.
    if (call.name == "create" || !call.removes.empty()) {
      for (PlannedCall& next : PlanCreate(*step->kind, step->desired))
        if (call.name != "create" || next.name != "create") step->calls.push_back(std::move(next));
    } else if (call.name.rfind("update", 0) == 0 && action == Action::kCreate) {
      bool after = false;
      for (PlannedCall& next : PlanCreate(*step->kind, step->desired)) {
        const bool same = next.name == call.name;
        if (after) step->calls.push_back(std::move(next));
        after |= same;
      }
    }
    step->rest_unknown = !removes && action != Action::kCreate && call.name != "create";
    step->phase = intent.handle.empty() ? Phase::kRecover : Phase::kPoll;
    machine_.TakeUp(*step);
    active_[step->key] = step;
    context_.Wake(step->key, WorkQueue::Priority::kUser);
  }
  if (work.run.mode == PlanMode::kHeal) {
    for (const auto& [address, steps] : work.by_address) heals_[address] = id;
  } else {
    user_run_ = id;
    ExpireAt(work);
  }
  if (ends_as) {
    for (size_t i = 0; i < work.rows.size(); ++i) TakeUp(work, i);
    Stop(work, *ends_as);
    return;
  }
  for (const size_t i : work.Ready())
    context_.Wake(work.rows[i].address.ToString(), WorkQueue::Priority::kUser);
  for (size_t i = 0; i < work.rows.size(); ++i)
    if (work.rows[i].state == StepState::kFailed || work.rows[i].state == StepState::kVoid)
      Block(work, i);
  MaybeFinish(work);
}

// A step of a run that is stopping, all of whose calls were made: what is left is to wait for their effect.
void Runner::TakeUp(RunWork& run, size_t index) {
  const StepRow& row = run.rows[index];
  if (row.call == 0 || row.state != StepState::kWaiting) return;
  if (active_.count(row.address.ToString()) > 0) return;
  std::shared_ptr<StepWork> work = MakeWork(run, index);
  if (!work) return;
  work->composed = true;
  if (run.step(index).action == Action::kDelete) {
    work->calls = {{work->kind->DeleteCall().name, {}, ""}};
    work->at = 1;
    work->phase = Phase::kAwaitGone;
  } else {
    const Resource* resource = context_.memory.Find(work->key);
    if (resource == nullptr || !resource->record) return;
    work->desired = work->sent = resource->record->recorded.Unpack();
    work->calls.clear();
    work->at = 0;
    work->phase = Phase::kAwait;
  }
  active_[work->key] = work;
  context_.Wake(work->key, WorkQueue::Priority::kUser);
}

std::shared_ptr<StepWork> Runner::MakeWork(RunWork& run, size_t index) {
  const Step& step = run.step(index);
  auto work = std::make_shared<StepWork>();
  work->run = &run;
  work->index = index;
  work->key = run.rows[index].address.ToString();
  work->kind = context_.FindKind(run.rows[index].address.kind_name());
  const Resource* resource = context_.memory.Find(work->key);
  work->account = step.account.empty() && resource && resource->record ? resource->record->account
                                                                       : step.account;
  if (!work->kind) return nullptr;
  const StepRow& row = run.rows[index];
  // R13: what is deleted is what was there when it was planned, also when this run has put another in its place.
  const bool another = step.action == Action::kDelete && resource && resource->record &&
                       resource->record->identity != step.base.identity;
  if (row.call > 0 && resource && resource->record && !another &&
      (resource->record->run == run.run.id || step.action == Action::kReplace)) {
    work->identity = resource->record->identity;
    if (Resource* held = context_.memory.Find(work->key); !held->record->recorded.empty()) {
      // R4: when the calls before the restart were made is not known; reads may still lag behind them.
      held->overlay = held->record->recorded;
      held->overlay_until = context_.Now() + work->kind->consistency();
    }
    if (step.action == Action::kReplace) work->old_identity = step.base.identity;
    if (step.order == ReplaceOrder::kDestroyFirst && step.action == Action::kReplace &&
        row.call == 1) {
      // Only the delete was made before a restart: the new one is composed once the old one is gone. The
      // identity does not tell, since the new one may have the old one's name.
      work->calls = {{work->kind->DeleteCall().name, {}, work->old_identity}};
      work->at = 1;
      work->phase = Phase::kAwaitGone;
    }
  } else {
    // A create makes an object of its own, also the one that follows the delete of its predecessor.
    if (step.action != Action::kCreate) work->identity = step.base.identity;
    if (another)
      for (const Deposed& deposed : resource->record->deposed)
        work->removes_deposed |= deposed.identity == work->identity;
  }
  return work;
}

bool Runner::Busy(const std::string& address) const {
  if (active_.count(address) > 0 || heals_.count(address) > 0) return true;
  const RunWork* run = user_run();
  if (run == nullptr) return false;
  const auto found = run->by_address.find(address);
  if (found == run->by_address.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [&](size_t i) { return !IsFinal(run->rows[i].state); });
}

bool Runner::Work(const std::string& address) {
  if (const auto found = active_.find(address); found != active_.end()) {
    const std::shared_ptr<StepWork> work = found->second;
    machine_.Advance(work);
    return true;
  }
  if (context_.stopping) return Busy(address);
  if (const auto deposed = deposed_.find(address); deposed != deposed_.end()) {
    const auto [run_id, identity] = deposed->second.back();
    deposed->second.pop_back();
    if (deposed->second.empty()) deposed_.erase(deposed);
    const auto run = runs_.find(run_id);
    if (run != runs_.end() && run->second->run.state == RunState::kOpen) {
      const size_t index = run->second->by_address[address].front();
      std::shared_ptr<StepWork> work = MakeWork(*run->second, index);
      if (!work) {
        LeaveOld(*run->second, address, identity, KindIsGone(run->second->rows[index].address));
        MaybeFinish(*run->second);
        return true;
      }
      work->removes_deposed = true;
      work->extra = true;
      work->identity = identity;
      active_[address] = work;
      machine_.Advance(work);
      return true;
    }
  }
  for (const std::string& id : {user_run_, [&] {
         const auto heal = heals_.find(address);
         return heal == heals_.end() ? std::string() : heal->second;
       }()}) {
    const auto found = runs_.find(id);
    if (found == runs_.end() || found->second->run.state != RunState::kOpen) continue;
    RunWork& run = *found->second;
    const int64_t index = run.NextOf(address);
    if (index < 0) continue;
    std::shared_ptr<StepWork> work = MakeWork(run, static_cast<size_t>(index));
    if (!work) {
      FailForKind(run, static_cast<size_t>(index));
      Block(run, static_cast<size_t>(index));
      MaybeFinish(run);
      return true;
    }
    active_[address] = work;
    if (run.rows[index].state == StepState::kPending) {
      run.rows[index].state = StepState::kReady;
      run.rows[index].started = context_.Now();
      RowChanged(run, index);
    }
    machine_.Advance(work);
    return true;
  }
  return Busy(address);
}

void Runner::Wake(const std::string& account) {
  for (const auto& [address, work] : active_)
    if (account.empty() || work->account == account)
      context_.Wake(address, WorkQueue::Priority::kUser);
}

void Runner::RowChanged(RunWork& run, size_t index) {
  run.view.Set(index, run.rows[index]);
  context_.memory.runs_touched.insert(run.run.id);
  Change change;
  change.step = std::make_shared<const StepRow>(run.rows[index]);
  change.address = run.rows[index].address.ToString();
  context_.changes.push_back(std::move(change));
  context_.memory.Touch(run.rows[index].address.ToString());
}

void Runner::Ended(StepWork& work) {
  RunWork& run = *work.run;
  const std::shared_ptr<StepWork> held = active_[work.key];
  active_.erase(work.key);
  const std::string key = work.key;
  const std::string id = run.run.id;
  if (work.extra) {
    const Resource* resource = context_.memory.Find(key);
    const bool gone = !resource || !resource->record ||
                      std::none_of(resource->record->deposed.begin(), resource->record->deposed.end(),
                                   [&](const Deposed& d) { return d.identity == work.identity; });
    if (gone)
      context_.Emit(false, "OldObjectDeleted", key, id, "",
                    fmt::format("deleted '{}', which was replaced", work.identity));
    else if (run.run.state == RunState::kOpen)
      LeaveOld(run, key, work.identity, work.error);
    MaybeFinish(run);
    return;
  }
  --run.open;
  const StepRow& row = run.rows[work.index];
  static const std::map<std::string, std::string> kReasons = {
      {"create", "Created"}, {"update", "Updated"}, {"replace", "Replaced"}, {"delete", "Deleted"},
      {"adopt", "Adopted"},  {"forget", "Forgotten"}, {"moved", "Moved"}};
  switch (row.state) {
    case StepState::kSettled: {
      const auto reason = kReasons.find(row.action);
      context_.Emit(false, reason == kReasons.end() ? "Settled" : reason->second, key, id,
                    run.run.actor, work.step().why);
      for (const size_t next : run.Release(work.index))
        context_.Wake(run.rows[next].address.ToString(), WorkQueue::Priority::kUser);
      break;
    }
    case StepState::kCancelled:
      break;
    default:
      context_.Emit(true, row.state == StepState::kVoid ? "StepVoid" : "StepFailed", key, id,
                    run.run.actor, row.error);
      Block(run, work.index);
  }
  run.LetGo(work.index);
  context_.Wake(key, WorkQueue::Priority::kResync);
  MaybeFinish(run);
}

// The other step of an address that is deleted and made again is another step.
bool Runner::Active(const RunWork& run, size_t index) const {
  const auto found = active_.find(run.rows[index].address.ToString());
  return found != active_.end() && found->second->run == &run && found->second->index == index;
}

void Runner::NotApplied(const RunWork& run, const StepRow& row, std::vector<RowChange>* rows) {
  rows->push_back(Context::Put(row));
  Resource* resource = context_.memory.Find(row.address.ToString());
  if (resource != nullptr && IsOfModel(run.run)) context_.SetUnapplied(*resource, true, rows);
}

// Nothing can be looked at or called without its kind file.
void Runner::FailForKind(RunWork& run, size_t index) {
  StepRow& row = run.rows[index];
  row.state = StepState::kFailed;
  row.error = KindIsGone(row.address);
  row.finished = context_.Now();
  std::vector<RowChange> rows;
  NotApplied(run, row, &rows);
  context_.writer.Commit(std::move(rows));
  context_.Emit(true, "StepFailed", row.address.ToString(), run.run.id, run.run.actor, row.error);
  RowChanged(run, index);
  --run.open;
}

// An open call of a kind that is gone: a create may have made something, which only a person can find out now; what
// became of any other is seen once there is a kind again.
void Runner::GiveUp(RunWork& run, const Intent& intent) {
  if (intent.call == "create") {
    machine_.Quarantine(intent, fmt::format("its reply was lost, and {}", KindIsGone(intent.address)));
  } else {
    context_.writer.Commit({{IntentKey(intent.id), std::nullopt}});
  }
  context_.Emit(true, "CallGivenUp", intent.address.ToString(), run.run.id, run.run.actor,
                fmt::format("what became of its {} is not known: {}", intent.call, KindIsGone(intent.address)));
}

// It stays among the record's deposed objects, so the next plan deletes it.
void Runner::LeaveOld(RunWork& run, const std::string& address, const std::string& identity,
                      const std::string& why) {
  run.left_over.insert({address, identity});
  context_.Emit(true, "OldObjectLeft", address, run.run.id, run.run.actor,
                fmt::format("'{}', which was replaced, is still there: {}", identity, why));
}

void Runner::Block(RunWork& run, size_t index) {
  std::vector<RowChange> rows;
  for (const size_t blocked : run.Blocked(index)) {
    StepRow& row = run.rows[blocked];
    if (Active(run, blocked)) continue;
    row.state = StepState::kBlocked;
    row.error = fmt::format("needs {}, which {}", run.rows[index].address.ToString(),
                            run.rows[index].state == StepState::kVoid ? "moved" : "failed");
    row.finished = context_.Now();
    --run.open;
    NotApplied(run, row, &rows);
    RowChanged(run, blocked);
    if (rows.size() + 1 >= StoreWriter::kGroup) {
      context_.writer.Commit(std::move(rows));
      rows.clear();
    }
  }
  if (!rows.empty()) context_.writer.Commit(std::move(rows));
}

void Runner::StartDeposed(RunWork& run) {
  for (const auto& [address, steps] : run.by_address) {
    const Resource* resource = context_.memory.Find(address);
    if (resource == nullptr || !resource->record || active_.count(address) > 0 ||
        deposed_.count(address) > 0)
      continue;
    // R13: not before all dependents are ready on the new one.
    bool dependents_done = true;
    for (const size_t i : steps) {
      if (!IsDone(run.rows[i].state)) dependents_done = false;
      for (const size_t next : run.dependents[i])
        if (!IsDone(run.rows[next].state)) dependents_done = false;
    }
    if (!dependents_done) continue;
    for (const Deposed& deposed : resource->record->deposed) {
      if (run.left_over.count({address, deposed.identity}) > 0) continue;
      deposed_[address].push_back({run.run.id, deposed.identity});
      context_.Wake(address, WorkQueue::Priority::kUser);
    }
  }
}

void Runner::MaybeFinish(RunWork& run) {
  if (run.open > 0 || run.finishing) return;
  for (const auto& [address, work] : active_)
    if (work->run == &run) return;
  if (run.run.state == RunState::kOpen && !run.verifying) {
    StartDeposed(run);
    for (const auto& [address, waiting] : deposed_)
      for (const auto& [id, identity] : waiting)
        if (id == run.run.id) return;
  }
  run.finishing = true;
  const std::string id = run.run.id;
  const bool clean = std::all_of(run.rows.begin(), run.rows.end(),
                                 [](const StepRow& row) { return IsDone(row.state); });
  if (clean && verify_ && run.run.mode != PlanMode::kUnprotect && !run.rows.empty()) {
    run.verifying = true;
    verify_(run, [this, id](std::map<std::string, std::string> differences) {
      const auto found = runs_.find(id);
      if (found != runs_.end()) Finish(*found->second, std::move(differences));
    });
    return;
  }
  Finish(run, {});
}

void Runner::Finish(RunWork& run, std::map<std::string, std::string> differences) {
  const std::string id = run.run.id;
  int64_t failed = 0, blocked = 0, moved = 0, cancelled = 0, done = 0;
  std::vector<RowChange> rows;
  for (size_t i = 0; i < run.rows.size(); ++i) {
    StepRow& row = run.rows[i];
    switch (row.state) {
      case StepState::kSettled: {
        ++done;
        const auto difference = differences.find(row.address.ToString());
        if (!run.verifying) break;
        if (difference == differences.end()) {
          row.state = StepState::kVerified;  // in memory only: the store's "settled" says as much
          run.view.Set(i, row);
        } else {
          context_.Emit(true, "NotConverged", row.address.ToString(), id, run.run.actor,
                        difference->second);
        }
        break;
      }
      case StepState::kVerified: ++done; break;
      case StepState::kFailed: ++failed; break;
      case StepState::kBlocked: ++blocked; break;
      case StepState::kVoid: ++moved; break;
      default: ++cancelled; break;
    }
  }
  run.run.state = run.ends_as != RunState::kOpen             ? run.ends_as
                  : failed + blocked + moved + cancelled > 0 ? RunState::kFailed
                  : !run.left_over.empty()                   ? RunState::kFailed
                                                             : RunState::kSucceeded;
  run.run.finished = context_.Now();
  run.run.message = fmt::format("{} done", done);
  if (failed > 0) run.run.message += fmt::format(", {} failed", failed);
  if (moved > 0) run.run.message += fmt::format(", {} void (plan again)", moved);
  if (blocked > 0) run.run.message += fmt::format(", {} blocked", blocked);
  if (cancelled > 0) run.run.message += fmt::format(", {} not started", cancelled);
  if (!run.left_over.empty())
    run.run.message += fmt::format(", {} replaced and still there (plan again)", run.left_over.size());
  context_.memory.runs[id] = run.run;
  context_.memory.runs_touched.insert(id);
  context_.Emit(run.run.state != RunState::kSucceeded, "RunFinished", "", id, run.run.actor,
                fmt::format("{}: {}", RunStateName(run.run.state), run.run.message));
  context_.Advance({Context::Put(run.run)});
  Change change;
  change.run = std::make_shared<const Run>(run.run);
  context_.changes.push_back(std::move(change));
  ended_[id] = run.view;
  std::erase_if(ended_, [&](const auto& entry) { return !Remembers(entry.first); });
  const Run finished = run.run;
  std::vector<std::string> addresses;
  for (const auto& [address, steps] : run.by_address) {
    addresses.push_back(address);
    const auto heal = heals_.find(address);
    if (heal != heals_.end() && heal->second == id) heals_.erase(heal);
  }
  if (user_run_ == id) user_run_.clear();
  runs_.erase(id);
  for (const std::string& address : addresses)
    context_.Wake(address, WorkQueue::Priority::kResync);
  if (finished_) finished_(finished);
}

void Runner::Stop(RunWork& run, RunState ends_as) {
  run.ends_as = ends_as;
  run.run.state = RunState::kStopping;
  run.run.message = RunStateName(ends_as);
  context_.memory.runs[run.run.id] = run.run;
  context_.memory.runs_touched.insert(run.run.id);
  context_.writer.Commit({Context::Put(run.run)});
  std::vector<std::shared_ptr<StepWork>> works;
  for (const auto& [address, work] : active_)
    if (work->run == &run) works.push_back(work);
  std::vector<RowChange> rows;
  for (size_t i = 0; i < run.rows.size(); ++i) {
    StepRow& row = run.rows[i];
    if (IsFinal(row.state) || Active(run, i)) continue;
    row.state = StepState::kCancelled;
    row.finished = context_.Now();
    --run.open;
    NotApplied(run, row, &rows);
    RowChanged(run, i);
    if (rows.size() + 1 >= StoreWriter::kGroup) {
      context_.writer.Commit(std::move(rows));
      rows.clear();
    }
  }
  if (!rows.empty()) context_.writer.Commit(std::move(rows));
  const std::string id = run.run.id;
  for (const std::shared_ptr<StepWork>& work : works) machine_.Cancel(work);
  const auto found = runs_.find(id);
  if (found != runs_.end()) MaybeFinish(*found->second);
}

Status Runner::Cancel(const std::string& id, const std::string& actor) {
  const auto found = runs_.find(id);
  if (found == runs_.end()) {
    if (context_.memory.runs.count(id) > 0)
      return FailedPrecondition(fmt::format("run '{}' has ended already", id));
    return tandem::NotFound(fmt::format("no run '{}'", id));
  }
  context_.Emit(false, "RunCancelled", "", id, actor, fmt::format("cancelled by {}", actor));
  if (found->second->run.state == RunState::kOpen) Stop(*found->second, RunState::kCancelled);
  return OkStatus();
}

void Runner::StopHeals() {
  std::vector<std::string> heals;
  for (const auto& [id, run] : runs_)
    if (run->run.mode == PlanMode::kHeal && run->run.state == RunState::kOpen) heals.push_back(id);
  for (const std::string& id : heals)
    if (const auto found = runs_.find(id); found != runs_.end()) Stop(*found->second, RunState::kSuperseded);
}

bool Runner::Remembers(const std::string& run) const {
  const auto& order = context_.memory.run_order;
  const size_t latest = std::min(order.size(), kRunsWithSteps);
  return std::find(order.rbegin(), order.rbegin() + static_cast<std::ptrdiff_t>(latest), run) !=
         order.rbegin() + static_cast<std::ptrdiff_t>(latest);
}

bool Runner::Supersede() {
  const auto found = runs_.find(user_run_);
  if (found == runs_.end()) return true;
  RunWork& run = *found->second;
  for (const auto& [address, work] : active_)
    if (work->run == &run && (work->busy || work->intent || work->phase == Phase::kAwait ||
                              work->phase == Phase::kAwaitGone))
      return false;
  // What is left waits for something outside: an account, a quota, a person.
  const bool stuck = std::all_of(run.rows.begin(), run.rows.end(), [&](const StepRow& row) {
    return IsFinal(row.state) || row.attempts > 0 || row.state == StepState::kPending ||
           row.state == StepState::kWaiting;
  });
  const bool any_waiting = std::any_of(run.rows.begin(), run.rows.end(), [](const StepRow& row) {
    return row.state == StepState::kWaiting && !row.error.empty();
  });
  if (!stuck || !any_waiting) return false;
  Stop(run, RunState::kSuperseded);
  return user_run() == nullptr;
}

}  // namespace tandem
