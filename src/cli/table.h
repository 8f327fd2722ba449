// Columns for people, and values as JSON or YAML for programs.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "tandem/api/v1/api.pb.h"
#include "tandem/model/value.h"

namespace tandem {

/// Left-aligned columns, two spaces apart, as wide as their widest cell in code points; the last is not
/// padded. Control characters are shown as '?'.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void Add(std::vector<std::string> row);
  void Print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// "json" or "yaml" form of `value`; false if `form` is neither.
bool PrintValue(const Value& value, const std::string& form, std::ostream& out);
std::string ToYaml(const Value& value);

Value ItemValue(const api::v1::Item& item);
Value ResourceValue(const api::v1::ResourceItem& item);
Value ComponentValue(const api::v1::ComponentItem& item);
Value EventValue(const api::v1::EventItem& item);
Value StepValue(const api::v1::StepItem& item);
Value RunValue(const api::v1::RunItem& item);
/// The condition of `type`, null pointer when there is none.
template <typename Item>
const api::v1::ConditionItem* FindCondition(const Item& item, const std::string& type) {
  for (const api::v1::ConditionItem& condition : item.conditions())
    if (condition.type() == type) return &condition;
  return nullptr;
}

}  // namespace tandem
