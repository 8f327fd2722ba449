// The words that the text and the markdown form of a plan share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tandem/plan/plan.h"

namespace tandem::plan {

/// "+", "~", "-", "-/+", "+/-", "<" (adopt), "." (forget), ">" (moved).
std::string_view Symbol(const Step& step);
/// A value for people: JSON with "(known after SOURCE)" and "(sensitive)" in it; at most `width`
/// characters where that is not 0.
std::string ShowValue(const Value& value, size_t width);
/// `["tandem/manage"]` as tandem/manage; others as they are.
std::string ShowPath(const std::string& path);
/// One line for one change, without its indentation: "~ CidrBlock: "a" -> "b"  # forces
/// replacement".
std::string ShowChange(const Step& step, const FieldChange& change, size_t width);
/// '+', '~' or '-'.
char ChangeSymbol(const FieldChange& change);
/// "Plan: 3 to create, 1 to update." or "No changes. 44 unchanged.".
std::string Summary(const Plan& plan);

/// Steps of one stage and site, in plan order; the delete of a split replace is shown with its
/// create.
struct Group {
  int64_t stage = 0;
  std::string site;
  std::vector<const Step*> steps;
};
std::vector<Group> Grouped(const Plan& plan);

}  // namespace tandem::plan
