// Proposed model × records × observations → Plan, or why there is none (docs/plan.md).
//
// Pure: no clock, no I/O; the same input gives the same bytes, whatever order its lists come in.
// Linear in resources and edges, times a logarithm.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tandem/model/source.h"
#include "tandem/plan/plan.h"
#include "tandem/policy/policy.h"
#include "tandem/record/record.h"

namespace tandem {

/// One resource of the proposed model, as far as a plan looks at it.
struct PlannedResource {
  Address address;  // without the account
  Interned account;
  Interned component;
  Interned site;
  std::map<std::string, std::string, std::less<>> labels;
  std::shared_ptr<const Kind> kind;
  std::vector<Interned> needs;  // addresses; those outside the model are ignored
  Interned manage = "full";     // full | observe | delegate
  Interned deletion_policy = "delete";
  Interned adopt;            // "" | if-identical | and-update
  std::optional<bool> protect;  // nullopt: as the kind file says
  bool paused = false;
  Interned external_name;
  Interned moved_from;    // an address, or ""
  bool provisional = false;  // its account or definition does not exist yet (R5)
  bool changed = true;       // its document asks for something else than what settled (R18)
  SourceRange range;         // for problems; may be empty
};

/// The desired form of a resource, and everything that was read through ref() on the way.
struct EvaluatedResource {
  Value desired;
  std::map<std::string, Value> references;  // "address.path" → value, Unknown where not known yet
};

/// What was decided of the resources that one may refer to.
struct DecidedBefore {
  std::set<std::string> becoming_unknown;  // created or replaced: computed fields must come out as Unknown
  /// Without a step although their documents spell something in another way: references are worth what settled,
  /// for that is what stays, and what a step that refers to them will read.
  std::set<std::string> as_settled;
};

/// Asked once a resource, in dependency order. kUnavailable: what it refers to cannot be observed, so it is left
/// out (R18); any other failure is a problem of the model.
using DesiredOf =
    std::function<Result<EvaluatedResource>(const std::string& address, const DecidedBefore& before)>;

struct PlanInput {
  std::string platform;
  std::string platform_uid;
  int64_t from = 0;  // accepted revision, 0 before the first
  int64_t to = 0;
  std::string accepted_digest;
  std::string proposed_digest;
  PlanMode mode = PlanMode::kApply;
  Time created;
  /// Not covered by a kind's digest: "provider:aws" → version, for instance. Part of the hash.
  std::map<std::string, std::string> versions;

  std::vector<PlannedResource> resources;
  std::map<Interned, const Record*, std::less<>> records;  // by address
  /// By address. An address without one could not be observed (R18); one that is known to be absent
  /// has one with `exists` false. For a resource without a record: the object of its name, if any.
  std::map<Interned, const Observation*, std::less<>> observations;
  /// Addresses whose observation is not of the recorded object, which is gone, but of a newer one with
  /// this platform's mark (R12).
  std::set<std::string> newer;
  /// The kind of a record whose document is gone; null pointer when there is none any more.
  std::function<std::shared_ptr<const Kind>(const KindName&)> kind_of;
  DesiredOf desired_of;

  const PolicySet* accepted_policies = nullptr;  // null pointer before the first apply
  const PolicySet* proposed_policies = nullptr;
  std::vector<std::string> targets;      // addresses; empty: everything
  std::optional<int64_t> delete_budget;  // as the caller stated it

  /// What is in none of the lists above and known to be quiet: how many, and the kinds of all resources.
  /// The plan is then that of everything, if it destroys, replaces and moves nothing and is not refused.
  int64_t quiet = 0;
  std::map<std::string, std::string> quiet_kinds;  // kind → digest
  bool tell_quiet = false;                         // PlanResult::quiet is wanted
};

/// The exit code's reason (DESIGN.md section 9).
enum class PlanRefusal { kNone, kConfiguration, kResource, kPolicy };

struct PlanResult {
  PlanRefusal refusal = PlanRefusal::kNone;
  Diagnostics problems;      // errors when refused
  std::optional<Plan> plan;  // sealed; nullopt when refused
  /// Resources that need nothing, of which nothing is to be said, and whose desired form is, as a Value,
  /// what was recorded: as long as neither they, nor their record, observation or anything that they need
  /// changes, they add nothing to a plan but their count.
  std::vector<Interned> quiet;
};

/// Steps of one address: at most one, but for two cases. A replace whose dependents are replaced
/// too is a delete and a create (both with order destroy-first), for the dependents must go before
/// it and come after it; it counts as one replace. An identity left over from a create-first
/// replace is a delete of that identity, beside whatever else its address needs.
///
/// Changes of path ["tandem/…"] are of the record alone: manage, deletion-policy, protect. Changes
/// with `unset` "released" make no call either. A moved step rewrites the mark, then makes its
/// changes.
PlanResult BuildPlan(const PlanInput& input);

/// The address under which the record of a resource of the model stands: its own; else its own in the
/// other form, with or without "@account" (R11: both are one address); else the one it moved from, in
/// either form. Only records of the same account count. "" when there is none.
std::string RecordedAddress(const std::map<Interned, const Record*, std::less<>>& records,
                            const std::string& address, const std::string& account,
                            const std::string& moved_from);

/// True for a change that touches the record and no live object.
bool IsRecordOnly(const FieldChange& change);

/// What a step stands on: identity, mark, and the canonical observed value (null when absent) of
/// every path named by desired or recorded and of immutable members. Secrets only as digests (R3,
/// R15).
Base MakeBase(const Kind& kind, const Value* desired, const Value* recorded,
              const Observation* observation, std::map<std::string, Value> references);

/// The fields in which `now` differs from `base`, by name ("identity", "mark", a path); empty when
/// it has not moved. A null pointer or an observation that does not exist: gone. References that
/// were unknown in `base`, and those that `references` lacks, are not compared.
std::vector<std::string> MovedFields(const Base& base, const Kind& kind, const Observation* now,
                                     const std::map<std::string, Value>& references);

}  // namespace tandem
