#include "engine/memory/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace tandem {

const Condition* Resource::Find(std::string_view type) const {
  for (const Condition& condition : *conditions)
    if (condition.type == type) return &condition;
  return nullptr;
}

bool Resource::SetCondition(std::string_view type, ConditionStatus status, std::string reason,
                            std::string message, Time now) {
  const Condition* before = Find(type);
  if (before != nullptr && before->status == status && before->reason == reason &&
      before->message == message)
    return false;
  std::vector<Condition>& own = conditions.Edit();
  auto found = std::find_if(own.begin(), own.end(),
                            [&](const Condition& condition) { return condition.type == type; });
  if (found == own.end()) {
    own.reserve(own.size() + 1);  // it is kept, and there are five at most
    found = own.emplace(own.end());
    found->type = type;
    found->last_transition = now;
  }
  if (found->status != status) found->last_transition = now;
  found->status = status;
  found->reason = std::move(reason);
  found->message = std::move(message);
  found->observed_generation = record ? record->generation : 0;
  return true;
}

Resource& Memory::At(const Address& address) {
  Resource& resource = resources[address.text()];
  if (resource.address.empty()) {
    resource.address = address;
    resource.number = ++resources_made;
  }
  return resource;
}

Resource* Memory::Find(const std::string& key) {
  const auto found = resources.find(key);
  return found == resources.end() ? nullptr : &found->second;
}

const Resource* Memory::Find(const std::string& key) const {
  const auto found = resources.find(key);
  return found == resources.end() ? nullptr : &found->second;
}

std::string IdentityKey(const std::string& account, const KindName& kind,
                        const std::string& identity) {
  return account + "/" + kind.ToString() + "/" + identity;
}

std::vector<Interned> StandsOn(const Memory& memory, const Record& record,
                               const std::vector<Interned>& needs) {
  std::vector<Interned> edges = needs;
  for (const Interned& old : record.depends_on) {
    if (std::find(needs.begin(), needs.end(), old) != needs.end()) continue;
    const Resource* stood_on = memory.Find(old);
    if (stood_on != nullptr && stood_on->record && memory.model && memory.model->Find(old) == nullptr)
      edges.push_back(old);
  }
  std::sort(edges.begin(), edges.end());
  return edges;
}

std::string UnappliedKey(const std::string& address) { return "unapplied/" + address; }

std::string ForgottenKey(const std::string& identity_key) { return "forgotten/" + identity_key; }

void Memory::Accept(std::shared_ptr<const CompiledModel> next) {
  for (AtRest* rest : {&at_rest, &looking}) {
    if (rest->model == nullptr || rest->model != model || !next->fresh) {
      *rest = AtRest();
      continue;
    }
    rest->unsettled.insert(next->fresh->begin(), next->fresh->end());
    rest->model = next;
  }
  model = std::move(next);
}

const ModelResource* Memory::DocumentOf(const Resource& resource) const {
  if (!model) return nullptr;
  if (resource.record) return model->Find(resource.key());
  const auto own = model->resources.find(resource.key());
  return own == model->resources.end() ? nullptr : &own->second;
}

void Memory::PlanMade(const std::string& hash) {
  plans.at(hash).made = ++plans_made;
  const auto wanted = [&](const std::string& each, const KnownPlan& known) {
    if (const auto given = approvals.find(each); given != approvals.end() && !given->second.empty())
      return true;
    if (known.plan->mode != PlanMode::kHeal) return known.stored || known.pending;
    return std::any_of(known.plan->steps.begin(), known.plan->steps.end(), [&](const Step& step) {
      const Resource* resource = Find(step.address.ToString());
      return resource != nullptr && resource->drift_plan == each;
    });
  };
  std::vector<std::pair<int64_t, std::string>> loose;  // the oldest first
  for (const auto& [each, known] : plans)
    if (!wanted(each, known)) loose.emplace_back(known.made, each);
  std::sort(loose.begin(), loose.end());
  for (size_t i = 0; i + kPlansKept < loose.size(); ++i) plans.erase(loose[i].second);
}

void Memory::Bury(std::string identity_key, Time until, Time now) {
  // Each is looked at a few times at the most, however many objects go at once.
  if (tombstones.size() >= tombstones_kept) {
    std::erase_if(tombstones, [&](const auto& entry) { return entry.second <= now; });
    tombstones_kept = std::max(kTombstones, 2 * tombstones.size());
  }
  tombstones[std::move(identity_key)] = until;
}

void Memory::Index(const Record& record) {
  const std::string key = record.address.ToString();
  if (!record.identity.empty())
    by_identity[IdentityKey(record.account, record.address.kind_name(), record.identity)] = key;
  for (const Deposed& deposed : record.deposed)
    by_identity[IdentityKey(record.account, record.address.kind_name(), deposed.identity)] = key;
}

void Memory::Unindex(const Record& record) {
  const auto drop = [&](const std::string& identity) {
    const auto found =
        by_identity.find(IdentityKey(record.account, record.address.kind_name(), identity));
    if (found != by_identity.end() && found->second == record.address.ToString())
      by_identity.erase(found);
  };
  drop(record.identity);
  for (const Deposed& deposed : record.deposed) drop(deposed.identity);
}

namespace {

void EraseSecrets(const Kind& kind, Value& value, Path& path) {
  if (value.is_map()) {
    Map& map = value.edit_map();
    for (auto member = map.begin(); member != map.end();) {
      path.push_back({member->first, -1});
      if (kind.RuleFor(path).secret) {
        member = map.erase(member);
      } else {
        EraseSecrets(kind, member->second, path);
        ++member;
      }
      path.pop_back();
    }
  } else if (value.is_list()) {
    for (size_t i = 0; i < value.as_list().size(); ++i) {
      path.push_back({"", static_cast<int64_t>(i)});
      EraseSecrets(kind, value.edit_list()[i], path);
      path.pop_back();
    }
  }
}

}  // namespace

Value StorableFields(const Kind& kind, const Value& fields, const Value* owned, bool whole) {
  if (!fields.is_map()) return Value(Map{});
  const bool any_secret = !kind.SecretPaths().empty();
  std::set<std::string, std::less<>> declared;
  for (const FieldRule& rule : kind.rules()) {
    const Path path = ParsePath(rule.path);
    if (!path.empty()) declared.insert(path[0].key);
    else declared.insert(rule.path.substr(0, rule.path.find_first_of(".[")));
  }
  const Path identity = ParsePath(kind.identity_field());
  if (!identity.empty()) declared.insert(identity[0].key);
  Map kept;
  for (const auto& [key, member] : fields.as_map()) {
    const bool ours = owned != nullptr && owned->Find(key) != nullptr;
    if (whole || ours || declared.count(key) > 0) kept.emplace(key, member);
  }
  Value result(std::move(kept));
  if (any_secret) {
    Path path;
    EraseSecrets(kind, result, path);
  }
  return result;
}

}  // namespace tandem
