#include "engine/planning/standing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "engine/memory/references.h"
#include "tandem/plan/build.h"

namespace tandem {
namespace {

// Of `needs` the one whose value `reference` ("address.path") is; "" when it is of none.
std::string TargetOf(const std::string& reference, const std::vector<Interned>& needs) {
  std::string target;
  for (const std::string& need : needs)
    if (need.size() > target.size() && reference.rfind(need + ".", 0) == 0) target = need;
  return target;
}

// What a plan would see at `key`; nullopt: nothing.
std::optional<Observation> SeenAt(const Memory& now, const std::string& key) {
  const Resource* resource = now.Find(key);
  if (resource == nullptr || !resource->looked || !resource->blind.empty() ||
      resource->quarantine || !resource->seen)
    return std::nullopt;
  Observation seen = *resource->seen;
  if (!resource->live.empty()) seen.fields = resource->live;
  return seen;
}

std::string WhatMovedOf(const Memory& now, const Step& step, const Catalog& catalog) {
  const std::string address = step.address.ToString();
  const Resource* resource = now.Find(address);
  const Record* record = resource != nullptr && resource->record ? &*resource->record : nullptr;
  if (step.action == Action::kDelete && record != nullptr && record->identity != step.base.identity)
    // An object left over from a replace: nobody looks at it until it is deleted.
    for (const Deposed& deposed : record->deposed)
      if (deposed.identity == step.base.identity) return "";
  // Of what is given up only the record is closed, whatever becomes of the object.
  if (step.action == Action::kForget && record != nullptr &&
      (record->deletion_policy == "retain" || record->manage == "observe"))
    return "";
  std::optional<Observation> seen = SeenAt(now, address);
  if (step.action == Action::kMoved && (!seen || !seen->exists))
    seen = SeenAt(now, step.moved_from.ToString());
  if (!seen) return "";
  if (step.base.identity.empty() && seen->exists)
    return fmt::format("{} exists by now", address);
  if (!step.base.identity.empty() && !seen->exists) return fmt::format("{} is gone", address);
  if (!seen->exists) return "";
  if (step.base.identity != seen->identity)
    return fmt::format("{} is another object by now", address);
  if (step.base.mark_address != seen->mark_address)
    return fmt::format("the mark of {} moved", address);
  const std::shared_ptr<const Kind> kind = catalog.Find(step.address.kind_name());
  if (kind == nullptr) return "";
  const std::vector<std::string> moved = MovedFields(step.base, *kind, &*seen, {});
  return moved.empty() ? "" : fmt::format("{}.{} moved", address, moved.front());
}

// Whether `step` itself makes the value at `path`: such an effect belongs to what is expected.
bool Makes(const Step& step, const Path& path) {
  return step.action != Action::kUpdate ||
         std::any_of(step.changes.begin(), step.changes.end(), [&](const FieldChange& change) {
           return path.empty() || LeadingMember(change.path) == path.front().key;
         });
}

// Whether `value` is how the document of `step` spells what is at `path`. Nothing changes there, and yet the step
// settles all of its document.
bool Settles(const Step& step, const CompiledModel& model, const Path& path, const Value& value) {
  if (step.action == Action::kDelete || step.action == Action::kForget) return false;
  const ModelResource* resource = model.Find(step.address.ToString());
  if (resource == nullptr) return false;
  const Value spec = resource->Spec();
  const Value* spelled = FindAt(spec, path);
  return spelled != nullptr && *spelled == value;
}

}  // namespace

std::set<std::string> StoodUpon(const KnownPlan& known) {
  std::set<std::string> addresses;
  for (const Step& step : known.plan->steps) {
    const std::string address = step.address.ToString();
    addresses.insert(address);
    if (step.action == Action::kMoved) addresses.insert(step.moved_from.ToString());
    const ModelResource* model = known.model ? known.model->Find(address) : nullptr;
    if (model == nullptr) continue;
    for (const auto& [reference, value] : step.base.references)
      if (const std::string target = TargetOf(reference, model->needs); !target.empty())
        addresses.insert(target);
  }
  return addresses;
}

Memory CopyOf(const Memory& memory, const std::set<std::string>& addresses) {
  Memory copy;
  copy.accepted = memory.accepted;
  copy.accepted_digest = memory.accepted_digest;
  for (const std::string& address : addresses)
    if (const Resource* resource = memory.Find(address)) copy.resources.emplace(address, *resource);
  return copy;
}

std::string WhatMoved(const Memory& now, const KnownPlan& known, const Catalog& catalog) {
  const Plan& plan = *known.plan;
  if (plan.accepted_digest != now.accepted_digest) return "the accepted model is another";
  for (const auto& [name, digest] : plan.kinds) {
    const size_t slash = name.find('/');
    if (slash == std::string::npos) continue;
    const std::shared_ptr<const Kind> kind =
        catalog.Find(KindName{name.substr(0, slash), name.substr(slash + 1)});
    if (kind == nullptr || kind->digest() != digest)
      return fmt::format("the kind file of {} is another", name);
  }
  if (plan.mode == PlanMode::kUnprotect) return "";  // of records alone
  std::map<std::string, const Step*> steps;
  for (const Step& step : plan.steps) steps.emplace(step.address.ToString(), &step);
  std::map<std::string, Result<Value>> values;  // of references
  for (const Step& step : plan.steps) {
    if (std::string moved = WhatMovedOf(now, step, catalog); !moved.empty()) return moved;
    const std::string address = step.address.ToString();
    const ModelResource* model = known.model ? known.model->Find(address) : nullptr;
    if (model == nullptr) continue;
    for (const auto& [reference, value] : step.base.references) {
      const std::string target = TargetOf(reference, model->needs);
      if (target.empty() || value.HasUnknown() || value.HasSensitive()) continue;
      const Path path = ParsePath(reference.substr(target.size() + 1));
      const auto own = steps.find(target);
      if (own != steps.end() && Makes(*own->second, path)) continue;
      auto found = values.find(reference);
      if (found == values.end())
        found = values.emplace(reference, LiveReference(now, target, path)).first;
      if (found->second.ok() && *found->second != value &&
          !(own != steps.end() && Settles(*own->second, *known.model, path, value)))
        return fmt::format("{}, which {} refers to, moved", reference, address);
    }
  }
  return "";
}

}  // namespace tandem
