// Is this value what a shape of an API description asks for? Said before anything is sent.
//
// Pure. Values of blobs are their bytes as text, or {"$base64": TEXT} where they are not UTF-8;
// timestamps are seconds since 1970 (int or double) or RFC 3339 text; floats may be the texts "NaN",
// "Infinity", "-Infinity". Unknown values pass where their type can fit, sensitive ones where
// a text can. A null member counts as absent.
#pragma once

#include <string>
#include <vector>

#include "tandem/model/value.h"
#include "tandem/schema/api_model.h"

namespace tandem {

struct ParamProblem {
  std::string path;     // "Tags[0].Key"; "" for the value itself
  std::string message;  // "unknown member 'CidrBlok', did you mean 'CidrBlock'?"
  friend bool operator==(const ParamProblem&, const ParamProblem&) = default;
};

struct ParamRules {
  bool required = true;  // required members, and exactly one of a union
  bool enums = true;     // refuse values that the enum does not list
  bool limits = true;    // min and max of numbers and lengths
};

/// Every problem, in the order of paths as they are met: members as the description orders them,
/// unknown ones last. Empty when there is none. Patterns are not checked: vendors' are often wrong.
std::vector<ParamProblem> ValidateParams(const ShapeRef& shape, const Value& value,
                                         const ParamRules& rules = {});

}  // namespace tandem
