// What the variables of a kind file's templates are worth in one call.
//
// Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tandem/model/value.h"
#include "tandem/schema/api_model.h"
#include "tandem/schema/calls.h"

namespace tandem::aws {

struct Variables {
  std::string identity;  // "" before there is one
  Map identity_parts;
  /// "name", "account", "region", "intent", "token", "parent"; empty texts count as none.
  std::map<std::string, std::string, std::less<>> texts;
  /// "spec", "observed", "recorded", "item", "added", "removed", "removedKeys", "answer".
  std::map<std::string, Value, std::less<>> values;

  std::optional<Value> Lookup(const Variable& variable) const;
  VariableLookup lookup() const {
    return [this](const Variable& variable) { return Lookup(variable); };
  }
};

/// The shape at a path below `shape`, or null pointer.
const ApiShape* ShapeAt(const ApiShape* shape, const Path& path);

/// True if a text in `request` stands for one of the names.
bool Uses(const Value& request, std::initializer_list<std::string_view> names);
/// True if every variable of `names` that the template uses has no value, and it uses one.
bool AllEmpty(const Value& request, const Variables& variables,
              std::initializer_list<std::string_view> names);

}  // namespace tandem::aws
