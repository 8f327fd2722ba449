#include "plan/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "tandem/codec/json.h"

namespace tandem::plan {
namespace {

void Append(const Value& value, std::string& out) {
  if (value.is_unknown()) {
    const std::string& source = value.as_unknown().source;
    out += source.empty() ? "(known after apply)" : fmt::format("(known after {})", source);
  } else if (value.is_sensitive()) {
    out += "(sensitive)";
  } else if (value.is_list()) {
    out += '[';
    for (size_t i = 0; i < value.as_list().size(); ++i) {
      if (i > 0) out += ", ";
      Append(value.as_list()[i], out);
    }
    out += ']';
  } else if (value.is_map()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : value.as_map()) {
      if (!first) out += ", ";
      first = false;
      out += ToCanonicalJson(Value(key)) + ": ";
      Append(member, out);
    }
    out += '}';
  } else {
    out += ToCanonicalJson(value);
  }
}

/// Cut before a code point, never inside one.
std::string Cut(std::string text, size_t width) {
  if (width == 0 || text.size() <= width) return text;
  size_t points = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
    if (++points > width) return text.substr(0, i) + "…";
  }
  return text;
}

bool IsPart(const Step& step, Action action) {
  return step.action == action && step.order == ReplaceOrder::kDestroyFirst;
}

}  // namespace

std::string_view Symbol(const Step& step) {
  switch (step.action) {
    case Action::kCreate:
      return IsPart(step, Action::kCreate) ? "-/+" : "+";
    case Action::kUpdate:
      return "~";
    case Action::kReplace:
      return step.order == ReplaceOrder::kCreateFirst ? "+/-" : "-/+";
    case Action::kDelete:
      return "-";
    case Action::kAdopt:
      return "<";
    case Action::kForget:
      return ".";
    case Action::kMoved:
      return ">";
  }
  return "~";
}

std::string ShowValue(const Value& value, size_t width) {
  std::string text;
  Append(value, text);
  return Cut(std::move(text), width);
}

std::string ShowPath(const std::string& path) {
  constexpr std::string_view kOpen = "[\"tandem/";
  if (path.compare(0, kOpen.size(), kOpen) != 0 || path.size() < kOpen.size() + 2) return path;
  return path.substr(2, path.size() - 4);
}

char ChangeSymbol(const FieldChange& change) {
  if (change.unset == "released") return '.';
  if (change.sensitive) return change.after.is_null() ? '-' : '~';
  return change.before.is_null() ? '+' : change.after.is_null() ? '-' : '~';
}

std::string ShowChange(const Step& step, const FieldChange& change, size_t width) {
  // A sensitive value is one word, whatever it is made of: not even its shape is shown.
  const auto show = [&](const Value& value) {
    if (change.sensitive && !value.is_unknown()) return std::string("(sensitive)");
    return ShowValue(value, width);
  };
  const bool made = step.action == Action::kCreate;
  const char symbol = made && change.before.is_null() ? '+' : ChangeSymbol(change);
  std::string line = fmt::format("{} {}: ", symbol, ShowPath(change.path));
  if (change.unset == "released") {
    line += show(change.before);
  } else if (symbol == '+') {
    line += show(change.after);
  } else if (symbol == '-') {
    line += show(change.before);
  } else if (change.sensitive) {
    line += show(change.after);
  } else if (change.before == change.after) {
    line += show(change.after);
  } else {
    line += fmt::format("{} -> {}", show(change.before), show(change.after));
  }
  std::vector<std::string_view> remarks;
  if (change.replaces) remarks.emplace_back("forces replacement");
  if (!made) {
    if (change.reason == ChangeReason::kDrift) remarks.emplace_back("changed outside");
    if (change.reason == ChangeReason::kKind) remarks.emplace_back("seen by a new kind file");
    if (change.unset == "released") remarks.emplace_back("released: left as it is, no longer ours");
    if (change.unset == "call") remarks.emplace_back("unset by a call of its own");
    if (change.unset == "value") remarks.emplace_back("back to its default");
    if (change.blast < BlastClass::kDisruptive && change.blast != BlastClass::kReplace)
      remarks.emplace_back(BlastClassName(change.blast));
  }
  for (size_t i = 0; i < remarks.size(); ++i)
    line += fmt::format("{}{}", i == 0 ? "  # " : ", ", remarks[i]);
  return line;
}

std::string Summary(const Plan& plan) {
  const PlanCounts& c = plan.counts;
  const std::pair<int64_t, std::string_view> all[] = {
      {c.create, "to create"},  {c.update, "to update"}, {c.replace, "to replace"},
      {c.destroy, "to delete"}, {c.adopt, "to adopt"},   {c.forget, "to forget"},
      {c.moved, "to move"}};
  std::string text;
  for (const auto& [count, words] : all)
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "Plan: " : ", ", count, words);
  if (text.empty()) {
    text = "No changes";
    if (c.deferred > 0) text += fmt::format(", {} deferred", c.deferred);
    if (!plan.unobserved.empty()) text += fmt::format(", {} not observed", plan.unobserved.size());
    return text + fmt::format(". {} unchanged.", c.unchanged);
  }
  if (c.deferred > 0) text += fmt::format(", {} deferred", c.deferred);
  if (!plan.unobserved.empty()) text += fmt::format(", {} not observed", plan.unobserved.size());
  return text + ".";
}

std::vector<Group> Grouped(const Plan& plan) {
  std::map<std::pair<int64_t, std::string>, Group> groups;
  for (const Step& step : plan.steps) {
    if (IsPart(step, Action::kDelete)) continue;
    Group& group = groups[{step.stage, step.site}];
    group.stage = step.stage;
    group.site = step.site;
    group.steps.push_back(&step);
  }
  std::vector<Group> list;
  for (auto& [key, group] : groups) list.push_back(std::move(group));
  return list;
}

}  // namespace tandem::plan
