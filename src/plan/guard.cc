// What no plan may do by omission: protection, the delete budget, approvals.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "plan/draft.h"

namespace tandem::plan {
namespace {

bool Destroys(const Draft& draft) {
  return draft.step.action == Action::kDelete || draft.step.action == Action::kReplace;
}

/// "a → b → c": from the change that starts it to `address` (R13).
std::string Chain(const Decisions& decisions, std::string address) {
  std::string text = address;
  for (int hops = 0; hops < 100; ++hops) {
    const auto cause = decisions.because_of.find(address);
    if (cause == decisions.because_of.end()) break;
    address = cause->second;
    text = address + " → " + text;
  }
  return text;
}

/// Recorded objects that die with `draft` though nothing in the plan names them (R6, R14).
std::vector<const Record*> Cascaded(
    const PlanInput& input, const Decisions& decisions,
    const std::map<std::string, std::vector<const Record*>>& children, const Draft& draft) {
  std::vector<const Record*> found;
  if (draft.kind == nullptr || draft.kind->cascades().empty()) return found;
  const auto standing = children.find(draft.address);
  if (standing == children.end()) return found;
  for (const Record* record : standing->second) {
    const auto& kinds = draft.kind->cascades();
    if (std::find(kinds.begin(), kinds.end(), record->address.kind_name()) == kinds.end()) continue;
    const auto own = decisions.drafts.find(record->address.ToString());
    if (own == decisions.drafts.end() || !Destroys(own->second)) found.push_back(record);
  }
  return found;
}

void Protect(const Draft& draft, const Decisions& decisions, Findings& findings) {
  if (draft.record == nullptr || !draft.record->protected_) return;
  // A left-over identity was replaced by a plan that was allowed to.
  if (draft.key != draft.address) return;
  const bool replaced = draft.step.action == Action::kReplace;
  std::string detail = fmt::format(
      "protection is lifted by tandem/protect: \"false\" in an earlier apply, or by tandem "
      "unprotect {}",
      draft.address);
  if (replaced && decisions.because_of.count(draft.address) != 0)
    detail = "it follows from " + Chain(decisions, draft.address) + "\n" + detail;
  findings.Refuse(PlanRefusal::kPolicy, draft.address,
                  fmt::format("{} is protected and would be {}{}", draft.address,
                              replaced ? "replaced: " : "destroyed: ", draft.step.why),
                  std::move(detail),
                  draft.resource == nullptr ? SourceRange() : draft.resource->range);
}

std::string Describe(const ApprovalRule& rule) {
  std::string by;
  for (const std::string& principal : rule.by) by += (by.empty() ? " by " : ", ") + principal;
  return fmt::format("{} approval{}{}{}", rule.count, rule.count == 1 ? "" : "s", by,
                     rule.not_author ? ", not the author's" : "");
}

/// The classes of a step that policies speak of: its own, and that of every change in it.
std::set<BlastClass> ClassesOf(const Step& step) {
  std::set<BlastClass> classes = {step.blast};
  if (step.action != Action::kCreate)
    for (const FieldChange& change : step.changes) classes.insert(change.blast);
  return classes;
}

void AskApproval(const PlanInput& input, const PolicySet& policies, const Draft& draft,
                 Decisions& decisions) {
  const Subject subject = SubjectOf(draft);
  for (const BlastClass blast : ClassesOf(draft.step)) {
    const std::string what = fmt::format("{} of {}", BlastClassName(blast), draft.address);
    if (blast == BlastClass::kRoleChange)
      decisions.needs_approval.insert(what + " always waits for a person");
    for (const ApprovalRule& rule : policies.ApprovalsFor(subject, blast))
      decisions.needs_approval.insert(
          fmt::format("{}: a policy asks for {}", what, Describe(rule)));
    if (input.mode == PlanMode::kHeal && policies.DriftFor(subject, blast) != DriftAction::kHeal)
      decisions.needs_approval.insert(what + " does not heal unattended");
  }
}

void GuardKindChange(const Draft& draft, Findings& findings) {
  if (draft.step.action != Action::kReplace) return;
  const bool only_kind = std::all_of(
      draft.step.changes.begin(), draft.step.changes.end(),
      [](const FieldChange& c) { return !c.replaces || c.reason == ChangeReason::kKind; });
  if (!only_kind) return;
  findings.Refuse(
      PlanRefusal::kPolicy, draft.address,
      fmt::format("{} would be replaced only because of a new kind file", draft.address),
      "the model did not change; keep the earlier kind file, or name the new value in the "
      "document");
}

constexpr size_t kListed = 10;  // addresses by name in one message

std::string Listed(const std::set<std::string>& addresses) {
  std::string text;
  size_t count = 0;
  for (const std::string& address : addresses) {
    if (count++ == kListed) return text + fmt::format(" and {} more", addresses.size() - kListed);
    text += (text.empty() ? "" : ", ") + address;
  }
  return text;
}

}  // namespace

void Guard(const PlanInput& input, const PolicySet& policies, Decisions& decisions,
           Findings& findings) {
  std::map<std::string, std::vector<const Record*>> children;
  for (const auto& [address, record] : input.records)
    for (const std::string& need : record->depends_on) children[need].push_back(record);

  std::set<std::string> doomed;  // destroys, replaces and cascades
  for (const auto& [key, draft] : decisions.drafts) {
    AskApproval(input, policies, draft, decisions);
    GuardKindChange(draft, findings);
    if (!Destroys(draft)) continue;
    doomed.insert(key);
    Protect(draft, decisions, findings);
    for (const Record* record : Cascaded(input, decisions, children, draft)) {
      const std::string child = record->address.ToString();
      doomed.insert(child);
      if (!record->protected_) continue;
      findings.Refuse(PlanRefusal::kPolicy, child,
                      fmt::format("{} is protected and would die with {}", child, draft.address),
                      fmt::format("protection is lifted by tandem unprotect {}", child));
    }
  }

  const int64_t recorded = static_cast<int64_t>(input.records.size());
  const int64_t budget = policies.DeleteBudget(recorded);
  const int64_t count = static_cast<int64_t>(doomed.size());
  if (count <= budget || input.delete_budget == count) return;
  std::string summary =
      count >= recorded
          ? fmt::format("the plan would destroy or replace all {} recorded resources", recorded)
          : fmt::format(
                "the plan would destroy or replace {} of {} recorded resources; the budget "
                "is {}",
                count, recorded, budget);
  std::string detail = fmt::format("if that is what you want, say so: --delete-budget {}", count);
  if (input.delete_budget)
    detail = fmt::format("--delete-budget {} was given; {}", *input.delete_budget, detail);
  detail = Listed(doomed) + "\n" + detail;
  findings.Refuse(PlanRefusal::kPolicy, "", std::move(summary), std::move(detail));
}

}  // namespace tandem::plan
