// A plan in one line, for tables.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tandem/plan/build.h"

namespace tandem::testing_support {

/// "1 create a/B/c [after] !class; …", or what was refused.
inline std::string Show(const PlanResult& result) {
  std::string text;
  if (!result.plan) {
    for (const Diagnostic& problem : result.problems.items())
      text += (text.empty() ? "" : "; ") + problem.summary;
    return (result.refusal == PlanRefusal::kPolicy     ? "policy: "
            : result.refusal == PlanRefusal::kResource ? "resource: "
                                                       : "configuration: ") +
           text;
  }
  for (const Step& step : result.plan->steps) {
    if (!text.empty()) text += "; ";
    text += std::string(ActionName(step.action)) + " " + step.address.ToString();
    if (step.order == ReplaceOrder::kDestroyFirst) text += " -/+";
    if (step.order == ReplaceOrder::kCreateFirst) text += " +/-";
    for (size_t i = 0; i < step.after.size(); ++i)
      text += (i == 0 ? " after " : ",") + std::to_string(step.after[i]);
  }
  for (const std::string& address : result.plan->unobserved) {
    const std::vector<std::string>& changed = result.plan->not_applied;
    text += (text.empty() ? "? " : "; ? ") + address;
    if (std::find(changed.begin(), changed.end(), address) == changed.end()) text += " as it was";
  }
  return text;
}

}  // namespace tandem::testing_support
