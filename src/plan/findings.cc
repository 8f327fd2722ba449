#include <utility>

#include "plan/draft.h"

namespace tandem::plan {

void Findings::Refuse(PlanRefusal why, const std::string& address, std::string summary,
                      std::string detail, SourceRange range) {
  // The model's own faults first, then what policy forbids, then what is live.
  const auto rank = [](PlanRefusal refusal) {
    return refusal == PlanRefusal::kConfiguration ? 3
           : refusal == PlanRefusal::kPolicy      ? 2
           : refusal == PlanRefusal::kResource    ? 1
                                                  : 0;
  };
  if (rank(why) > rank(refusal)) refusal = why;
  problems.Error(std::move(range), std::move(summary), std::move(detail), address);
}

void Decisions::LeaveOut(const std::string& address) {
  unobserved.insert(address);
  const auto resource = resources.find(address);
  if (resource == resources.end() || resource->second->changed) not_applied.insert(address);
}

Subject SubjectOf(const Draft& draft) {
  Subject subject;
  if (draft.resource != nullptr) {
    subject = {draft.resource->address.kind_name(), draft.resource->site, draft.resource->component,
               draft.resource->labels};
  } else {
    subject = {draft.record->address.kind_name(), draft.record->site, draft.record->component, {}};
  }
  return subject;
}

}  // namespace tandem::plan
