#include "tandem/record/record.h"

#include "record/fields_text.h"

namespace tandem {
namespace fields {

template <>
struct Names<ConditionStatus> {
  static constexpr std::pair<ConditionStatus, std::string_view> kAll[] = {
      {ConditionStatus::kTrue, "True"},
      {ConditionStatus::kFalse, "False"},
      {ConditionStatus::kUnknown, "Unknown"}};
};

template <>
struct Names<CreateClass> {
  static constexpr std::pair<CreateClass, std::string_view> kAll[] = {{CreateClass::kToken, "A"},
                                                                      {CreateClass::kTag, "B"},
                                                                      {CreateClass::kName, "C"},
                                                                      {CreateClass::kNone, "D"}};
};

template <>
struct Names<ErrorClass> {
  static constexpr std::pair<ErrorClass, std::string_view> kAll[] = {
      {ErrorClass::kUnspecified, "unspecified"},
      {ErrorClass::kNotDone, "not-done"},
      {ErrorClass::kPerhapsDone, "perhaps-done"},
      {ErrorClass::kWaiting, "waiting"},
      {ErrorClass::kThrottled, "throttled"},
      {ErrorClass::kConflict, "conflict"},
      {ErrorClass::kSignIn, "sign-in"},
      {ErrorClass::kExhausted, "exhausted"},
      {ErrorClass::kTerminal, "terminal"},
      {ErrorClass::kGone, "gone"},
      {ErrorClass::kExists, "exists"}};
};

template <>
struct Names<IntentState> {
  static constexpr std::pair<IntentState, std::string_view> kAll[] = {
      {IntentState::kOpen, "open"},
      {IntentState::kWaiting, "waiting"},
      {IntentState::kSettled, "settled"},
      {IntentState::kFailed, "failed"},
      {IntentState::kQuarantined, "quarantined"}};
};

template <>
struct Names<PlanMode> {
  static constexpr std::pair<PlanMode, std::string_view> kAll[] = {{PlanMode::kApply, "apply"},
                                                                   {PlanMode::kUndo, "undo"},
                                                                   {PlanMode::kHeal, "heal"},
                                                                   {PlanMode::kUnprotect, "unprotect"}};
};

template <>
struct Names<RunState> {
  static constexpr std::pair<RunState, std::string_view> kAll[] = {
      {RunState::kOpen, "open"},           {RunState::kStopping, "stopping"},
      {RunState::kSucceeded, "succeeded"}, {RunState::kFailed, "failed"},
      {RunState::kCancelled, "cancelled"}, {RunState::kSuperseded, "superseded"},
      {RunState::kExpired, "expired"}};
};

template <>
struct Names<StepState> {
  static constexpr std::pair<StepState, std::string_view> kAll[] = {
      {StepState::kPending, "pending"},    {StepState::kReady, "ready"},
      {StepState::kIntent, "intent"},      {StepState::kCalled, "called"},
      {StepState::kWaiting, "waiting"},    {StepState::kSettled, "settled"},
      {StepState::kVerified, "verified"},  {StepState::kFailed, "failed"},
      {StepState::kBlocked, "blocked"},    {StepState::kVoid, "void"},
      {StepState::kCancelled, "cancelled"}};
};

template <>
struct Fields<Condition> {
  static constexpr std::string_view kName = "condition";
  static void Visit(auto& row, auto& field) {
    field("type", row.type);
    field("status", row.status);
    field("reason", row.reason);
    field("message", row.message);
    field("lastTransitionTime", row.last_transition);
    field("observedGeneration", row.observed_generation);
  }
};

template <>
struct Fields<Deposed> {
  static constexpr std::string_view kName = "deposed identity";
  static void Visit(auto& row, auto& field) {
    field("identity", row.identity);
    field("fields", row.fields);
    field("since", row.since);
  }
};

template <>
struct Fields<FormerAddress> {
  static constexpr std::string_view kName = "former address";
  static void Visit(auto& row, auto& field) {
    field("address", row.address);
    field("until", row.until);
  }
};

template <>
struct Fields<Record> {
  static constexpr std::string_view kName = "record";
  static void Visit(auto& row, auto& field) {
    field("address", row.address);
    field("account", row.account);
    field("accountSpec", row.account_spec);
    field("kindVersion", row.kind_version);
    field("kindDigest", row.kind_digest);
    field("identity", row.identity);
    field("deposed", row.deposed);
    field.Rare("former", row.former);
    field("recorded", row.recorded);
    field("settled", row.settled);
    field("protected", row.protected_);
    field("adopted", row.adopted);
    field("manage", row.manage);
    field("deletionPolicy", row.deletion_policy);
    field("dependsOn", row.depends_on);
    field("component", row.component);
    field("site", row.site);
    field("generation", row.generation);
    field("run", row.run);
    field("pausedBy", row.paused_by);
  }
};

template <>
struct Fields<Observation> {
  static constexpr std::string_view kName = "observation";
  static void Visit(auto& row, auto& field) {
    field("address", row.address);
    field("identity", row.identity);
    field("exists", row.exists);
    field("fields", row.fields);
    field("state", row.state);
    field("markAddress", row.mark_address);
    field("markIntent", row.mark_intent);
    field("at", row.at);
    field("conditions", row.conditions);
  }
};

template <>
struct Fields<Intent> {
  static constexpr std::string_view kName = "intent";
  static void Visit(auto& row, auto& field) {
    field("id", row.id);
    field("run", row.run);
    field("step", row.step);
    field("epoch", row.epoch);
    field("address", row.address);
    field("account", row.account);
    field("call", row.call);
    field("createClass", row.create_class);
    field("identity", row.identity);
    field("request", row.request);
    field("token", row.token);
    field("absentBefore", row.absent_before);
    field("listBefore", row.list_before);
    field("created", row.created);
    field("deadline", row.deadline);
    field("state", row.state);
    field("handle", row.handle);
    field("errorClass", row.error_class);
    field("error", row.error);
    field("outcomeIdentity", row.outcome_identity);
    field("settled", row.settled);
  }
};

template <>
struct Fields<Run> {
  static constexpr std::string_view kName = "run";
  static void Visit(auto& row, auto& field) {
    field("id", row.id);
    field("plan", row.plan_hash);
    field("mode", row.mode);
    field("from", row.from);
    field("to", row.to);
    field("actor", row.actor);
    field("state", row.state);
    field("created", row.created);
    field("finished", row.finished);
    field("message", row.message);
  }
};

template <>
struct Fields<StepRow> {
  static constexpr std::string_view kName = "step";
  static void Visit(auto& row, auto& field) {
    field("run", row.run);
    field("id", row.id);
    field("address", row.address);
    field("action", row.action);
    field("state", row.state);
    field("call", row.call);
    field("attempts", row.attempts);
    field("error", row.error);
    field("started", row.started);
    field("finished", row.finished);
  }
};

template <>
struct Fields<Approval> {
  static constexpr std::string_view kName = "approval";
  static void Visit(auto& row, auto& field) {
    field("hash", row.hash);
    field("principal", row.principal);
    field("created", row.created);
    field("expires", row.expires);
  }
};

template <>
struct Fields<Event> {
  static constexpr std::string_view kName = "event";
  static void Visit(auto& row, auto& field) {
    field("sequence", row.sequence);
    field("time", row.time);
    field("type", row.type);
    field("reason", row.reason);
    field("address", row.address);
    field("run", row.run);
    field("actor", row.actor);
    field("message", row.message);
  }
};

template <>
struct Fields<Revision> {
  static constexpr std::string_view kName = "revision";
  static void Visit(auto& row, auto& field) {
    field("number", row.number);
    field("digest", row.digest);
    field("created", row.created);
    field("actor", row.actor);
    field("accepted", row.accepted);
    field("documents", row.documents);
  }
};

template <>
struct Fields<StoredDocument> {
  static constexpr std::string_view kName = "document";
  static void Visit(auto& row, auto& field) {
    field("text", row.text);
    field("file", row.file);
    field("line", row.line);
  }
};

}  // namespace fields

std::string_view ConditionStatusName(ConditionStatus status) { return fields::NameOf(status); }
std::string_view CreateClassName(CreateClass create_class) { return fields::NameOf(create_class); }
std::string_view ErrorClassName(ErrorClass error_class) { return fields::NameOf(error_class); }
std::string_view IntentStateName(IntentState state) { return fields::NameOf(state); }
std::string_view PlanModeName(PlanMode mode) { return fields::NameOf(mode); }
std::optional<PlanMode> ParsePlanMode(std::string_view name) { return fields::Named<PlanMode>(name); }
std::string_view RunStateName(RunState state) { return fields::NameOf(state); }
std::string_view StepStateName(StepState state) { return fields::NameOf(state); }

#define TANDEM_STORED_ROW(Type)                                       \
  Value ToValue(const Type& row) { return fields::Write(row); }       \
  std::string ToRow(const Type& row) { return fields::WriteText(row); } \
  template <>                                                   \
  Result<Type> FromValue<Type>(const Value& value) {            \
    return fields::Read<Type>(value);                           \
  }                                                             \
  template <>                                                   \
  Result<Type> FromRow<Type>(std::string_view row) {            \
    return fields::ReadText<Type>(row);                         \
  }

TANDEM_STORED_ROW(Condition)
TANDEM_STORED_ROW(Record)
TANDEM_STORED_ROW(Observation)
TANDEM_STORED_ROW(Intent)
TANDEM_STORED_ROW(Run)
TANDEM_STORED_ROW(StepRow)
TANDEM_STORED_ROW(Approval)
TANDEM_STORED_ROW(Event)
TANDEM_STORED_ROW(Revision)
TANDEM_STORED_ROW(StoredDocument)

#undef TANDEM_STORED_ROW

}  // namespace tandem
