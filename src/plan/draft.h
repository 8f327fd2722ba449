// What the parts of BuildPlan hand to each other.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tandem/graph/graph.h"
#include "tandem/plan/build.h"

namespace tandem::plan {

/// Problems, and the worst reason to refuse.
struct Findings {
  Diagnostics problems;
  PlanRefusal refusal = PlanRefusal::kNone;

  void Refuse(PlanRefusal why, const std::string& address, std::string summary,
              std::string detail = "", SourceRange range = {});
};

/// A step before it has an id.
struct Draft {
  Interned key;  // of the step: its address, or that and what part of it this is
  Interned address;
  Step step;
  std::set<Interned, std::less<>> after;      // keys
  const PlannedResource* resource = nullptr;  // null pointer: the document is gone
  const Record* record = nullptr;
  std::shared_ptr<const Kind> kind;
  std::string identity;  // of what is to be made, where the model tells it
};

/// Everything decided about single resources, by address.
struct Decisions {
  std::map<Interned, Draft, std::less<>> drafts;  // by key
  std::map<Interned, const PlannedResource*, std::less<>> resources;
  std::set<std::string> replaced;
  std::map<std::string, std::string> because_of;  // a replaced address → the one that makes it so
  std::set<std::string> unobserved;
  std::set<std::string> not_applied;  // changed documents that are left out
  std::set<std::string> notes;
  std::set<std::string> needs_approval;
  std::map<std::string, std::string> kinds;
  int64_t unchanged = 0;
  std::vector<Interned> quiet;  // PlanResult::quiet

  /// No step is made for `address`; its document, where changed or gone, is not applied.
  void LeaveOut(const std::string& address);
};

/// Subject of the policies.
Subject SubjectOf(const Draft& draft);

/// The plan's targets and all that they need; records whose documents are gone count by their own
/// address (R2). Empty: everything.
std::set<std::string> Targeted(const PlanInput& input, const Graph& graph, Findings& findings);
/// What each resource and record needs by itself.
void Decide(const PlanInput& input, const PolicySet& policies, Decisions& decisions,
            Findings& findings);
/// Splits what must go before and come after others, and draws the edges; false on a cycle.
bool Arrange(Decisions& decisions, std::vector<CopyOnWrite<Step>>& ordered, Findings& findings);
/// Protection, delete budget, approvals (R6, R13, R14, R16).
void Guard(const PlanInput& input, const PolicySet& policies, Decisions& decisions,
           Findings& findings);

inline std::string DestroyKey(const std::string& address) { return address + " destroy"; }
inline std::string DeposedKey(const std::string& address, const std::string& identity) {
  return address + " deposed " + identity;
}

}  // namespace tandem::plan
