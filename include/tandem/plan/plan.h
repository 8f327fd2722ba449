// An ordered, hashed list of steps (FORMATS.md "Plan", RULES.md R3).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/copy_on_write.h"
#include "tandem/base/interned.h"
#include "tandem/diff/diff.h"
#include "tandem/model/address.h"
#include "tandem/model/value.h"
#include "tandem/record/record.h"
#include "tandem/schema/kind.h"

namespace tandem {

enum class Action { kCreate, kUpdate, kReplace, kDelete, kAdopt, kForget, kMoved };
std::string_view ActionName(Action action);

enum class ReplaceOrder { kNone, kDestroyFirst, kCreateFirst };

/// What a step was planned upon; it does not run when this has moved (R3).
struct Base {
  Interned identity;
  Interned mark_address;  // of the object, "" when unmarked or absent
  /// Canonical observed values of the paths named by desired or recorded and of immutable paths.
  Value fields;
  /// address.path → value, for everything read through ref().
  std::map<std::string, Value> references;
};

struct Step {
  int64_t id = 0;  // from 1, in plan order
  Address address;
  Interned account;
  Interned component;  // "" when none
  Interned site;       // "" when none
  int64_t stage = 0;
  Action action = Action::kCreate;
  ReplaceOrder order = ReplaceOrder::kNone;
  BlastClass blast = BlastClass::kSafe;
  std::vector<int64_t> after;  // ids of steps that must be done before
  Interned why;
  std::vector<FieldChange> changes;
  Base base;
  bool provisional = false;  // its account or definition does not exist yet (R5)
  Address moved_from;        // for kMoved
};

struct PlanCounts {
  int64_t create = 0, update = 0, replace = 0, destroy = 0, adopt = 0, forget = 0, moved = 0,
          deferred = 0, unchanged = 0;
};

struct Plan {
  std::string hash;  // "sha256:…"
  std::string platform;
  std::string platform_uid;
  int64_t from = 0;  // accepted revision it was made against
  int64_t to = 0;    // proposed revision
  Time created;      // not in the hash
  PlanMode mode = PlanMode::kApply;
  std::string accepted_digest;
  std::string proposed_digest;
  std::map<std::string, std::string> kinds;  // kind → digest
  std::string policies_digest;
  std::optional<int64_t> delete_budget;      // as the caller stated
  std::vector<CopyOnWrite<Step>> steps;
  std::vector<std::string> unobserved;       // addresses shown as `?` (R18)
  /// Changed documents that this plan leaves out: not observed (R18), or outside its targets (R2).
  std::vector<std::string> not_applied;
  std::vector<std::string> notes;            // warnings worth showing, sorted
  PlanCounts counts;
  std::vector<std::string> needs_approval;   // why it waits for a person, sorted; empty: nothing
};

/// Fills ids, counts and hash from the steps. Same input, same bytes.
void SealPlan(Plan& plan);
Value PlanToValue(const Plan& plan);

/// ToCanonicalJson(PlanToValue(plan)) in pieces, without a tree of the whole plan: that would weigh many
/// times what the plan does.
class PlanJson {
 public:
  /// `plan` must outlive this. Not `sealed`: without hash and time, as the hash is made of it.
  explicit PlanJson(const Plan& plan, bool sealed = true);
  /// Appends at least `bytes` more to `out`, fewer at the end. False when nothing was left.
  bool Next(size_t bytes, std::string* out);

 private:
  const Plan& plan_;
  std::string before_;  // what comes before the steps, and after them
  std::string after_;
  size_t next_ = 0;
};

/// kInvalidArgument when it is no plan, of another format, or its hash does not fit its content.
Result<Plan> PlanFromValue(const Value& value);

struct PlanTextOptions {
  bool color = false;
  int width = 100;
  bool show_unchanged = false;
};
/// For a terminal: `+ ~ - -/+ +/-`, reasons, "(known after …)", "(sensitive)", counts last.
std::string PlanToText(const Plan& plan, const PlanTextOptions& options);
/// For a pull request.
std::string PlanToMarkdown(const Plan& plan);

}  // namespace tandem
