#include "engine/run/run_work.h"

#include <fmt/format.h>

#include <utility>

namespace tandem {

bool IsFinal(StepState state) {
  switch (state) {
    case StepState::kSettled:
    case StepState::kVerified:
    case StepState::kFailed:
    case StepState::kBlocked:
    case StepState::kVoid:
    case StepState::kCancelled:
      return true;
    default:
      return false;
  }
}

bool IsDone(StepState state) {
  return state == StepState::kSettled || state == StepState::kVerified;
}

std::string KindIsGone(const Address& address) {
  return fmt::format("kind {} is not known any more", address.kind_name().ToString());
}

bool IsOfModel(const Run& run) { return run.mode != PlanMode::kHeal && run.mode != PlanMode::kUnprotect; }

std::unique_ptr<RunWork> RunWork::Make(Run run, KnownPlan known,
                                       const std::vector<StepRow>& stored) {
  auto work = std::make_unique<RunWork>();
  work->run = std::move(run);
  work->known = std::move(known);
  work->steps = work->known.plan->steps;
  const std::vector<CopyOnWrite<Step>>& steps = work->steps;
  work->rows.resize(steps.size());
  work->dependents.resize(steps.size());
  work->waits.resize(steps.size());
  std::map<int64_t, size_t> index;
  for (size_t i = 0; i < steps.size(); ++i) {
    index[steps[i]->id] = i;
    StepRow& row = work->rows[i];
    row.run = work->run.id;
    row.id = steps[i]->id;
    row.address = steps[i]->address;
    row.action = ActionName(steps[i]->action);
    work->by_address[steps[i]->address.text()].push_back(i);
  }
  for (const StepRow& row : stored) {
    const auto found = index.find(row.id);
    if (found != index.end()) work->rows[found->second] = row;
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!IsFinal(work->rows[i].state)) ++work->open;
    for (const int64_t before : steps[i]->after) {
      const auto found = index.find(before);
      if (found == index.end()) continue;
      work->dependents[found->second].push_back(i);
      if (!IsDone(work->rows[found->second].state)) ++work->waits[i];
    }
  }
  for (size_t i = 0; i < steps.size(); ++i)
    if (IsFinal(work->rows[i].state)) work->LetGo(i);
  work->view = StepList(work->rows);
  return work;
}

std::vector<size_t> RunWork::Ready() const {
  std::vector<size_t> ready;
  for (size_t i = 0; i < rows.size(); ++i)
    if (waits[i] == 0 && !IsFinal(rows[i].state)) ready.push_back(i);
  return ready;
}

std::vector<size_t> RunWork::Release(size_t i) {
  std::vector<size_t> ready;
  for (const size_t next : dependents[i])
    if (--waits[next] == 0 && !IsFinal(rows[next].state)) ready.push_back(next);
  return ready;
}

std::vector<size_t> RunWork::Blocked(size_t i) const {
  std::vector<size_t> blocked;
  std::vector<bool> seen(rows.size());
  std::vector<size_t> stack = {i};
  while (!stack.empty()) {
    const size_t at = stack.back();
    stack.pop_back();
    for (const size_t next : dependents[at]) {
      if (seen[next]) continue;
      seen[next] = true;
      if (!IsFinal(rows[next].state)) blocked.push_back(next);
      stack.push_back(next);
    }
  }
  return blocked;
}

int64_t RunWork::NextOf(const std::string& address) const {
  const auto found = by_address.find(address);
  if (found == by_address.end()) return -1;
  for (const size_t i : found->second)
    if (!IsFinal(rows[i].state) && waits[i] == 0) return static_cast<int64_t>(i);
  return -1;
}

}  // namespace tandem
