#include "sim/members.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tandem {
namespace {

bool SameKeys(const Value& a, const Value& b, const std::vector<std::string>& keys) {
  return std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
    const Value* left = a.At(key);
    const Value* right = b.At(key);
    return left != nullptr && right != nullptr && *left == *right;
  });
}

const Value* FindEntry(const Value* list, const Value& entry,
                       const std::vector<std::string>& keys) {
  if (list == nullptr || !list->is_list()) return nullptr;
  for (const Value& item : list->as_list()) {
    if (SameKeys(item, entry, keys)) return &item;
  }
  return nullptr;
}

Path Below(const Path& path, std::string key) {
  Path below = path;
  below.push_back({std::move(key), -1});
  return below;
}

Path Below(const Path& path, size_t index) {
  Path below = path;
  below.push_back({"", static_cast<int64_t>(index)});
  return below;
}

// Calls `visit` for every value below `value`; what it returns false for is removed.
void Prune(const Path& path, Value& value, const std::function<bool(const Path&, Value&)>& visit) {
  if (value.is_map()) {
    Map& map = value.edit_map();
    for (auto at = map.begin(); at != map.end();) {
      const Path below = Below(path, at->first);
      if (visit(below, at->second)) {
        Prune(below, at->second, visit);
        ++at;
      } else {
        at = map.erase(at);
      }
    }
  } else if (value.is_list()) {
    List& list = value.edit_list();
    for (size_t i = 0; i < list.size(); ++i) {
      const Path below = Below(path, i);
      if (visit(below, list[i])) Prune(below, list[i], visit);
    }
  }
}

// A map with only the member that `path` starts with.
Value OnlyTop(const Value& fields, const Path& path) {
  Value only = Map{};
  if (const Value* member = fields.Find(path.front().key)) only.Set(path.front().key, *member);
  return only;
}

bool Equal(const Value* a, const Value* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return *a == *b;
}

}  // namespace

void EachTextAt(const Value& value, std::string_view path,
                const std::function<void(const std::string&)>& each) {
  const size_t any = path.find("[]");
  std::string_view head = path.substr(0, any);
  const Value* found = head.empty() ? &value : value.At(head);
  if (found == nullptr) return;
  if (any == std::string_view::npos) {
    if (found->is_string()) each(found->as_string());
    if (found->is_list()) {
      for (const Value& item : found->as_list()) {
        if (item.is_string()) each(item.as_string());
      }
    }
    return;
  }
  if (!found->is_list()) return;
  std::string_view rest = path.substr(any + 2);
  if (!rest.empty() && rest.front() == '.') rest.remove_prefix(1);
  for (const Value& item : found->as_list()) EachTextAt(item, rest, each);
}

std::string TopMember(const std::string& path) {
  const Path steps = ParsePath(path);
  return steps.empty() ? path : steps.front().key;
}

Value Merged(const Kind& kind, const Path& path, const Value* live, const Value& desired,
             const Value* recorded) {
  if (live == nullptr) return desired;
  const FieldRule rule = kind.RuleFor(path);
  if (desired.is_map() && live->is_map()) {
    Value merged = rule.exclusive ? Value(Map{}) : *live;
    if (recorded != nullptr && recorded->is_map()) {
      for (const auto& [key, entry] : recorded->as_map()) {
        if (desired.Find(key) == nullptr) merged.edit_map().erase(key);
      }
    }
    for (const auto& [key, entry] : desired.as_map()) {
      merged.Set(key, Merged(kind, Below(path, key), live->Find(key), entry,
                             recorded != nullptr ? recorded->Find(key) : nullptr));
    }
    return merged;
  }
  if (desired.is_list() && live->is_list() && rule.compare == CompareMode::kKeyed) {
    List merged;
    for (const Value& entry : live->as_list()) {
      const bool wanted = FindEntry(&desired, entry, rule.keys) != nullptr;
      const bool ours = FindEntry(recorded, entry, rule.keys) != nullptr;
      if (!wanted && (rule.exclusive || ours)) continue;
      merged.push_back(entry);
    }
    for (const Value& entry : desired.as_list()) {
      const auto same = std::find_if(merged.begin(), merged.end(), [&](const Value& item) {
        return SameKeys(item, entry, rule.keys);
      });
      if (same == merged.end()) {
        merged.push_back(entry);
      } else {
        const Value before = *same;
        *same = Merged(kind, Below(path, static_cast<size_t>(same - merged.begin())), &before,
                       entry, FindEntry(recorded, entry, rule.keys));
      }
    }
    return merged;
  }
  return desired;
}

void StripWriteOnly(const Kind& kind, Value& fields) {
  Prune({}, fields, [&](const Path& path, Value&) { return !kind.RuleFor(path).write_only; });
}

void FillDefaults(const Kind& kind, Value& fields) {
  for (const FieldRule& rule : kind.rules()) {
    if (!rule.default_value || rule.path.find("[]") != std::string::npos) continue;
    const Path path = ParsePath(rule.path);
    if (path.empty() || FindAt(fields, path) != nullptr) continue;
    // A default inside an object that was not given does not make the object.
    const Path parent(path.begin(), path.end() - 1);
    if (!parent.empty() && FindAt(fields, parent) == nullptr) continue;
    SetAt(fields, path, *rule.default_value);
  }
}

Value WithSecretsHidden(const Kind& kind, const Value& spec) {
  Value hidden = spec;
  Prune({}, hidden, [&](const Path& path, Value& value) {
    if (value.is_string() && kind.RuleFor(path).secret) {
      value = Sensitive{{{true, "env:SANDBOX"}}, "", ""};
    }
    return true;
  });
  return hidden;
}

std::string ImmutableChange(const Kind& kind, const Path& path, const Value& live_fields,
                            const Value& desired_fields) {
  if (path.empty()) return "";
  const Value live = kind.Canonical(OnlyTop(live_fields, path));
  const Value desired = kind.Canonical(OnlyTop(desired_fields, path));
  const std::function<std::string(const Path&)> differs = [&](const Path& at) -> std::string {
    const Value* before = FindAt(live, at);
    const Value* after = FindAt(desired, at);
    if (after == nullptr || Equal(before, after)) return "";
    const FieldRule rule = kind.RuleFor(at);
    // What no answer carries cannot be compared.
    if (rule.replace && !rule.write_only) return FormatPath(at);
    if (after->is_map()) {
      for (const auto& [key, item] : after->as_map()) {
        if (std::string found = differs(Below(at, key)); !found.empty()) return found;
      }
    } else if (after->is_list()) {
      for (size_t i = 0; i < after->as_list().size(); ++i) {
        if (std::string found = differs(Below(at, i)); !found.empty()) return found;
      }
    }
    return "";
  };
  return differs(path);
}

}  // namespace tandem
