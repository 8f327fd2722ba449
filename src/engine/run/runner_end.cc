// How a run ends: the old objects of its replaces go, what it settled is verified, and what else may stop it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/run/runner.h"

namespace tandem {
namespace {
constexpr size_t kRunsWithSteps = 20;
}  // namespace

// It stays among the record's deposed objects, so the next plan deletes it.
void Runner::LeaveOld(RunWork& run, const std::string& address, const std::string& identity,
                      const std::string& why) {
  run.left_over.insert({address, identity});
  context_.Emit(true, "OldObjectLeft", address, run.run.id, run.run.actor,
                fmt::format("'{}', which was replaced, is still there: {}", identity, why));
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

bool Runner::Remembers(const std::string& run) const {
  const auto& order = context_.memory.run_order;
  const size_t latest = std::min(order.size(), kRunsWithSteps);
  return std::find(order.rbegin(), order.rbegin() + static_cast<std::ptrdiff_t>(latest), run) !=
         order.rbegin() + static_cast<std::ptrdiff_t>(latest);
}

}  // namespace tandem
