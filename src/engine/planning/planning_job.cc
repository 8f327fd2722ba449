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

}  // namespace

void RunPlanning(PlanningJob& job) {
  const std::map<std::string, std::string> undone_moves = UndoneMoves(job);
  const auto moved_from = [&](const ModelResource& resource) {
    const auto undone = undone_moves.find(resource.address.ToString());
    return undone == undone_moves.end() ? resource.moved_from.str() : undone->second;
  };
  for (const auto& [address, record] : job.records) job.input.records[address] = &*record;
  // What is about to move is there already, under the address that it moves from.
  const auto observation_of = [&](const std::string& address) {
    const auto found = job.observations.find(address);
    if (found != job.observations.end() && found->second->exists) return found;
    const ModelResource* resource = job.model->Find(address);
    if (resource == nullptr) return found;
    const std::string old =
        RecordedAddress(job.input.records, address, resource->account, moved_from(*resource));
    return old.empty() || old == address ? found : job.observations.find(old);
  };
  // Forms of what is yet to be referred to: a resource is decided before those that need it.
  std::map<std::string, Value> desired_forms;
  std::map<std::string, Value> observed_forms;
  std::map<std::string_view, size_t> awaited;  // by how many
  ForEachDecided(job, [&](const std::string&, const ModelResource& resource) {
    for (const std::string& need : resource.needs) ++awaited[need];
  });
  const auto decided = [&](const ModelResource& resource) {
    for (const std::string& need : resource.needs) {
      if (--awaited[need] > 0) continue;
      desired_forms.erase(need);
      observed_forms.erase(need);
    }
  };
  const auto observed_of = [&](const std::string& address) -> const Value* {
    const auto cached = observed_forms.find(address);
    if (cached != observed_forms.end()) return &cached->second;
    const auto found = observation_of(address);
    if (found == job.observations.end() || !found->second->exists) return nullptr;
    Value fields = found->second->fields.empty() ? Value(Map{}) : found->second->fields.Unpack();
    return &observed_forms.emplace(address, std::move(fields)).first->second;
  };
  const auto worth_of = [&](const std::string& uri) -> Result<SecretWorth> {
    const auto found = job.worth.find(uri);
    if (found != job.worth.end()) return found->second;
    job.missing_secrets.insert(uri);
    return SecretWorth{};
  };

  job.input.desired_of = [&](const std::string& address,
                             const DecidedBefore& before) -> Result<EvaluatedResource> {
    const ModelResource* resource = job.model->Find(address);
    if (resource == nullptr) return NotFound(fmt::format("{} is not in the model", address));
    EvaluatedResource evaluated;
    std::string unseen;
    const ReferenceLookup lookup = [&](const std::string& target,
                                       const Path& path) -> Result<Value> {
      const std::string key = target + "." + FormatPath(path);
      const auto answer = [&](Value value) -> Result<Value> {
        evaluated.references[key] = value;
        return value;
      };
      auto desired = desired_forms.find(target);
      if (const auto form = job.forms.find(target);
          desired == desired_forms.end() && form != job.forms.end() && !form->second.empty())
        desired = desired_forms.emplace(target, form->second.Unpack()).first;
      if (desired == desired_forms.end() || before.as_settled.count(target) > 0) {
        const auto record = job.records.find(target);
        if (record != job.records.end() && !record->second->settled.empty()) {
          std::optional<Value> named = record->second->settled.At(path);
          if (named && !named->is_null() && !named->HasUnknown()) return answer(*std::move(named));
        }
      } else if (const Value* named = Named(desired->second, path)) {
        return answer(*named);
      }
      const auto unknown_value = [&]() -> Result<Value> {
        const ModelResource* model = job.model->Find(target);
        const std::optional<Type> type =
            model ? model->kind->TypeOf(path) : std::optional<Type>(Type::kAny);
        return answer(Value(Unknown{type.value_or(Type::kAny), key}));
      };
      if (before.becoming_unknown.count(target) > 0) return unknown_value();
      const Value* observed = observed_of(target);
      if (observed != nullptr) {
        const Value* found = FindAt(*observed, path);
        if (found != nullptr && !found->is_null()) return answer(*found);
        return unknown_value();
      }
      if (observation_of(target) == job.observations.end()) {
        unseen = target;
        return Unavailable(fmt::format("{} cannot be observed", target));
      }
      return unknown_value();
    };
    Result<Value> desired = EvaluateSpec(*job.model, *resource, lookup);
    if (!unseen.empty()) return Unavailable(fmt::format("{} cannot be observed", unseen));
    if (!desired.ok()) return desired.status();
    Result<Value> digested = DigestSecrets(*desired, job.secret_key, worth_of);
    if (!digested.ok()) return digested.status();
    for (auto& [key, value] : evaluated.references) {
      if (!value.HasSensitive()) continue;
      Result<Value> reference = DigestSecrets(value, job.secret_key, worth_of);
      if (reference.ok()) value = std::move(reference).value();
    }
    evaluated.desired = *digested;
    if (awaited.count(address) > 0)
      desired_forms.insert_or_assign(address, std::move(digested).value());
    decided(*resource);
    return evaluated;
  };
  job.input.kind_of = [&](const KindName& name) { return job.catalog->Find(name); };

  std::map<std::string, bool> provisional_accounts;
  for (const auto& [name, account] : job.model->accounts) {
    bool unknown = false;
    const Result<Value> spec = EvaluateAccount(
        *job.model, account, [&](const std::string& target, const Path& path) -> Result<Value> {
          const Value* observed = observed_of(target);
          const Value* found = observed == nullptr ? nullptr : FindAt(*observed, path);
          if (found != nullptr && !found->is_null()) return *found;
          unknown = true;
          return Value(Unknown{Type::kAny, target + "." + FormatPath(path)});
        });
    provisional_accounts[name] = unknown || !spec.ok() || spec->HasUnknown();
    job.too_few |= job.few && provisional_accounts[name];
  }
  if (job.too_few) return;
  job.input.resources.reserve(job.few ? job.few->size() : job.model->resources.size());
  ForEachDecided(job, [&](const std::string& address, const ModelResource& resource) {
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
    const bool said =
        resource.document && !resource.document->Annotation("tandem/deletion-policy").empty();
    planned.deletion_policy = said ? resource.deletion_policy : "";
    planned.adopt = resource.adopt;
    planned.protect = resource.protect;
    planned.paused = resource.paused;
    planned.external_name = resource.external_name;
    planned.moved_from = moved_from(resource);
    planned.provisional = provisional_accounts[resource.account];
    planned.changed = Changed(job, address, resource);
    if (planned.provisional && job.observations.count(address) == 0 &&
        job.records.count(address) == 0) {
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
  const bool known = std::none_of(provisional_accounts.begin(), provisional_accounts.end(),
                                  [](const auto& account) { return account.second; });
  if (job.look > 0 && known) {
    std::vector<Interned> recorded;
    recorded.reserve(job.records.size());
    for (const auto& [address, record] : job.records) recorded.push_back(address);
    job.settled = Settle(job.model, job.result.quiet, recorded);
  }
}

}  // namespace tandem
