// Policies: who may change what, how fast, and what heals by itself (FORMATS.md "Policy"; R6, R7, R16).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tandem/diff/diff.h"
#include "tandem/model/document.h"
#include "tandem/schema/kind.h"

namespace tandem {

struct PolicySelector {
  std::vector<std::string> sites;
  std::vector<std::string> kinds;  // "dynamodb.aws/*", "ec2.aws/VPC"
  std::vector<std::string> components;
  std::map<std::string, std::string> labels;
};

enum class DriftAction { kHeal, kApprove, kReport, kIgnore };  // strictest is kApprove

struct ApprovalRule {
  std::vector<BlastClass> classes;
  int64_t count = 1;
  std::vector<std::string> by;  // principals; empty: anyone who may approve
  bool not_author = false;
  friend bool operator==(const ApprovalRule&, const ApprovalRule&) = default;
};

struct Policy {
  std::string name;
  PolicySelector selector;
  /// Path without "spec."; "[]" in it stands for any item. Speaks of what lies below it too.
  std::vector<std::pair<std::string, FieldPolicy>> fields;
  std::map<BlastClass, DriftAction> drift;
  std::vector<ApprovalRule> approvals;
  std::optional<int64_t> budget_count;
  std::optional<int64_t> budget_percent;
};

/// What a selector looks at.
struct Subject {
  KindName kind;
  std::string site;
  std::string component;
  std::map<std::string, std::string, std::less<>> labels;
};

/// Reads a `kind: Policy` document; problems go to `found`.
Policy ReadPolicy(const Document& document, Diagnostics& found);
/// Absent lists select all; all given must match. A kind is "group/Kind" or "group/*".
bool Selects(const PolicySelector& selector, const Subject& subject);

/// All policies of a revision; where several select a subject the strictest wins.
class PolicySet {
 public:
  explicit PolicySet(std::vector<Policy> policies = {});
  FieldPolicy FieldFor(const Subject& subject, const std::string& path) const;
  /// Without any policy: safe changes and re-creation heal, all else waits for approval (R7). The
  /// caller classes the re-creation of a protected resource as data-loss.
  DriftAction DriftFor(const Subject& subject, BlastClass blast) const;
  /// False if ApprovalsFor gives nothing, whatever it is asked.
  bool AsksForApprovals() const;
  std::vector<ApprovalRule> ApprovalsFor(const Subject& subject, BlastClass blast) const;
  /// How many destroys, replaces and cascades one plan may hold, of `recorded` resources (R6).
  int64_t DeleteBudget(int64_t recorded) const;
  /// Of the accepted and the proposed revision together: the stricter of both, everywhere.
  static PolicySet Stricter(const PolicySet& a, const PolicySet& b);
  const std::string& digest() const { return digest_; }
  const std::vector<Policy>& policies() const { return policies_; }

 private:
  std::vector<Policy> policies_;
  std::string digest_;
  /// Of a Stricter set: the two that judge, each with its own defaults.
  std::vector<PolicySet> sides_;
};

}  // namespace tandem
