// The calls of a kind file against its API description: where templates put what, and which members
// of `spec` that gives the kind.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/kind_text.h"
#include "schema/type_tree.h"
#include "tandem/schema/api_model.h"
#include "tandem/schema/calls.h"

namespace tandem {

/// Walks a template beside the shape it fills. `leaf` gets every variable with the shape it meets;
/// `wrong` gets the places that the shape does not have.
using TemplateLeaf =
    std::function<void(const Variable& variable, const ApiShape* shape, const std::string& place)>;
using TemplateWrong = std::function<void(const std::string& place, const std::string& why)>;
void WalkTemplate(const Value& request, const ApiShape* shape, const std::string& place,
                  const TemplateLeaf& leaf, const TemplateWrong& wrong);

/// A call anywhere in the file: the map that has "call", and its place.
struct CallForm {
  std::string place;  // "operations.update[0].add"
  const Value* body = nullptr;
  const ApiOperation* operation = nullptr;  // null pointer when the API has none of that name
};
/// All of them, in the order of the file's sections.
std::vector<CallForm> AllCalls(const Value& body, const ApiModel& api);

/// The member of the create call's input that the step's token goes into, or "".
std::string TokenMember(const Value& call, const ApiOperation& operation);

/// The members of `spec`: what create and update calls carry, `members`, the parent and the tags.
/// What cannot be found is reported.
std::vector<TopMember> GatherMembers(const KindText& text, const ApiModel& api, Diagnostics& found);

/// "CreateTags" for the ec2 style, else the calls under `tags`. The ec2 style's calls are not
/// written in the file: this spells `tags` out, so that readers need one form only.
Value SpellOutTags(const Value& body);

}  // namespace tandem
