// The part of planning that runs on the executor: pure over copies.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/planning/planner.h"
#include "engine/planning/settled.h"

namespace tandem {
namespace {

// Whether `path` is named by `desired` with a value that is known.
const Value* Named(const Value& desired, const Path& path) {
  const Value* found = FindAt(desired, path);
  return found != nullptr && !found->is_null() ? found : nullptr;
}

bool SameSpec(const ModelResource& a, const ModelResource& b) {
  const bool same_bytes = a.document->rest != nullptr && a.document->rest == b.document->rest;
  return a.document == b.document || same_bytes || a.Spec() == b.Spec();
}

// Whether `resource` asks for something else than what was accepted and has settled (R18).
bool Changed(const PlanningJob& job, const std::string& address, const ModelResource& resource) {
  if (job.accepted == nullptr || job.unapplied.count(address) > 0 || job.records.count(address) == 0)
    return true;
  const CompiledModel& was = *job.accepted;
  const CompiledModel& is = *job.model;
  // What expressions see: another site or another value may change any of them.
  if (!(was.platform_name == is.platform_name) || !(was.sites_name == is.sites_name)) return true;
  const ModelResource* accepted = was.Find(address);
  return accepted == nullptr || !SameSpec(*accepted, resource) ||
         !(accepted->each == resource.each) || accepted->needs != resource.needs ||
         accepted->document->annotations != resource.document->annotations;
}

// Address → the one that its object has by now: what an undo moves back. The documents of then do not say so.
std::map<std::string, std::string> UndoneMoves(const PlanningJob& job) {
  std::map<std::string, std::string> moves;
  if (!job.undo_to) return moves;
  for (const auto& [address, record] : job.records) {
    if (job.model->Find(address) != nullptr) continue;
    // The first address that was left after the revision is the one of then.
    const auto then = std::find_if(record->former.begin(), record->former.end(),
                                   [&](const FormerAddress& former) { return former.until > *job.undo_to; });
    if (then == record->former.end() || job.records.count(then->address) > 0) continue;
    if (const ModelResource* before = job.model->Find(then->address))
      moves.emplace(before->address.ToString(), address);
  }
  return moves;
}

// The resources that are decided.
template <typename Visit>
void ForEachDecided(const PlanningJob& job, const Visit& visit) {
  if (!job.few) {
    for (const auto& [address, resource] : job.model->resources) visit(address, resource);
    return;
  }
  for (const std::string& address : *job.few)
    if (const auto found = job.model->resources.find(address); found != job.model->resources.end())
      visit(found->first, found->second);
}

// Whether a plan of a few says what one of everything does: it must not destroy, replace, move or refuse, for
// those look further than at what needs what.
bool SaysAll(const PlanResult& result) {
  if (result.refusal != PlanRefusal::kNone || !result.problems.empty() || !result.plan) return false;
  return std::all_of(result.plan->steps.begin(), result.plan->steps.end(), [](const Step& step) {
    return step.action == Action::kCreate || step.action == Action::kUpdate ||
           step.action == Action::kAdopt;
  });
}

/// The evaluated forms that a plan is made of, each as long as something is still to refer to it: a resource is
/// decided before those that need it.
class Forms {
 public:
  explicit Forms(PlanningJob* job) : job_(*job), undone_moves_(UndoneMoves(*job)) {
    ForEachDecided(job_, [&](const std::string&, const ModelResource& resource) {
      for (const std::string& need : resource.needs) ++awaited_[need];
    });
  }

  /// The address that `resource` moves from, "" where it does not.
  std::string MovedFrom(const ModelResource& resource) const {
    const auto undone = undone_moves_.find(resource.address.ToString());
    return undone == undone_moves_.end() ? resource.moved_from.str() : undone->second;
  }

  /// PlanInput::desired_of.
  Result<EvaluatedResource> DesiredOf(const std::string& address, const DecidedBefore& before);

  /// Accounts by name, and whether what their specs refer to is yet to come.
  std::map<std::string, bool> ProvisionalAccounts();

 private:
  using Observations = decltype(PlanningJob::observations);

  Observations::const_iterator ObservationOf(const std::string& address) const;
  const Value* Observed(const std::string& address);
  const Value* Desired(const std::string& address);
  Result<Value> ReferenceTo(const std::string& target, const Path& path, const DecidedBefore& before);
  Value UnknownAt(const std::string& target, const Path& path) const;
  void LetGo(const ModelResource& decided);
  Result<Value> WithDigests(const Value& value);

  PlanningJob& job_;
  const std::map<std::string, std::string> undone_moves_;
  std::map<std::string, Value> desired_;
  std::map<std::string, Value> observed_;
  std::map<std::string_view, size_t> awaited_;  // by how many
};

// What is about to move is there already, under the address that it moves from.
Forms::Observations::const_iterator Forms::ObservationOf(const std::string& address) const {
  const auto found = job_.observations.find(address);
  if (found != job_.observations.end() && found->second->exists) return found;
  const ModelResource* resource = job_.model->Find(address);
  if (resource == nullptr) return found;
  const std::string old =
      RecordedAddress(job_.input.records, address, resource->account, MovedFrom(*resource));
  return old.empty() || old == address ? found : job_.observations.find(old);
}

const Value* Forms::Observed(const std::string& address) {
  if (const auto known = observed_.find(address); known != observed_.end()) return &known->second;
  const auto found = ObservationOf(address);
  if (found == job_.observations.end() || !found->second->exists) return nullptr;
  Value fields = found->second->fields.empty() ? Value(Map{}) : found->second->fields.Unpack();
  return &observed_.emplace(address, std::move(fields)).first->second;
}

const Value* Forms::Desired(const std::string& address) {
  if (const auto known = desired_.find(address); known != desired_.end()) return &known->second;
  const auto form = job_.forms.find(address);
  if (form == job_.forms.end() || form->second.empty()) return nullptr;
  return &desired_.emplace(address, form->second.Unpack()).first->second;
}

Value Forms::UnknownAt(const std::string& target, const Path& path) const {
  const ModelResource* model = job_.model->Find(target);
  const std::optional<Type> type = model ? model->kind->TypeOf(path) : std::optional<Type>(Type::kAny);
  return Value(Unknown{type.value_or(Type::kAny), target + "." + FormatPath(path)});
}

// kUnavailable: it cannot be observed.
Result<Value> Forms::ReferenceTo(const std::string& target, const Path& path, const DecidedBefore& before) {
  const Value* desired = Desired(target);
  if (desired == nullptr || before.as_settled.count(target) > 0) {
    const auto record = job_.records.find(target);
    if (record != job_.records.end() && !record->second->settled.empty()) {
      std::optional<Value> named = record->second->settled.At(path);
      if (named && !named->is_null() && !named->HasUnknown()) return *std::move(named);
    }
  } else if (const Value* named = Named(*desired, path)) {
    return *named;
  }
  if (before.becoming_unknown.count(target) > 0) return UnknownAt(target, path);
  if (const Value* observed = Observed(target)) {
    const Value* found = FindAt(*observed, path);
    return found != nullptr && !found->is_null() ? *found : UnknownAt(target, path);
  }
  if (ObservationOf(target) == job_.observations.end())
    return Unavailable(fmt::format("{} cannot be observed", target));
  return UnknownAt(target, path);
}

Result<Value> Forms::WithDigests(const Value& value) {
  return DigestSecrets(value, job_.secret_key, [this](const std::string& uri) -> Result<SecretWorth> {
    const auto found = job_.worth.find(uri);
    if (found != job_.worth.end()) return found->second;
    job_.missing_secrets.insert(uri);
    return SecretWorth{};
  });
}

void Forms::LetGo(const ModelResource& decided) {
  for (const std::string& need : decided.needs) {
    if (--awaited_[need] > 0) continue;
    desired_.erase(need);
    observed_.erase(need);
  }
}

Result<EvaluatedResource> Forms::DesiredOf(const std::string& address, const DecidedBefore& before) {
  const ModelResource* resource = job_.model->Find(address);
  if (resource == nullptr) return NotFound(fmt::format("{} is not in the model", address));
  EvaluatedResource evaluated;
  Status unseen;
  const Result<Value> desired =
      EvaluateSpec(*job_.model, *resource, [&](const std::string& target, const Path& path) {
        Result<Value> value = ReferenceTo(target, path, before);
        if (value.ok()) evaluated.references[target + "." + FormatPath(path)] = *value;
        else unseen = value.status();
        return value;
      });
  if (!unseen.ok()) return unseen;
  if (!desired.ok()) return desired.status();
  Result<Value> digested = WithDigests(*desired);
  if (!digested.ok()) return digested.status();
  for (auto& [key, value] : evaluated.references) {
    if (!value.HasSensitive()) continue;
    if (Result<Value> reference = WithDigests(value); reference.ok()) value = *std::move(reference);
  }
  evaluated.desired = *digested;
  if (awaited_.count(address) > 0) desired_.insert_or_assign(address, *std::move(digested));
  LetGo(*resource);
  return evaluated;
}

std::map<std::string, bool> Forms::ProvisionalAccounts() {
  std::map<std::string, bool> provisional;
  for (const auto& [name, account] : job_.model->accounts) {
    bool unknown = false;
    const Result<Value> spec = EvaluateAccount(
        *job_.model, account, [&](const std::string& target, const Path& path) -> Result<Value> {
          const Value* observed = Observed(target);
          const Value* found = observed == nullptr ? nullptr : FindAt(*observed, path);
          if (found != nullptr && !found->is_null()) return *found;
          unknown = true;
          return Value(Unknown{Type::kAny, target + "." + FormatPath(path)});
        });
    provisional[name] = unknown || !spec.ok() || spec->HasUnknown();
  }
  return provisional;
}

PlannedResource Planned(const PlanningJob& job, const std::string& address, const ModelResource& resource) {
  PlannedResource planned;
  planned.address = resource.address;
  planned.account = resource.account;
  planned.component = resource.component;
  planned.site = resource.site;
  if (resource.document) {
    planned.labels = resource.document->labels;
    planned.range = resource.document->RangeOf("");
  }
  planned.kind = resource.kind;
  planned.needs = resource.needs;
  planned.manage = resource.manage;
  // Not said is not "delete": what was adopted stays retained (R12).
  const bool said = resource.document && !resource.document->Annotation("tandem/deletion-policy").empty();
  planned.deletion_policy = said ? resource.deletion_policy : "";
  planned.adopt = resource.adopt;
  planned.protect = resource.protect;
  planned.paused = resource.paused;
  planned.external_name = resource.external_name;
  planned.changed = Changed(job, address, resource);
  return planned;
}

}  // namespace

void RunPlanning(PlanningJob& job) {
  for (const auto& [address, record] : job.records) job.input.records[address] = &*record;
  Forms forms(&job);
  job.input.desired_of = [&forms](const std::string& address, const DecidedBefore& before) {
    return forms.DesiredOf(address, before);
  };
  job.input.kind_of = [&job](const KindName& name) { return job.catalog->Find(name); };
  const std::map<std::string, bool> provisional = forms.ProvisionalAccounts();
  const bool some = std::any_of(provisional.begin(), provisional.end(), [](const auto& each) { return each.second; });
  job.too_few |= job.few && some;
  if (job.too_few) return;
  job.input.resources.reserve(job.few ? job.few->size() : job.model->resources.size());
  ForEachDecided(job, [&](const std::string& address, const ModelResource& resource) {
    PlannedResource planned = Planned(job, address, resource);
    planned.moved_from = forms.MovedFrom(resource);
    const auto account = provisional.find(resource.account);
    planned.provisional = account != provisional.end() && account->second;
    if (planned.provisional && job.observations.count(address) == 0 && job.records.count(address) == 0) {
      // What lives in an account that does not exist yet cannot exist either (R5).
      Observation absent;
      absent.address = resource.address;
      job.observations.emplace(address, std::move(absent));
    }
    job.input.resources.push_back(std::move(planned));
  });
  for (const auto& [address, seen] : job.observations) job.input.observations[address] = &*seen;
  job.input.accepted_policies = job.accepted ? &job.accepted->policies : nullptr;
  job.input.proposed_policies = &job.model->policies;
  job.result = BuildPlan(job.input);
  if (job.few && job.missing_secrets.empty()) job.too_few = !SaysAll(job.result);
  if (job.stored_documents && !job.too_few)
    job.documents = DocumentRows(job.accepted.get(), job.stored_documents.get(), *job.model, &job.document_rows);
  // What is provisional comes to be without a change of its own.
  if (job.look > 0 && !some) {
    std::vector<Interned> recorded;
    recorded.reserve(job.records.size());
    for (const auto& [address, record] : job.records) recorded.push_back(address);
    job.settled = Settle(job.model, job.result.quiet, recorded);
  }
}

}  // namespace tandem
