// Plans of a few changes: only what is not known to be quiet is decided (settled.h, docs/plan.md).
#include <algorithm>
#include <utility>

#include "engine/planning/account_checks.h"
#include "engine/planning/planner.h"
#include "engine/planning/settled.h"

namespace tandem {
namespace {

// More than this part of a model, and than so many, is no small change.
constexpr size_t kMostPart = 10;
constexpr size_t kMostAtLeast = 500;

}  // namespace

void Planner::BeginSettling(PlanningJob& job) {
  Memory& memory = context_.memory;
  memory.settled.reset();
  memory.unsettled.clear();
  job.settling = ++memory.settling;
  job.input.tell_quiet = true;
}

void Planner::EndSettling(PlanningJob& job) {
  Memory& memory = context_.memory;
  // A later look has begun, or another model was accepted.
  if (job.settled == nullptr || job.settling != memory.settling || memory.model != job.model) return;
  memory.settled = std::move(job.settled);
}

void Planner::LookForQuiet() {
  const Memory& memory = context_.memory;
  if (settling_ || memory.model == nullptr) return;
  // What is known already is as good.
  if (memory.settled && memory.settled->model == memory.model && memory.unsettled.empty()) return;
  settling_ = true;
  std::shared_ptr<PlanningJob> job = Copy(memory.model);
  BeginSettling(*job);
  context_.Background<std::shared_ptr<PlanningJob>>(
      [job] {
        RunPlanning(*job);
        return job;
      },
      [this, job](std::shared_ptr<PlanningJob>) {
        settling_ = false;
        EndSettling(*job);
      });
}

bool Planner::Few(const PlanRequest& request, const CompiledModel& model,
                  std::set<std::string>* few) const {
  const Memory& memory = context_.memory;
  const Settled* settled = memory.settled.get();
  if (!model.fresh || settled == nullptr || settled->model != memory.model) return false;
  if (request.over != memory.accepted_digest || !request.targets.empty() || request.mode != "apply")
    return false;
  const size_t most = std::max(kMostAtLeast, model.resources.size() / kMostPart);
  return Reach(*settled, {&settled->loud, &memory.unsettled}, *model.fresh, most, few);
}

bool Planner::AllLookedAt(const CompiledModel& model, const std::set<std::string>& few) const {
  for (const auto& [name, account] : model.accounts) {
    const AccountView* view = accounts_.Knows(name) ? accounts_.Find(name) : nullptr;
    if (view == nullptr || view->observed_at == Time()) return false;
  }
  for (const std::string& address : few) {
    const Resource* known = context_.memory.Find(address);
    const bool planned = model.resources.count(address) > 0;
    if (planned && (known == nullptr || !known->looked)) return false;
    // Its account may be one that the model does not have.
    if (known != nullptr && known->record && model.accounts.count(known->record->account) == 0)
      return false;
  }
  return true;
}

void Planner::CopyOne(const std::string& key, const Resource& resource, bool context,
                      PlanningJob& job) const {
  if (resource.unapplied) job.unapplied.insert(key);
  if (resource.record) {
    if (context) job.forms.emplace(key, resource.record->recorded);
    else job.records.emplace(key, resource.record);
  } else if (job.model->Find(key) == nullptr) {
    return;
  }
  if (!resource.looked || !resource.blind.empty() || resource.quarantine || !resource.seen) return;
  Kept<Observation> seen = resource.seen;
  if (!resource.live.empty() && !(resource.live == seen->fields)) seen.Edit().fields = resource.live;
  if (resource.newer) job.input.newer.insert(key);
  job.observations.emplace(key, std::move(seen));
}

std::shared_ptr<PlanningJob> Planner::CopyFew(std::shared_ptr<const CompiledModel> model,
                                              std::set<std::string> few) const {
  const Memory& memory = context_.memory;
  const Settled& settled = *memory.settled;
  auto job = std::make_shared<PlanningJob>();
  Begin(std::move(model), *job);
  job->input.quiet = settled.quiet;
  job->input.quiet_kinds = settled.kinds;
  std::set<std::string> around;  // what those few look at
  for (const auto& [name, account] : job->model->accounts)
    around.insert(account.references.begin(), account.references.end());
  for (const std::string& address : few) {
    const auto planned = job->model->resources.find(address);
    if (planned != job->model->resources.end())
      around.insert(planned->second.needs.begin(), planned->second.needs.end());
    if (settled.model->resources.count(address) > 0 && settled.loud.count(address) == 0)
      --job->input.quiet;
    if (const Resource* known = memory.Find(address)) CopyOne(address, *known, false, *job);
  }
  for (const std::string& address : around)
    if (few.count(address) == 0)
      if (const Resource* known = memory.Find(address)) CopyOne(address, *known, true, *job);
  job->few = std::move(few);
  return job;
}

}  // namespace tandem
