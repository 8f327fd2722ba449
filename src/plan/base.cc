// What a step stands on, and whether that has moved (R3).
#include <algorithm>
#include <utility>

#include "tandem/plan/build.h"

namespace tandem {
namespace {

/// What of `observed` a base keeps where `named` (either may be null) names something.
Value Keep(const Kind& kind, Path& at, const Value* a, const Value* b, const Value* observed) {
  const FieldRule rule = kind.RuleFor(at);
  if (rule.write_only || rule.computed) return Value();
  const bool per_entry = rule.compare == CompareMode::kExact &&
                         ((a != nullptr && a->is_map()) || (b != nullptr && b->is_map()));
  if (per_entry && !rule.secret) {
    Map kept;
    for (const Value* named : {a, b}) {
      if (named == nullptr || !named->is_map()) continue;
      for (const auto& [key, member] : named->as_map()) {
        if (kept.count(key) != 0) continue;
        at.push_back({key, -1});
        const Value* there = observed == nullptr ? nullptr : observed->Find(key);
        const Value* in_a = a == nullptr ? nullptr : a->Find(key);
        const Value* in_b = b == nullptr ? nullptr : b->Find(key);
        kept.emplace(key, Keep(kind, at, in_a, in_b, there));
        at.pop_back();
      }
    }
    return kept;
  }
  if (observed == nullptr) return Value();
  const bool secret =
      rule.secret || (a != nullptr && a->HasSensitive()) || (b != nullptr && b->HasSensitive());
  if (secret && !observed->is_sensitive()) return Value();
  return *observed;
}

void Differences(const std::string& path, const Value& base, const Value* now,
                 std::vector<std::string>& out) {
  if (base.is_map()) {
    for (const auto& [key, member] : base.as_map())
      Differences(JoinPath(path, key), member, now == nullptr ? nullptr : now->Find(key), out);
    return;
  }
  // Secrets that are live are compared by their digests only, and only when the base has one.
  if (base.is_sensitive()) {
    if (now == nullptr || !now->is_sensitive() ||
        now->as_sensitive().digest != base.as_sensitive().digest)
      out.push_back(path);
    return;
  }
  if (now != nullptr && now->HasSensitive()) return;
  if (base != (now == nullptr ? Value() : *now)) out.push_back(path);
}

/// Write-only and computed members stand in a base as null and are never in an answer.
Value Comparable(const Kind& kind, const Value& fields) {
  Value canonical = kind.Canonical(fields);
  if (!canonical.is_map()) return canonical;
  for (const FieldRule& rule : kind.rules())
    if (rule.write_only || rule.computed || rule.secret) {
      const Path path = ParsePath(rule.path);
      if (const Value* found = path.empty() ? nullptr : FindAt(canonical, path);
          found != nullptr && !found->is_sensitive())
        EraseAt(canonical, path);
    }
  return canonical;
}

}  // namespace

Base MakeBase(const Kind& kind, const Value* desired, const Value* recorded,
              const Observation* observation, std::map<std::string, Value> references) {
  Base base;
  base.references = std::move(references);
  if (observation == nullptr || !observation->exists) return base;
  base.identity = observation->identity;
  base.mark_address = observation->mark_address;
  Value observed = observation->fields.empty() ? Value(Map()) : observation->fields.Unpack();
  observed = Comparable(kind, observed);
  Path at;
  base.fields = Keep(kind, at, desired, recorded, &observed);
  if (!base.fields.is_map()) base.fields = Map();
  for (const FieldRule& rule : kind.rules()) {
    if (!rule.replace || rule.computed || rule.write_only || rule.secret) continue;
    const Path path = ParsePath(rule.path);
    if (path.size() != 1 || base.fields.Find(path[0].key) != nullptr) continue;
    if (const Value* value = observed.Find(path[0].key)) base.fields.Set(path[0].key, *value);
  }
  return base;
}

std::vector<std::string> MovedFields(const Base& base, const Kind& kind, const Observation* now,
                                     const std::map<std::string, Value>& references) {
  std::vector<std::string> moved;
  const bool there = now != nullptr && now->exists;
  if (base.identity != (there ? now->identity : "")) moved.push_back("identity");
  if (base.mark_address != (there ? now->mark_address : "")) moved.push_back("mark");
  if (there && base.fields.is_map()) {
    const Value observed =
        Comparable(kind, now->fields.empty() ? Value(Map()) : now->fields.Unpack());
    Differences("", base.fields, &observed, moved);
  }
  for (const auto& [name, value] : base.references) {
    const auto found = references.find(name);
    if (found == references.end() || value.HasUnknown()) continue;
    if (found->second != value) moved.push_back(name);
  }
  std::sort(moved.begin(), moved.end());
  return moved;
}

bool IsRecordOnly(const FieldChange& change) {
  return change.unset == "released" || change.path.str().rfind("[\"tandem/", 0) == 0;
}

}  // namespace tandem
