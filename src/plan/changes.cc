#include "plan/changes.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace tandem::plan {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::string Because(const Step& step) {
  static constexpr std::pair<ChangeReason, std::string_view> kTexts[] = {
      {ChangeReason::kModel, "the model changed"},
      {ChangeReason::kUnset, "the model names it no more"},
      {ChangeReason::kDrift, "changed outside"},
      {ChangeReason::kReference, "what it refers to changes"},
      {ChangeReason::kKind, "a new kind file sees it so"}};
  std::vector<std::string> why;
  for (const auto& [reason, text] : kTexts)
    if (std::any_of(step.changes.begin(), step.changes.end(),
                    [reason = reason](const FieldChange& c) { return c.reason == reason; }))
      why.emplace_back(text);
  return Joined(why);
}

void InsertChange(Step& step, FieldChange change) {
  const auto at = std::lower_bound(
      step.changes.begin(), step.changes.end(), change,
      [](const FieldChange& a, const FieldChange& b) { return a.path < b.path; });
  if (at != step.changes.end() && at->path == change.path) {
    at->replaces |= change.replaces;
    at->blast = std::min(at->blast, change.blast);
  } else {
    step.changes.insert(at, std::move(change));
  }
}

void AddRecordChange(Step& step, std::string_view name, Value before, Value after) {
  if (before == after) return;
  FieldChange change;
  change.path = JoinPath("", name);
  change.before = std::move(before);
  change.after = std::move(after);
  change.blast = BlastClass::kGovernance;
  InsertChange(step, std::move(change));
}

bool Replaces(const Step& step) {
  return std::any_of(step.changes.begin(), step.changes.end(),
                     [](const FieldChange& change) { return change.replaces; });
}

BlastClass WorstOf(const Step& step) {
  BlastClass worst = BlastClass::kSafe;
  for (const FieldChange& change : step.changes) worst = std::min(worst, change.blast);
  return worst;
}

std::string Paths(const Step& step, bool only_replacing) {
  std::vector<std::string> paths;
  for (const FieldChange& change : step.changes)
    if (change.replaces || !only_replacing) paths.push_back(change.path);
  return Joined(paths);
}

}  // namespace tandem::plan
