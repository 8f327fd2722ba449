#include "cli/table.h"

#include <algorithm>
#include <ostream>

#include "tandem/base/printable.h"
#include "tandem/codec/json.h"

namespace tandem {
namespace {

size_t CodePoints(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool IsPlainYaml(const std::string& text) {
  static const std::vector<std::string> words = {"true", "false", "null", "~", "yes", "no", "on", "off"};
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  std::string lower;
  for (const char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (std::find(words.begin(), words.end(), lower) != words.end()) return false;
  if (!std::isalpha(static_cast<unsigned char>(text.front())) && text.front() != '/') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' ||
                  c == '/' || c == ':' || c == ' ' || c == '@';
         }) &&
         text.find(": ") == std::string::npos;
}

std::string YamlScalar(const Value& value) {
  if (value.is_string() && IsPlainYaml(value.as_string())) return value.as_string();
  return ToCanonicalJson(value);  // JSON scalars and empty collections are YAML
}

bool IsBlock(const Value& value) {
  return (value.is_list() && !value.as_list().empty()) || (value.is_map() && !value.as_map().empty());
}

void WriteYaml(const Value& value, size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  if (value.is_map()) {
    for (const auto& [key, member] : value.as_map()) {
      out += margin + YamlScalar(Value(key)) + ":";
      if (IsBlock(member)) {
        out += "\n";
        WriteYaml(member, indent + 2, out);
      } else {
        out += " " + YamlScalar(member) + "\n";
      }
    }
  } else if (value.is_list()) {
    for (const Value& item : value.as_list()) {
      if (IsBlock(item)) {
        std::string inner;
        WriteYaml(item, indent + 2, inner);
        inner[indent] = '-';
        out += inner;
      } else {
        out += margin + "- " + YamlScalar(item) + "\n";
      }
    }
  }
}

Value OrNull(const std::string& text) { return text.empty() ? Value() : Value(text); }

Value FromJson(const std::string& json) {
  if (json.empty()) return {};
  const Result<Value> value = ParseJson(json);
  return value.ok() ? *value : Value();
}

template <typename Item>
Value Conditions(const Item& item) {
  List list;
  for (const api::v1::ConditionItem& condition : item.conditions())
    list.push_back(Map{{"type", condition.type()},
                       {"status", condition.status()},
                       {"reason", condition.reason()},
                       {"message", condition.message()},
                       {"lastTransitionTime", OrNull(condition.last_transition_time())},
                       {"observedGeneration", condition.observed_generation()}});
  return list;
}

}  // namespace

void Table::Add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = Printable(cell);
  rows_.push_back(std::move(row));
}

void Table::Print(std::ostream& out) const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], CodePoints(row[i]));
  }
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line += std::string(widths[i] - CodePoints(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << "\n";
  }
}

std::string ToYaml(const Value& value) {
  if (!IsBlock(value)) return YamlScalar(value) + "\n";
  std::string out;
  WriteYaml(value, 0, out);
  return out;
}

bool PrintValue(const Value& value, const std::string& form, std::ostream& out) {
  if (form == "json") {
    out << ToPrettyJson(value) << "\n";
    return true;
  }
  if (form == "yaml") {
    out << ToYaml(value);
    return true;
  }
  return false;
}

Value ResourceValue(const api::v1::ResourceItem& item) {
  List needs(item.needs().begin(), item.needs().end());
  List drift(item.drift().begin(), item.drift().end());
  Map value{{"address", item.address()},
            {"kind", item.kind()},
            {"account", OrNull(item.account())},
            {"component", OrNull(item.component())},
            {"site", OrNull(item.site())},
            {"identity", OrNull(item.identity())},
            {"state", OrNull(item.state())},
            {"inModel", item.has_in_model() ? Value(item.in_model()) : Value()},
            {"recorded", item.recorded()},
            {"protected", item.is_protected()},
            {"manage", item.manage()},
            {"pausedBy", OrNull(item.paused_by())},
            {"needs", std::move(needs)},
            {"drift", std::move(drift)},
            {"generation", item.generation()},
            {"observedAt", OrNull(item.observed_at())},
            {"conditions", Conditions(item)}};
  if (!item.fields_json().empty()) value["observed"] = FromJson(item.fields_json());
  if (!item.settled_json().empty()) value["settled"] = FromJson(item.settled_json());
  return value;
}

Value ComponentValue(const api::v1::ComponentItem& item) {
  return Map{{"name", item.name()},
             {"title", item.title()},
             {"site", OrNull(item.site())},
             {"layer", OrNull(item.layer())},
             {"group", OrNull(item.group())},
             {"resources", item.resources()},
             {"conditions", Conditions(item)}};
}

Value EventValue(const api::v1::EventItem& item) {
  return Map{{"sequence", item.sequence()}, {"time", item.time()},
             {"type", item.type()},         {"reason", item.reason()},
             {"address", OrNull(item.address())}, {"run", OrNull(item.run())},
             {"actor", OrNull(item.actor())},     {"message", item.message()}};
}

Value StepValue(const api::v1::StepItem& item) {
  return Map{{"run", item.run()},           {"id", item.id()},
             {"address", item.address()},   {"action", item.action()},
             {"state", item.state()},       {"attempts", item.attempts()},
             {"error", OrNull(item.error())}, {"started", OrNull(item.started())},
             {"finished", OrNull(item.finished())}};
}

Value RunValue(const api::v1::RunItem& item) {
  return Map{{"id", item.id()},           {"plan", item.plan_hash()},
             {"mode", item.mode()},       {"from", item.from()},
             {"to", item.to()},           {"actor", item.actor()},
             {"state", item.state()},     {"created", OrNull(item.created())},
             {"finished", OrNull(item.finished())}, {"message", item.message()}};
}

Value ItemValue(const api::v1::Item& item) {
  using api::v1::Item;
  switch (item.item_case()) {
    case Item::kResource: return ResourceValue(item.resource());
    case Item::kComponent: return ComponentValue(item.component());
    case Item::kConnection:
      return Map{{"from", item.connection().from()},
                 {"to", item.connection().to()},
                 {"type", OrNull(item.connection().type())},
                 {"direction", item.connection().both() ? "both" : "to"},
                 {"state", OrNull(item.connection().state())}};
    case Item::kAccount:
      return Map{{"name", item.account().name()},
                 {"provider", item.account().provider()},
                 {"site", OrNull(item.account().site())},
                 {"principal", OrNull(item.account().principal())},
                 {"verifiedId", OrNull(item.account().verified_id())},
                 {"state", item.account().state()},
                 {"message", OrNull(item.account().message())},
                 {"observedAt", OrNull(item.account().observed_at())}};
    case Item::kRun: return RunValue(item.run());
    case Item::ITEM_NOT_SET: break;
  }
  return {};
}

}  // namespace tandem
