// What providers and the sandbox need to carry out the calls of a kind file (docs/kind-files.md):
// the parts whose meaning must be the same everywhere.
//
// Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tandem/base/status.h"
#include "tandem/model/value.h"
#include "tandem/schema/api_model.h"
#include "tandem/schema/kind.h"

namespace tandem {

/// The call of that name ("create", "mark", "update:tags", "delete", …), or nullopt.
std::optional<CallRule> FindCall(const Kind& kind, std::string_view name);
/// The `tags` section with everything that its style implies written out; null when there is none.
Value TagsOf(const Kind& kind);
/// True if the create call carries the mark; false if "mark" must follow it, or nothing can.
bool MarksAtCreate(const Kind& kind);

/// A text of a template that stands for a value: "$spec.VpcId" is {"spec", "VpcId"}.
struct Variable {
  std::string name;
  std::string path;
};
/// Nullopt for literal text ("$$" starts one that begins with "$").
std::optional<Variable> ParseVariable(std::string_view text);
/// What a variable is worth; nullopt leaves out the member that it stands at.
using VariableLookup = std::function<std::optional<Value>(const Variable& variable)>;
/// The request. Values are cut to the members that `shape` has where they go; null pointer cuts
/// nothing. A map or list that is empty because everything in it was left out is left out as well.
Value FillTemplate(const Value& request, const ApiShape* shape, const VariableLookup& lookup);

/// The identity of an object with these fields: of `identity.compose`, or the identity field's
/// text. kInvalidArgument when a needed field is missing or not known yet.
Result<std::string> IdentityOf(const Kind& kind, const Value& fields);
/// The parts of a composed identity by field; an empty map for other kinds, and absent parts left
/// out. kInvalidArgument when `identity` has another number of parts.
Result<Map> IdentityParts(const Kind& kind, std::string_view identity);

/// The kind's fields from an answer: `object` is the main answer with the parts of `also` set in
/// it.
Value FromAnswer(const Kind& kind, Value object);

}  // namespace tandem
