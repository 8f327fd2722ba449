#include "tandem/plan/build.h"

#include <utility>

#include "plan/draft.h"
#include "tandem/base/check.h"

namespace tandem {

PlanResult BuildPlan(const PlanInput& input) {
  TANDEM_CHECK(input.desired_of || input.resources.empty());
  static const PolicySet kNone;
  const PolicySet& proposed = input.proposed_policies == nullptr ? kNone : *input.proposed_policies;
  const PolicySet policies = input.accepted_policies == nullptr
                                 ? proposed
                                 : PolicySet::Stricter(*input.accepted_policies, proposed);
  plan::Decisions decisions;
  decisions.unchanged = input.quiet;
  decisions.kinds = input.quiet_kinds;
  plan::Findings findings;
  plan::Decide(input, policies, decisions, findings);
  plan::Guard(input, policies, decisions, findings);
  if (input.accepted_policies != nullptr && input.accepted_policies->digest() != proposed.digest())
    decisions.notes.insert("the policies change (governance)");

  PlanResult result;
  result.quiet = std::move(decisions.quiet);
  Plan made;
  plan::Arrange(decisions, made.steps, findings);
  result.refusal = findings.refusal;
  result.problems = std::move(findings.problems);
  result.problems.Sort();
  if (result.refusal != PlanRefusal::kNone) return result;

  made.platform = input.platform;
  made.platform_uid = input.platform_uid;
  made.from = input.from;
  made.to = input.to;
  made.created = input.created;
  made.mode = input.mode;
  made.accepted_digest = input.accepted_digest;
  made.proposed_digest = input.proposed_digest;
  made.kinds = std::move(decisions.kinds);
  made.kinds.insert(input.versions.begin(), input.versions.end());
  made.policies_digest = policies.digest();
  made.delete_budget = input.delete_budget;
  made.unobserved.assign(decisions.unobserved.begin(), decisions.unobserved.end());
  made.not_applied.assign(decisions.not_applied.begin(),
                                 decisions.not_applied.end());
  made.notes.assign(decisions.notes.begin(), decisions.notes.end());
  made.needs_approval.assign(decisions.needs_approval.begin(), decisions.needs_approval.end());
  made.counts.unchanged = decisions.unchanged;
  SealPlan(made);
  result.plan = std::move(made);
  return result;
}

}  // namespace tandem
