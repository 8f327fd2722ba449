#include "engine/run/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tandem {

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

}  // namespace tandem
