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
// As many are decided with each small plan, until there is another look at everything.
constexpr size_t kMostUnsettled = 100;

size_t MostOf(const CompiledModel& model) {
  return std::max(kMostAtLeast, model.resources.size() / kMostPart);
}

}  // namespace

void Planner::BeginSettling(PlanningJob& job) {
  Memory& memory = context_.memory;
  memory.looking = AtRest{nullptr, memory.model, {}};
  job.look = ++memory.looks;
  job.input.tell_quiet = true;
}

void Planner::EndSettling(PlanningJob& job) {
  Memory& memory = context_.memory;
  if (job.look != memory.looks) return;  // a later one has begun
  AtRest looked = std::exchange(memory.looking, AtRest());
  if (job.settled == nullptr || looked.model == nullptr) return;  // not to be told, or another model was accepted
  looked.settled = std::move(job.settled);
  memory.at_rest = std::move(looked);
}

void Planner::LookForQuiet() {
  const Memory& memory = context_.memory;
  if (memory.model == nullptr || memory.looking.model == memory.model) return;
  // What is known already is as good.
  if (memory.at_rest.model == memory.model && memory.at_rest.unsettled.empty()) return;
  std::shared_ptr<PlanningJob> job = Copy(memory.model);
  BeginSettling(*job);
  context_.Background<std::shared_ptr<PlanningJob>>(
      [job] {
        RunPlanning(*job);
        return job;
      },
      [this, job](std::shared_ptr<PlanningJob>) { EndSettling(*job); });
}

bool Planner::Few(const PlanRequest& request, const CompiledModel& model,
                  std::set<std::string>* few) const {
  const Memory& memory = context_.memory;
  const AtRest& rest = memory.at_rest;
  if (!model.fresh || rest.model == nullptr || rest.model != memory.model) return false;
  if (request.over != memory.accepted_digest || !request.targets.empty() || request.mode != PlanMode::kApply)
    return false;
  return Reach(*rest.settled, {&rest.settled->loud, &rest.unsettled}, *model.fresh, MostOf(model), few);
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
  if (context_.memory.unapplied.count(key) > 0) job.unapplied.insert(key);
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
  const Settled& settled = *memory.at_rest.settled;
  auto job = std::make_shared<PlanningJob>();
  Begin(std::move(model), *job);
  job->input.quiet = settled.quiet;
  job->input.quiet_kinds = settled.kinds;
  for (const std::string& address : few)
    if (settled.model->resources.count(address) > 0 && settled.loud.count(address) == 0)
      --job->input.quiet;
  CopyThose(std::move(few), *job);
  return job;
}

void Planner::CopyThose(std::set<std::string> few, PlanningJob& job) const {
  const Memory& memory = context_.memory;
  std::set<std::string> around;  // what those few look at
  for (const auto& [name, account] : job.model->accounts)
    around.insert(account.references.begin(), account.references.end());
  for (const std::string& address : few) {
    const auto planned = job.model->resources.find(address);
    if (planned != job.model->resources.end())
      around.insert(planned->second.needs.begin(), planned->second.needs.end());
    if (const Resource* known = memory.Find(address)) CopyOne(address, *known, false, job);
  }
  for (const std::string& address : around)
    if (few.count(address) == 0)
      if (const Resource* known = memory.Find(address)) CopyOne(address, *known, true, job);
  job.few = std::move(few);
}

// What those need, and so on, is decided as well: a plan of everything says the same of them.
bool Planner::WithNeeds(const CompiledModel& model, std::set<std::string>* few) {
  // Of half of it, all can as well be decided, which tells what is quiet.
  const size_t most = std::min(MostOf(model), model.resources.size() / 2);
  std::vector<std::string> open(few->begin(), few->end());
  const auto reach = [&](const std::string& address) {
    if (!address.empty() && few->insert(address).second) open.push_back(address);
  };
  for (const auto& [name, account] : model.accounts)
    for (const std::string& reference : account.references) reach(reference);
  while (!open.empty()) {
    if (few->size() > most) return false;
    const std::string address = std::move(open.back());
    open.pop_back();
    const auto found = model.resources.find(address);
    if (found == model.resources.end()) continue;
    reach(found->second.moved_from);
    for (const std::string& need : found->second.needs) reach(need);
  }
  return few->size() <= most;
}

void Planner::PlanAccepted(std::set<std::string> addresses, std::function<void(PlanResult)> done) {
  const std::shared_ptr<const CompiledModel>& model = context_.memory.model;
  if (!model) return done(PlanResult());
  if (!WithNeeds(*model, &addresses)) return PlanAllAccepted(std::move(done));
  auto job = std::make_shared<PlanningJob>();
  Begin(model, *job);
  CopyThose(std::move(addresses), *job);
  context_.Background<std::shared_ptr<PlanningJob>>(
      [job] {
        RunPlanning(*job);
        return job;
      },
      [this, job, done = std::move(done)](std::shared_ptr<PlanningJob>) {
        if (job->too_few || !job->missing_secrets.empty()) return PlanAllAccepted(done);
        done(std::move(job->result));
        const AtRest& rest = context_.memory.at_rest;
        if (rest.model != context_.memory.model || rest.unsettled.size() > kMostUnsettled) LookForQuiet();
      });
}

}  // namespace tandem
