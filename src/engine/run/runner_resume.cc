// A run that an earlier process began: its rows and its open calls are taken up as the store has them.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "engine/run/runner.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {

// What a run ends as that is stopping: until it has ended, its message says so.
RunState EndOf(const Run& stopping) {
  for (const RunState end : {RunState::kSuperseded, RunState::kExpired})
    if (stopping.message == RunStateName(end)) return end;
  return RunState::kCancelled;
}

}  // namespace

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

}  // namespace tandem
