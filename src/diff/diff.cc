#include "tandem/diff/diff.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "diff/compare.h"
#include "tandem/base/check.h"

namespace tandem {
namespace {

using diff::ClassOf;
using diff::Covers;
using diff::SameSecret;

/// Null counts as not named: `${condition ? 3 : null}` gives a path up.
const Value* Named(const Value* value) {
  return value == nullptr || value->is_null() ? nullptr : value;
}

const Value* Member(const Value* map, std::string_view key) {
  return map == nullptr ? nullptr : Named(map->Find(key));
}

bool IsEmptyContainer(const Value& value) {
  return (value.is_map() && value.as_map().empty()) || (value.is_list() && value.as_list().empty());
}

/// Entries of a keyed list by key; a key that comes again gets a number.
std::map<std::string, std::pair<const Value*, int64_t>> ByKey(
    const Value* list, const std::vector<std::string>& keys) {
  std::map<std::string, std::pair<const Value*, int64_t>> entries;
  if (list == nullptr || !list->is_list()) return entries;
  int64_t index = 0;
  for (const Value& item : list->as_list()) {
    const std::string key = diff::KeyOf(item, keys);
    std::string unique = key;
    for (int again = 2; entries.count(unique) != 0; ++again)
      unique = key + "#" + std::to_string(again);
    entries.emplace(std::move(unique), std::make_pair(&item, index++));
  }
  return entries;
}

/// Walks the three forms of one resource in step.
class Comparison {
 public:
  explicit Comparison(const DiffInput& input) : input_(input), kind_(*input.kind) {}

  ResourceDiff Run() {
    const Value desired = kind_.Canonical(*input_.desired);
    const bool as_recorded = input_.recorded == input_.desired ||
                             (input_.recorded != nullptr && *input_.recorded == *input_.desired);
    const Value recorded =
        as_recorded || input_.recorded == nullptr ? Value() : kind_.Canonical(*input_.recorded);
    const Value observed = input_.observed == nullptr ? Value() : kind_.Canonical(*input_.observed);
    const Value* recorded_form = as_recorded ? &desired : Named(&recorded);
    exists_ = input_.observed != nullptr;
    const Value empty = Map();
    VisitMap("", desired, recorded_form,
             exists_ ? (observed.is_map() ? &observed : &empty) : nullptr, FieldRule());
    const auto by_path = [](const FieldChange& a, const FieldChange& b) { return a.path < b.path; };
    std::sort(result_.changes.begin(), result_.changes.end(), by_path);
    std::sort(result_.observed_only.begin(), result_.observed_only.end(), by_path);
    return std::move(result_);
  }

 private:
  /// One path; at least one of desired and recorded names it.
  void Visit(const std::string& path, const Value* desired, const Value* recorded,
             const Value* observed) {
    const FieldRule rule = kind_.RuleFor(at_);
    if (rule.computed) return;
    const bool keyed = rule.compare == CompareMode::kKeyed && !rule.keys.empty();
    if (desired == nullptr) return Unset(path, *recorded, observed, rule, keyed);
    if (IsEmptyContainer(*desired) && Named(observed) == nullptr && exists_) {
      // Some APIs answer an empty map or list by leaving it out; having sent it is enough.
      if (recorded == nullptr || !IsEmptyContainer(*recorded))
        Report(path, desired, recorded, observed, rule);
      return;
    }
    if (rule.write_only) return VisitWriteOnly(path, *desired, recorded, rule);
    if (rule.secret || desired->is_sensitive())
      return VisitSecret(path, *desired, recorded, observed, rule);
    if (desired->is_map() && !desired->as_map().empty() && rule.compare == CompareMode::kExact)
      return VisitMap(path, *desired, recorded, observed, rule);
    if (desired->is_map() && rule.exclusive)
      return VisitMap(path, *desired, recorded, observed, rule);
    if (keyed && desired->is_list()) return VisitKeyed(path, *desired, recorded, observed, rule);
    VisitWhole(path, *desired, recorded, observed, rule);
  }

  /// Per entry; foreign entries are left unless the rule says that all are ours (R4).
  void VisitMap(const std::string& path, const Value& desired, const Value* recorded,
                const Value* observed, const FieldRule& rule) {
    for (const auto& [key, value] : desired.as_map())
      if (const Value* named = Named(&value)) {
        at_.push_back({key, -1});
        Visit(JoinPath(path, key), named, Member(recorded, key), Member(observed, key));
        at_.pop_back();
      }
    if (!exists_) return;
    if (recorded != nullptr && recorded != &desired && recorded->is_map())
      for (const auto& [key, value] : recorded->as_map())
        if (Named(&value) != nullptr && Member(&desired, key) == nullptr) {
          at_.push_back({key, -1});
          Visit(JoinPath(path, key), nullptr, &value, Member(observed, key));
          at_.pop_back();
        }
    if (rule.exclusive && observed != nullptr && observed->is_map())
      for (const auto& [key, value] : observed->as_map())
        if (Member(&desired, key) == nullptr && Member(recorded, key) == nullptr)
          RemoveForeign(JoinPath(path, key), key, value, rule);
  }

  void VisitKeyed(const std::string& path, const Value& desired, const Value* recorded,
                  const Value* observed, const FieldRule& rule) {
    const auto wanted = ByKey(&desired, rule.keys);
    const auto before = recorded == &desired ? wanted : ByKey(recorded, rule.keys);
    const auto there = ByKey(observed, rule.keys);
    const auto find = [](const auto& entries, const std::string& key) -> const Value* {
      const auto found = entries.find(key);
      return found == entries.end() ? nullptr : found->second.first;
    };
    for (const auto& [key, entry] : wanted) {
      const Value* live = find(there, key);
      at_.push_back({"", entry.second});
      if (live == nullptr || !entry.first->is_map()) {
        VisitWhole(JoinPath(path, key), *entry.first, find(before, key), live, rule);
      } else {
        VisitMap(JoinPath(path, key), *entry.first, find(before, key), live, FieldRule());
      }
      at_.pop_back();
    }
    if (!exists_) return;
    for (const auto& [key, entry] : before)
      if (wanted.count(key) == 0)
        if (const Value* live = find(there, key))
          Removal(JoinPath(path, key), *live, rule, ChangeReason::kUnset);
    if (rule.exclusive)
      for (const auto& [key, entry] : there)
        if (wanted.count(key) == 0 && before.count(key) == 0)
          RemoveForeign(JoinPath(path, key), key, *entry.first, rule);
  }

  /// Scalars, sets, ordered lists, JSON: wholly ours.
  void VisitWhole(const std::string& path, const Value& desired, const Value* recorded,
                  const Value* observed, const FieldRule& rule) {
    if (desired.HasUnknown() || !exists_ || observed == nullptr)
      return Report(path, &desired, recorded, observed, rule);
    const bool any_order = rule.compare == CompareMode::kSet;
    if (!Covers(desired, *observed, any_order))
      return Report(path, &desired, recorded, observed, rule);
    if (rule.compare == CompareMode::kJson && !Covers(*observed, desired, any_order))
      return Report(path, &desired, recorded, observed, rule);
    if (recorded == nullptr || recorded == &desired || *recorded == desired) return;
    if (desired.HasSensitive() && !Covers(desired, *recorded, any_order))
      return Report(path, &desired, recorded, observed, rule);
    // What an item named before and names no more is still there.
    if (Covers(*recorded, *observed, any_order) && !Covers(*recorded, desired, any_order))
      Report(path, &desired, recorded, observed, rule);
  }

  /// No answer ever holds it: what was sent stands for what is there.
  void VisitWriteOnly(const std::string& path, const Value& desired, const Value* recorded,
                      const FieldRule& rule) {
    if (exists_ && recorded != nullptr && !desired.HasUnknown() &&
        (recorded == &desired ||
         (Covers(desired, *recorded, false) && Covers(*recorded, desired, false))))
      return;
    Report(path, &desired, recorded, recorded, rule);
  }

  void VisitSecret(const std::string& path, const Value& desired, const Value* recorded,
                   const Value* observed, const FieldRule& rule) {
    if (!desired.is_sensitive()) {
      // Of a list or map of secrets: digests may not have been taken yet.
      const bool sent = recorded != nullptr && Covers(desired, *recorded, false) &&
                        Covers(*recorded, desired, false);
      if (exists_ && sent && !desired.HasUnknown()) return;
      return Report(path, &desired, recorded, nullptr, rule);
    }
    const Sensitive& wanted = desired.as_sensitive();
    const bool sent = recorded != nullptr && recorded->is_sensitive() &&
                      SameSecret(wanted, recorded->as_sensitive());
    // The API answers it, so its absence is a change from outside.
    const bool gone = observed == nullptr && !rule.secret;
    const bool other = observed != nullptr && observed->is_sensitive() &&
                       !SameSecret(wanted, observed->as_sensitive());
    if (exists_ && sent && !gone && !other) return;
    Report(path, &desired, recorded, observed, rule);
  }

  /// In recorded but no more in desired: what the kind file's `unset` says (R4).
  void Unset(const std::string& path, const Value& recorded, const Value* observed,
             const FieldRule& rule, bool keyed) {
    if (!exists_) return;
    const bool own = HasRule();
    if (rule.unset == UnsetMode::kRelease && !rule.write_only && !rule.secret) {
      if (recorded.is_map() && rule.compare == CompareMode::kExact)
        return VisitMap(path, Map(), &recorded, observed, FieldRule());
      if (keyed && recorded.is_list()) return VisitKeyed(path, List(), &recorded, observed, rule);
      // An entry of ours in a map that others may fill too.
      if (!own && at_.size() > 1) {
        if (observed != nullptr) Removal(path, *observed, rule, ChangeReason::kUnset);
        return;
      }
    }
    const bool hidden = rule.write_only || rule.secret || recorded.is_sensitive();
    if (observed == nullptr && !hidden) return;
    const Value before = hidden ? recorded : *observed;
    FieldChange change = Change(path, before, Value(), rule, ChangeReason::kUnset);
    change.replaces = false;
    switch (rule.unset) {
      case UnsetMode::kRelease:
        change.after = change.before;
        change.unset = "released";
        change.blast = BlastClass::kSafe;
        break;
      case UnsetMode::kNull:
        change.unset = "null";
        break;
      case UnsetMode::kCall:
        change.unset = "call";
        break;
      case UnsetMode::kValue:
        if (observed != nullptr && Covers(rule.unset_value, *observed, true)) return;
        change.after = rule.unset_value;
        change.unset = "value";
        change.blast = ClassOf(rule, before, rule.unset_value);
        break;
      case UnsetMode::kReplace:
        change.unset = "replace";
        change.replaces = true;
        change.blast = BlastClass::kReplace;
        break;
    }
    Keep(std::move(change));
  }

  void Removal(const std::string& path, const Value& live, const FieldRule& rule,
               ChangeReason reason) {
    FieldChange change = Change(path, live, Value(), rule, reason);
    change.unset = "null";
    Keep(std::move(change));
  }

  void RemoveForeign(const std::string& path, const std::string& key, const Value& live,
                     const FieldRule& rule) {
    if (key.rfind("tandem:", 0) == 0) return;  // the ownership mark (R12)
    Removal(path, live, rule, ChangeReason::kDrift);
  }

  void Report(const std::string& path, const Value* desired, const Value* recorded,
              const Value* observed, const FieldRule& rule) {
    Keep(Change(path, observed == nullptr ? Value() : *observed, *desired, rule,
                ReasonOf(*desired, recorded, rule)));
  }

  ChangeReason ReasonOf(const Value& desired, const Value* recorded, const FieldRule& rule) const {
    if (!exists_) return ChangeReason::kModel;
    if (desired.HasUnknown()) return ChangeReason::kReference;
    const bool as_recorded =
        recorded != nullptr && Covers(desired, *recorded, true) && Covers(*recorded, desired, true);
    if (as_recorded) return input_.kind_changed ? ChangeReason::kKind : ChangeReason::kDrift;
    // A default that the record does not know came with a new kind file.
    if (input_.kind_changed && recorded == nullptr && input_.recorded != nullptr &&
        rule.default_value && Covers(*rule.default_value, desired, true))
      return ChangeReason::kKind;
    return ChangeReason::kModel;
  }

  FieldChange Change(const std::string& path, const Value& before, const Value& after,
                     const FieldRule& rule, ChangeReason reason) const {
    FieldChange change;
    change.path = path;
    change.before = before;
    change.after = after;
    change.unknown = after.HasUnknown();
    change.sensitive = rule.secret || before.HasSensitive() || after.HasSensitive();
    change.replaces = exists_ && rule.replace;
    change.reason = reason;
    change.blast = !exists_          ? BlastClass::kCreate
                   : change.replaces ? BlastClass::kReplace
                                     : ClassOf(rule, before, after);
    if (change.sensitive) {
      // Only recipes and digests go on from here, whatever the API answered.
      if (!change.before.is_sensitive()) change.before = Value();
      if (rule.secret && !change.after.is_sensitive() && !change.after.is_null())
        change.after = change.unknown ? Value(Unknown{Type::kString, ""}) : Value(Sensitive{});
    }
    return change;
  }

  /// Field policies: after creation some paths are only reported, or left alone.
  void Keep(FieldChange change) {
    const FieldPolicy policy =
        exists_ && input_.policy ? input_.policy(change.path) : FieldPolicy::kEnforce;
    const bool outside =
        change.reason == ChangeReason::kDrift || change.reason == ChangeReason::kKind;
    switch (policy) {
      case FieldPolicy::kEnforce:
        break;
      case FieldPolicy::kInitialOnly:
        return;
      case FieldPolicy::kIgnore:
        if (outside) return;
        break;
      case FieldPolicy::kObserve:
        if (!outside) break;
        result_.observed_only.push_back(std::move(change));
        return;
    }
    result_.changes.push_back(std::move(change));
  }

  /// The kind file speaks of the path at hand itself, not only of its parents.
  bool HasRule() const {
    return std::any_of(kind_.rules().begin(), kind_.rules().end(), [&](const FieldRule& rule) {
      std::string pattern;
      for (const PathStep& step : at_) {
        if (step.index >= 0) {
          pattern += "[]";
        } else {
          pattern = JoinPath(pattern, step.key);
        }
      }
      return rule.path == pattern;
    });
  }

  const DiffInput& input_;
  const Kind& kind_;
  bool exists_ = false;
  Path at_;  // with list positions, as rules are looked up
  ResourceDiff result_;
};

}  // namespace

std::string_view ChangeReasonName(ChangeReason reason) {
  switch (reason) {
    case ChangeReason::kModel:
      return "model";
    case ChangeReason::kDrift:
      return "drift";
    case ChangeReason::kUnset:
      return "unset";
    case ChangeReason::kKind:
      return "kind";
    case ChangeReason::kReference:
      return "reference";
  }
  return "model";
}

bool ResourceDiff::replaces() const {
  return std::any_of(changes.begin(), changes.end(),
                     [](const FieldChange& change) { return change.replaces; });
}

BlastClass ResourceDiff::worst() const {
  BlastClass worst = BlastClass::kSafe;
  for (const FieldChange& change : changes) worst = diff::Worse(worst, change.blast);
  return worst;
}

ResourceDiff Compare(const DiffInput& input) {
  TANDEM_CHECK(input.kind != nullptr);
  if (input.desired == nullptr || !input.desired->is_map()) return {};
  return Comparison(input).Run();
}

}  // namespace tandem
