#include "diff/compare.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "tandem/codec/json.h"

namespace tandem::diff {
namespace {

std::optional<double> NumberOf(const Value& value) {
  if (value.is_int()) return static_cast<double>(value.as_int());
  if (value.is_double()) return value.as_double();
  if (!value.is_string() || value.as_string().empty()) return std::nullopt;
  // Some APIs carry numbers as text, retention times among them.
  const std::string& text = value.as_string();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool CoversInAnyOrder(const List& desired, const List& observed) {
  std::vector<bool> used(observed.size(), false);
  for (const Value& wanted : desired) {
    bool found = false;
    for (size_t i = 0; i < observed.size() && !found; ++i) {
      if (used[i] || !Covers(wanted, observed[i], true)) continue;
      used[i] = true;
      found = true;
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace

bool SameScalar(const Value& a, const Value& b) {
  if (a == b) return true;
  if (a.is_int() && b.is_double()) return static_cast<double>(a.as_int()) == b.as_double();
  if (a.is_double() && b.is_int()) return a.as_double() == static_cast<double>(b.as_int());
  return false;
}

bool Covers(const Value& desired, const Value& observed, bool any_order) {
  if (desired.is_map()) {
    if (!observed.is_map()) return false;
    for (const auto& [key, wanted] : desired.as_map()) {
      if (wanted.is_null()) continue;
      const Value* there = observed.Find(key);
      if (there == nullptr || !Covers(wanted, *there, any_order)) return false;
    }
    return true;
  }
  if (desired.is_list()) {
    if (!observed.is_list() || observed.as_list().size() != desired.as_list().size()) return false;
    const List& wanted = desired.as_list();
    const List& there = observed.as_list();
    // Canonical sets are sorted, so this is nearly always enough.
    const bool in_order =
        std::equal(wanted.begin(), wanted.end(), there.begin(),
                   [&](const Value& a, const Value& b) { return Covers(a, b, any_order); });
    return in_order || (any_order && CoversInAnyOrder(wanted, there));
  }
  if (desired.is_sensitive())
    return !observed.is_sensitive() || SameSecret(desired.as_sensitive(), observed.as_sensitive());
  return SameScalar(desired, observed);
}

bool SameSecret(const Sensitive& desired, const Sensitive& other) {
  if (!desired.digest.empty() && !other.digest.empty()) return desired.digest == other.digest;
  if (!desired.version.empty() && !other.version.empty() && desired.version != other.version)
    return false;
  return desired.parts == other.parts;
}

std::string KeyOf(const Value& item, const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& key : keys) {
    const Value* part = item.At(key);
    if (!text.empty()) text += '/';
    if (part == nullptr || part->is_null()) continue;
    text += part->is_string() ? part->as_string() : ToCanonicalJson(*part);
  }
  return text;
}

BlastClass Worse(BlastClass a, BlastClass b) { return std::min(a, b); }

BlastClass ClassOf(const FieldRule& rule, const Value& before, const Value& after) {
  if (!rule.blast_up && !rule.blast_down) return rule.blast;
  const BlastClass up = rule.blast_up.value_or(rule.blast);
  const BlastClass down = rule.blast_down.value_or(rule.blast);
  // A switch goes up when it is turned on; one that is not there is off.
  const bool is_switch = (before.is_bool() || before.is_null()) && (after.is_bool() || after.is_null());
  const auto number = [&](const Value& value) -> std::optional<double> {
    if (is_switch) return value.is_bool() && value.as_bool() ? 1 : 0;
    return NumberOf(value);
  };
  const auto from = number(before);
  const auto to = number(after);
  if (!from || !to) return Worse(rule.blast, Worse(up, down));
  return *to > *from ? up : *to < *from ? down : rule.blast;
}

}  // namespace tandem::diff
