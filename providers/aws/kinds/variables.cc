#include "providers/aws/kinds/variables.h"

#include <algorithm>
#include <functional>

namespace tandem::aws {
namespace {

void EachVariable(const Value& request, const std::function<void(const Variable&)>& each) {
  if (request.is_string()) {
    if (const auto variable = ParseVariable(request.as_string())) each(*variable);
  } else if (request.is_map()) {
    for (const auto& [key, item] : request.as_map()) EachVariable(item, each);
  } else if (request.is_list()) {
    for (const Value& item : request.as_list()) EachVariable(item, each);
  }
}

}  // namespace

std::optional<Value> Variables::Lookup(const Variable& variable) const {
  if (variable.name == "id") {
    if (variable.path.empty())
      return identity.empty() ? std::nullopt : std::optional<Value>(identity);
    const auto part = identity_parts.find(variable.path);
    return part == identity_parts.end() ? std::nullopt : std::optional<Value>(part->second);
  }
  if (const auto text = texts.find(variable.name); text != texts.end())
    return text->second.empty() ? std::nullopt : std::optional<Value>(text->second);
  const auto value = values.find(variable.name);
  if (value == values.end() || value->second.is_null()) return std::nullopt;
  if (variable.path.empty()) return value->second;
  const Value* found = value->second.At(variable.path);
  return found == nullptr || found->is_null() ? std::nullopt : std::optional<Value>(*found);
}

const ApiShape* ShapeAt(const ApiShape* shape, const Path& path) {
  for (const PathStep& step : path) {
    if (shape == nullptr) return nullptr;
    if (shape->type == ShapeType::kStructure) {
      const ApiMember* member = step.index >= 0 ? nullptr : shape->Find(step.key);
      shape = member == nullptr ? nullptr : member->shape;
    } else if (shape->type == ShapeType::kList) {
      shape = step.index >= 0 ? shape->element.shape : nullptr;
    } else if (shape->type == ShapeType::kMap) {
      shape = shape->value.shape;
    } else {
      return nullptr;
    }
  }
  return shape;
}

bool Uses(const Value& request, std::initializer_list<std::string_view> names) {
  bool uses = false;
  EachVariable(request, [&](const Variable& variable) {
    uses |= std::find(names.begin(), names.end(), variable.name) != names.end();
  });
  return uses;
}

bool AllEmpty(const Value& request, const Variables& variables,
              std::initializer_list<std::string_view> names) {
  bool uses = false;
  bool empty = true;
  EachVariable(request, [&](const Variable& variable) {
    if (std::find(names.begin(), names.end(), variable.name) == names.end()) return;
    uses = true;
    empty &= !variables.Lookup(variable).has_value();
  });
  return uses && empty;
}

}  // namespace tandem::aws
