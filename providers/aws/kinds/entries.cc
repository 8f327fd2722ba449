#include "providers/aws/kinds/entries.h"

#include <map>
#include <optional>

#include "tandem/codec/json.h"

namespace tandem::aws {
namespace {

using Keyed = std::map<std::string, Entry>;

std::optional<Value> FieldOf(const Value& form, const std::string& field) {
  const Value* value = form.At(field);
  if (value == nullptr || value->is_null()) return std::nullopt;
  return *value;
}

/// The canonical form of `value` as the field's.
Value CanonicalField(const Kind& kind, const std::string& field, const Value& value) {
  Value whole;
  SetAt(whole, ParsePath(field), value);
  const Value canonical = kind.Canonical(whole);
  const Value* found = canonical.At(field);
  return found == nullptr ? Value() : *found;
}

std::vector<std::string> ExplodedLists(const Kind& kind, const std::string& field) {
  std::vector<std::string> names;
  const Value* fields = kind.body().Find("fields");
  const Value* rule = fields == nullptr ? nullptr : fields->Find(field);
  const Value* lists = rule == nullptr ? nullptr : rule->Find("explode");
  if (lists != nullptr && lists->is_list())
    for (const Value& name : lists->as_list()) names.push_back(name.as_string());
  return names;
}

/// The entries that a set's item stands for, as they were written.
List Exploded(const Value& item, const std::vector<std::string>& lists) {
  if (lists.empty() || !item.is_map()) return {item};
  Map rest = item.as_map();
  std::vector<std::pair<std::string, Value>> parts;
  for (const std::string& name : lists) {
    const auto at = rest.find(name);
    if (at == rest.end() || !at->second.is_list()) continue;
    for (const Value& part : at->second.as_list()) parts.emplace_back(name, part);
    rest.erase(at);
  }
  if (parts.empty()) return {Value(rest)};
  List entries;
  for (const auto& [name, part] : parts) {
    Map one = rest;
    one[name] = List{part};
    entries.emplace_back(std::move(one));
  }
  return entries;
}

class EntryReader {
 public:
  EntryReader(const Kind& kind, std::string field)
      : kind_(kind), field_(std::move(field)), rule_(kind.RuleFor(ParsePath(field_))) {}

  const FieldRule& rule() const { return rule_; }
  /// Whole entries are compared, so that a changed one is another.
  bool IsSet(const Value& value) const {
    return value.is_list() && rule_.compare != CompareMode::kKeyed;
  }

  /// By a text that tells entries apart.
  Keyed Read(const std::optional<Value>& value) const {
    Keyed entries;
    if (!value) return entries;
    if (value->is_map()) {
      const Value canonical = CanonicalField(kind_, field_, *value);
      for (const auto& [key, item] : value->as_map()) {
        const Value* same = canonical.Find(key);
        entries[key] = {Value(key), item, same == nullptr ? item : *same, Value()};
      }
      return entries;
    }
    if (!value->is_list()) return entries;
    const bool set = IsSet(*value);
    const std::vector<std::string> lists = ExplodedLists(kind_, field_);
    for (const Value& whole : value->as_list()) {
      for (const Value& item : set ? Exploded(whole, lists) : List{whole}) {
        const Value one = CanonicalField(kind_, field_, List{item});
        if (!one.is_list() || one.as_list().empty()) continue;
        const Value& canonical = one.as_list()[0];
        Value key = set ? canonical : KeyOf(canonical);
        const std::string text = ToCanonicalJson(key);
        entries[text] = {std::move(key), item, canonical, Value()};
      }
    }
    return entries;
  }

 private:
  Value KeyOf(const Value& item) const {
    if (rule_.keys.size() == 1) {
      const Value* key = item.At(rule_.keys[0]);
      return key == nullptr ? Value() : *key;
    }
    Map keys;
    for (const std::string& name : rule_.keys)
      if (const Value* key = item.At(name)) keys[name] = *key;
    return keys;
  }

  const Kind& kind_;
  const std::string field_;
  const FieldRule rule_;
};

bool SaysUnset(const Kind& kind, const std::string& field) {
  const Value* fields = kind.body().Find("fields");
  const Value* rule = fields == nullptr ? nullptr : fields->Find(field);
  return rule != nullptr && rule->Find("unset") != nullptr;
}

}  // namespace

bool Covers(const Value& there, const Value& wanted) {
  if (wanted.is_map() && there.is_map()) {
    for (const auto& [key, item] : wanted.as_map()) {
      if (item.is_null()) continue;
      const Value* other = there.Find(key);
      if (other == nullptr || !Covers(*other, item)) return false;
    }
    return true;
  }
  if (wanted.is_list() && there.is_list()) {
    if (wanted.as_list().size() != there.as_list().size()) return false;
    for (size_t i = 0; i < wanted.as_list().size(); ++i)
      if (!Covers(there.as_list()[i], wanted.as_list()[i])) return false;
    return true;
  }
  return there == wanted;
}

EntryChanges ChangesOf(const Kind& kind, const std::string& field, const Value& desired,
                       const Value& observed, const Value& recorded) {
  const EntryReader reader(kind, field);
  std::optional<Value> wanted = FieldOf(desired, field);
  const std::optional<Value> live = FieldOf(observed, field);
  if (!wanted) {
    const bool given_up = FieldOf(recorded, field).has_value();
    if (!given_up) return {};
    if (reader.rule().unset == UnsetMode::kValue)
      wanted = reader.rule().unset_value;
    else if (SaysUnset(kind, field) && reader.rule().unset == UnsetMode::kRelease)
      return {};
  }
  const bool set = (wanted && reader.IsSet(*wanted)) || (!wanted && live && reader.IsSet(*live));
  const Keyed want = reader.Read(wanted);
  const Keyed have = reader.Read(live);
  const Keyed had = reader.Read(FieldOf(recorded, field));
  EntryChanges changes;
  for (const auto& [text, entry] : want) {
    const auto there = have.find(text);
    if (there == have.end())
      changes.added.push_back(entry);
    else if (!set && !Covers(there->second.canonical, entry.canonical))
      changes.changed.push_back({entry.key, entry.item, entry.canonical, there->second.canonical});
  }
  for (const auto& [text, entry] : have) {
    if (want.count(text) != 0) continue;
    if (!set && !reader.rule().exclusive && had.count(text) == 0) continue;
    changes.removed.push_back(
        {entry.key, set ? entry.canonical : entry.item, entry.canonical, Value()});
  }
  return changes;
}

}  // namespace tandem::aws
