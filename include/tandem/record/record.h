// What tandem remembers, as plain values, and their stored form.
//
// Everything here is a value. `ToValue`/`FromValue` are the stored form (canonical JSON through codec);
// FromValue refuses what it does not understand with kDataLoss and never guesses.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/interned.h"
#include "tandem/base/status.h"
#include "tandem/codec/json.h"
#include "tandem/model/address.h"
#include "tandem/model/error_class.h"
#include "tandem/model/value.h"

namespace tandem {

enum class ConditionStatus { kTrue, kFalse, kUnknown };
std::string_view ConditionStatusName(ConditionStatus status);  // "True" "False" "Unknown"

struct Condition {
  Interned type;  // Ready Synced Drifted ParityOK ReplicationHealthy Paused Stalled
  ConditionStatus status = ConditionStatus::kUnknown;
  Interned reason;  // CamelCase
  Interned message;
  Time last_transition;
  int64_t observed_generation = 0;
  friend bool operator==(const Condition&, const Condition&) = default;
};

/// How an object is found again after a lost reply (RULES.md R9).
enum class CreateClass { kToken, kTag, kName, kNone };  // A B C D
std::string_view CreateClassName(CreateClass create_class);  // "A" … "D"

/// An identity that was replaced create-first and is deleted once no dependent needs it (R13).
struct Deposed {
  std::string identity;
  Packed fields;
  Time since;
};

/// An address that an object had, and the revision that gave it another (R4).
struct FormerAddress {
  std::string address;
  int64_t until = 0;
};

/// One resource that tandem has settled at least once.
struct Record {
  Address address;      // without the account
  Interned account;  // the Account document's name
  Packed account_spec;  // as applied (R14)
  int64_t kind_version = 0;
  Interned kind_digest;
  Interned identity;  // "" while a create is in flight
  std::vector<Deposed> deposed;
  std::vector<FormerAddress> former;  // oldest first, as far back as revisions are kept
  Packed recorded;  // what was sent, per call that settled, never from replies
  Packed settled;   // desired form of the last step that settled here
  bool protected_ = false;
  bool adopted = false;
  Interned manage = "full";             // full | observe | delegate
  Interned deletion_policy = "delete";  // delete | retain
  std::vector<Interned> depends_on;     // addresses; deletion order comes from these
  Interned component;
  Interned site;
  int64_t generation = 0;  // revision that settled last
  Interned run;
  Interned paused_by;  // "" when not paused
};

/// What was live when last looked. Kept apart from Record: it changes far more often.
struct Observation {
  Address address;
  Interned identity;
  bool exists = false;
  Packed fields;
  Interned state;  // ready | busy | failed | ""
  Interned mark_address;
  Interned mark_intent;
  Time at;
  std::vector<Condition> conditions;
};

std::string_view ErrorClassName(ErrorClass error_class);

enum class IntentState { kOpen, kWaiting, kSettled, kFailed, kQuarantined };
std::string_view IntentStateName(IntentState state);

/// The durable record before and after one mutating call. Secrets as references and versions only.
struct Intent {
  std::string id;
  std::string run;  // "" for a healing step
  int64_t step = 0;
  int64_t epoch = 0;
  Address address;
  std::string account;
  std::string call;  // "create", "update:<name>", "delete", "mark"
  CreateClass create_class = CreateClass::kNone;
  std::string identity;  // known before the call, or ""
  Packed request;        // the exact ApplyRequest body, secrets as Sensitive
  std::string token;     // idempotency token, derived from id
  bool absent_before = false;  // a read just before found nothing (unmarkable objects)
  Packed list_before;          // class D: identities listed before the call
  Time created;
  Time deadline;
  IntentState state = IntentState::kOpen;
  std::string handle;  // of a long operation, once known
  ErrorClass error_class = ErrorClass::kUnspecified;
  std::string error;
  std::string outcome_identity;
  Time settled;
};

enum class RunState { kOpen, kStopping, kSucceeded, kFailed, kCancelled, kSuperseded, kExpired };
std::string_view RunStateName(RunState state);

/// What a plan, and the run of it, is for. A person asks for the first two; the engine makes the others: a heal moves
/// live objects back to what settled, and unprotect changes records alone (R6).
enum class PlanMode { kApply, kUndo, kHeal, kUnprotect };
std::string_view PlanModeName(PlanMode mode);
std::optional<PlanMode> ParsePlanMode(std::string_view name);

struct Run {
  std::string id;
  std::string plan_hash;
  PlanMode mode = PlanMode::kApply;
  int64_t from = 0;            // accepted revision before
  int64_t to = 0;              // revision proposed
  std::string actor;
  RunState state = RunState::kOpen;
  Time created;
  Time finished;
  std::string message;
};

enum class StepState {
  kPending,
  kReady,
  kIntent,   // intent written
  kCalled,
  kWaiting,  // on an operation handle, or for the object to be ready
  kSettled,
  kVerified,
  kFailed,
  kBlocked,  // a step it needs failed
  kVoid,     // its base moved
  kCancelled,
};
std::string_view StepStateName(StepState state);

struct StepRow {
  Interned run;
  int64_t id = 0;
  Address address;
  Interned action;
  StepState state = StepState::kPending;
  int64_t call = 0;  // index of the next call of this step
  int64_t attempts = 0;
  Interned error;
  Time started;
  Time finished;
};

struct Approval {
  std::string hash;
  std::string principal;
  Time created;
  Time expires;
};

struct Event {
  int64_t sequence = 0;
  Time time;
  Interned type;  // Normal | Warning
  Interned reason;
  Interned address;
  Interned run;
  Interned actor;
  std::string message;
};

/// An accepted or proposed model. Its documents lie under their digests.
struct Revision {
  int64_t number = 0;
  std::string digest;
  Time created;
  std::string actor;
  bool accepted = false;
  int64_t documents = 0;  // how many; their digests are in rows of their own
};

/// A document as a revision keeps it: evaluated nowhere, with where it came from.
struct StoredDocument {
  std::string text;  // the document's own YAML
  std::string file;
  int64_t line = 0;
};

Value ToValue(const Condition&);
Value ToValue(const Record&);
Value ToValue(const Observation&);
Value ToValue(const Intent&);
Value ToValue(const Run&);
Value ToValue(const StepRow&);
Value ToValue(const Approval&);
Value ToValue(const Event&);
Value ToValue(const Revision&);
Value ToValue(const StoredDocument&);

/// ToCanonicalJson(ToValue(row)), without a tree of it.
std::string ToRow(const Condition&);
std::string ToRow(const Record&);
std::string ToRow(const Observation&);
std::string ToRow(const Intent&);
std::string ToRow(const Run&);
std::string ToRow(const StepRow&);
std::string ToRow(const Approval&);
std::string ToRow(const Event&);
std::string ToRow(const Revision&);
std::string ToRow(const StoredDocument&);

/// kDataLoss names the member that is missing, of another type, or not one that this version knows.
/// Defined for every type above that has ToValue.
template <typename T>
Result<T> FromValue(const Value& value);
/// FromValue of the JSON that `row` is; quickest where ToRow wrote it. kDataLoss where it is none.
template <typename T>
Result<T> FromRow(std::string_view row);

}  // namespace tandem
