// One mutating call of a step: a place among the calls in flight, the durable intent, the call, and what
// each class of answer means (R9, R10).
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/run/step_work.h"
#include "tandem/base/hash.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {

constexpr Duration kPollEvery = std::chrono::seconds(1);
constexpr Duration kExhaustedWait = std::chrono::minutes(1);

CreateClass ClassOf(const Kind& kind) {
  switch (kind.create_class()) {
    case 'A': return CreateClass::kToken;
    case 'B': return CreateClass::kTag;
    case 'C': return CreateClass::kName;
    default: return CreateClass::kNone;
  }
}

void CollectSecrets(const Value& value, std::vector<Sensitive>* found) {
  if (value.is_sensitive()) {
    found->push_back(value.as_sensitive());
  } else if (value.is_list()) {
    for (const Value& each : value.as_list()) CollectSecrets(each, found);
  } else if (value.is_map()) {
    for (const auto& [name, each] : value.as_map()) CollectSecrets(each, found);
  }
}

std::string BucketOf(const Kind& kind) {
  return kind.bucket().empty() ? kind.name().group : kind.bucket();
}

}  // namespace

void StepMachine::Intend(const Ptr& work) {
  if (work->dropped_call || context_.stopping)
    return End(work, StepState::kCancelled, "cancelled before its call");
  const PlannedCall& call = work->calls[work->at];
  if (!work->limit) work->limit = context_.Now() + work->kind->timeout();
  if (call.name == "create" && ClassOf(*work->kind) == CreateClass::kNone && !work->single_flight) {
    // R9, class D: one create of a kind at a time, or the difference of two lists tells nothing.
    const std::string lane = work->account + "/" + work->kind->name().ToString();
    const auto [holder, taken] = single_flight_.try_emplace(lane, work->key);
    if (!taken && holder->second != work->key) {
      single_flight_waiters_[lane].insert(work->key);
      SetRow(*work, StepState::kWaiting, fmt::format("waits for the create of {}", holder->second));
      return;
    }
    work->single_flight = true;
  }
  work->busy = true;
  calls_.TakePlace(work->account, BucketOf(*work->kind), [this, work] {
    if (call_is_void(*work)) {
      calls_.Release(work->account);
      work->busy = false;
      if (work->dropped_call) End(work, StepState::kCancelled, "cancelled before its call");
      return;
    }
    if (work->calls[work->at].name == "create" && ClassOf(*work->kind) == CreateClass::kNone)
      return ListBefore(work);
    ResolveSecrets(work, [this, work](std::map<std::string, SecretWorth> worth) {
      WriteIntent(work, worth);
    });
  });
}

// An open create of class D still has the only flight of its kind: whatever is made beside it would
// make the difference of two lists unclear.
void StepMachine::TakeUp(StepWork& work) {
  if (work.intent->call != "create" || work.intent->create_class != CreateClass::kNone) return;
  const std::string lane = work.account + "/" + work.kind->name().ToString();
  work.single_flight = single_flight_.try_emplace(lane, work.key).second;
}

bool StepMachine::call_is_void(const StepWork& work) const {
  return work.dropped_call || context_.stopping;
}

void StepMachine::ListBefore(const Ptr& work) {
  auto identities = std::make_shared<List>();
  calls_.List(
      work->account, work->kind->name(), observer_.ParentsOf(work->account, *work->kind),
      [identities](std::vector<LiveObject> objects) {
        for (LiveObject& object : objects) identities->push_back(std::move(object.identity));
      },
      [this, work, identities](ListEnd end) {
        if (!end.error.ok || !end.complete) {
          calls_.Release(work->account);
          work->busy = false;
          return RetryBackoff(work, end.error.ok ? "the list of its kind is not complete"
                                                 : end.error.message);
        }
        work->list_before = Packed::From(Value(*identities));
        ResolveSecrets(work, [this, work](std::map<std::string, SecretWorth> worth) {
          WriteIntent(work, worth);
        });
      });
}

// `then` runs with a place held and the step still busy. A failure gives the place back.
void StepMachine::ResolveSecrets(const Ptr& work,
                                 std::function<void(std::map<std::string, SecretWorth>)> then) {
  const bool needs = work->calls.empty() || work->calls[work->at].name != work->kind->DeleteCall().name;
  const std::vector<std::string> uris =
      needs ? SecretUris(work->sent) : std::vector<std::string>();
  if (uris.empty()) return then({});
  struct Gathering {
    std::map<std::string, SecretWorth> worth;
    size_t left = 0;
    Status failure;
  };
  auto gathering = std::make_shared<Gathering>();
  gathering->left = uris.size();
  if (context_.ports.secrets == nullptr) {
    calls_.Release(work->account);
    work->busy = false;
    return End(work, StepState::kFailed, "no source of secrets is set up");
  }
  for (const std::string& uri : uris) {
    context_.ports.secrets->Resolve(
        uri, context_.InTurn<Result<SecretWorth>>(
                 [this, work, uri, gathering, then](Result<SecretWorth> result) {
                   if (result.ok()) {
                     gathering->worth.emplace(uri, std::move(result).value());
                   } else {
                     gathering->failure = result.status().Annotate(uri);
                   }
                   if (--gathering->left > 0) return;
                   if (gathering->failure.ok()) return then(std::move(gathering->worth));
                   calls_.Release(work->account);
                   work->busy = false;
                   RetryBackoff(work, gathering->failure.message());
                 }));
  }
}

// R15: a plan binds what its secrets were worth. The path of the first change of the step that shows one which is
// worth another in what is about to be sent; "" if there is none. Healing shows nobody a plan.
std::string StepMachine::OtherSecret(const StepWork& work) const {
  if (work.run->run.mode == PlanMode::kHeal || !work.sent.HasSensitive()) return "";
  std::vector<Sensitive> sent;
  CollectSecrets(work.sent, &sent);
  for (const FieldChange& change : work.step().changes) {
    std::vector<Sensitive> planned;
    if (change.sensitive) CollectSecrets(change.after, &planned);
    for (const Sensitive& then : planned)
      for (const Sensitive& now : sent)
        if (now.parts == then.parts && !then.digest.empty() && now.digest != then.digest) return change.path;
  }
  return "";
}

void StepMachine::WriteIntent(const Ptr& work, const std::map<std::string, SecretWorth>& worth) {
  const PlannedCall& call = work->calls[work->at];
  const Time now = context_.Now();
  Intent intent;
  intent.id = context_.ports.random->Hex(20);
  intent.run = work->run->run.id;
  intent.step = work->row().id;
  intent.epoch = context_.memory.epoch;
  intent.address = work->row().address;
  intent.account = work->account;
  intent.call = call.name;
  intent.create_class = ClassOf(*work->kind);
  intent.identity = !call.removes.empty()    ? call.removes
                    : call.name == "create" ? ""
                                            : work->identity;
  intent.token = Hex(Sha256("token " + intent.id)).substr(0, 32);
  intent.absent_before = work->absent_before;
  intent.list_before = work->list_before;
  intent.created = now;
  intent.deadline = now + context_.settings.call_timeout;
  const auto worth_of = [&](const std::string& uri) -> Result<SecretWorth> {
    const auto found = worth.find(uri);
    if (found == worth.end()) return NotFound(uri);
    return found->second;
  };
  for (Value* form : {&work->desired, &work->sent}) {
    Result<Value> digested = DigestSecrets(*form, context_.ports.secret_key, worth_of);
    if (digested.ok()) *form = std::move(digested).value();
  }
  if (const std::string path = OtherSecret(*work); !path.empty()) {
    calls_.Release(work->account);
    work->busy = false;
    return End(work, StepState::kVoid, path + " holds a secret that has changed since the plan: plan again");
  }
  Value request;
  request.Set("desired", work->sent);
  request.Set("settles", work->desired);
  List carries;
  for (const std::string& member : call.carries) carries.push_back(member);
  request.Set("changed", std::move(carries));
  intent.request = Packed::From(request);
  work->intent = intent;
  work->unsure = work->token_over = false;
  SetRow(*work, StepState::kIntent, "");
  // Nothing is called before this is durable (R9), or before its run is witnessed (R12).
  context_.writer.Commit({Context::Put(intent)}, [this, work, worth] {
    context_.WhenWitnessed([this, work, worth] {
      if (call_is_void(*work)) {
        calls_.Release(work->account);
        work->busy = false;
        DropIntent(work);
        if (work->dropped_call) End(work, StepState::kCancelled, "cancelled before its call");
        return;
      }
      Send(work, worth);
    });
  });
}

// Sends the open intent again, the same bytes (R9).
void StepMachine::Call(const Ptr& work) {
  const auto cancelled = [this, work] {
    return work->dropped_call && !OnlyTokenTells(*work);
  };
  if (cancelled()) {
    work->phase = Phase::kRecover;
    return Advance(work);
  }
  work->busy = true;
  calls_.TakePlace(work->account, BucketOf(*work->kind), [this, work, cancelled] {
    ResolveSecrets(work, [this, work, cancelled](std::map<std::string, SecretWorth> worth) {
      const Value request = work->intent->request.Unpack();
      const Value* stored = request.Find("desired");
      const Result<Value> now =
          stored == nullptr ? Result<Value>(Value())
                            : DigestSecrets(*stored, context_.ports.secret_key,
                                            [&](const std::string& uri) -> Result<SecretWorth> {
                                              const auto found = worth.find(uri);
                                              if (found == worth.end()) return NotFound(uri);
                                              return found->second;
                                            });
      if (!now.ok() || (stored != nullptr && FingerprintOf(*now) != FingerprintOf(*stored))) {
        calls_.Release(work->account);
        work->busy = false;
        return Quarantine(work, "a secret changed since the call whose reply was lost, so the same "
                                "request cannot be sent again");
      }
      // A new deadline, durable before the bytes go out again.
      work->intent->deadline = context_.Now() + context_.settings.call_timeout;
      context_.writer.Commit({Context::Put(*work->intent)}, [this, work, worth, cancelled] {
        context_.WhenWitnessed([this, work, worth, cancelled] {
          if (!cancelled()) return Send(work, worth);
          calls_.Release(work->account);
          work->busy = false;
          work->phase = Phase::kRecover;
          Advance(work);
        });
      });
    });
  });
}

void StepMachine::Send(const Ptr& work, const std::map<std::string, SecretWorth>& worth) {
  const PlannedCall& call = work->calls[work->at];
  const Intent& intent = *work->intent;
  ApplyRequest request;
  request.intent = intent.id;
  request.token = intent.token;
  request.account = work->account;
  request.address = work->row().address;
  request.kind = work->kind->name();
  request.call = call.name;
  request.identity = intent.identity;
  // A delete carries no fields, so no secret either.
  const bool removes = call.name == work->kind->DeleteCall().name;
  Result<Value> revealed =
      RevealSecrets(removes ? Value() : work->sent, [&](const std::string& uri) -> Result<std::string> {
        const auto found = worth.find(uri);
        if (found == worth.end()) return NotFound(uri);
        return found->second.plaintext;
      });
  if (!revealed.ok()) {
    calls_.Release(work->account);
    work->busy = false;
    DropIntent(work);
    return RetryBackoff(work, revealed.status().message());
  }
  request.desired = Packed::From(*revealed);
  work->plaintexts.clear();
  for (const auto& [uri, secret] : worth) work->plaintexts.push_back(secret.plaintext);
  if (work->exists && call.name != "create") request.observed = work->live.fields;
  const Resource* resource = context_.memory.Find(work->key);
  if (resource != nullptr && resource->record && call.name != "create")
    request.recorded = resource->record->recorded;
  request.changed = call.carries;
  request.mark = MarkOf(*work);
  request.deadline = intent.deadline;
  SetRow(*work, StepState::kCalled, "");
  calls_.Apply(std::move(request), BucketOf(*work->kind), [this, work](ApplyAnswer answer) {
    work->busy = false;
    Answered(work, std::move(answer));
  });
}

void StepMachine::Answered(const Ptr& work, ApplyAnswer answer) {
  if (!answer.error.ok) return Failed(work, answer.error);
  context_.backoff.Forget(work->key);
  if (!answer.identity.empty()) work->intent->outcome_identity = answer.identity;
  if (!answer.handle.empty()) {
    work->intent->state = IntentState::kWaiting;
    work->intent->handle = answer.handle;
    context_.writer.Commit({Context::Put(*work->intent)});
    work->phase = Phase::kPoll;
    SetRow(*work, StepState::kWaiting, "");
    return PollAfter(work, answer.poll_after);
  }
  CallSettled(work, work->intent->outcome_identity);
}

void StepMachine::Failed(const Ptr& work, const CallError& error) {
  const std::string message = Quoted(*work, error.message);
  const std::string text = Discreet(
      *work, error.code.empty() ? message : fmt::format("{}: {}", error.code, message));
  const bool create = work->intent->call == "create";
  const bool removes = work->intent->call == work->kind->DeleteCall().name;
  switch (error.error_class) {
    case ErrorClass::kUnspecified:
    case ErrorClass::kPerhapsDone:
      work->phase = Phase::kRecover;
      SetRow(*work, StepState::kWaiting, text);
      return Advance(work);
    case ErrorClass::kExists:
      if (create) {  // ours by its mark, or a conflict
        work->intent->error_class = ErrorClass::kExists;
        work->phase = Phase::kRecover;
        return Advance(work);
      }
      break;
    default:
      break;
  }
  if (work->unsure && create) return StillUnsure(work, error, text);
  switch (error.error_class) {
    case ErrorClass::kGone:
      if (removes) return CallSettled(work, work->intent->identity);
      if (create) break;
      DropIntent(work);
      return EndGone(work, text);
    case ErrorClass::kConflict:
      DropIntent(work);
      return End(work, StepState::kVoid, fmt::format("its base moved: {}", text));
    case ErrorClass::kNotDone:
      DropIntent(work);
      work->phase = Phase::kObserve;
      return RetryBackoff(work, text);
    case ErrorClass::kThrottled:
      DropIntent(work);
      work->phase = Phase::kObserve;
      return Retry(work, error.retry_after, text);
    case ErrorClass::kSignIn:
      DropIntent(work);
      work->phase = Phase::kObserve;
      return RetryBackoff(work, text);  // the account is being verified, or blocked by then
    case ErrorClass::kWaiting:
      DropIntent(work);
      work->phase = Phase::kObserve;
      if (PastLimit(*work)) return End(work, StepState::kFailed, text);
      return RetryBackoff(work, text);
    case ErrorClass::kExhausted:
      DropIntent(work);
      work->phase = Phase::kObserve;
      context_.Emit(true, "QuotaExhausted", work->key, work->run->run.id, "", text);
      return Retry(work, kExhaustedWait, text);
    default:
      break;
  }
  DropIntent(work);
  End(work, StepState::kFailed, text);
}

// A create whose first reply was lost was sent again under its token. That this try did nothing says
// nothing of the first: the intent stays until its outcome is known (R9).
void StepMachine::StillUnsure(const Ptr& work, const CallError& error, const std::string& text) {
  work->phase = Phase::kRecover;
  switch (error.error_class) {
    case ErrorClass::kThrottled:
      return Retry(work, error.retry_after, text);
    case ErrorClass::kExhausted:
      context_.Emit(true, "QuotaExhausted", work->key, work->run->run.id, "", text);
      return Retry(work, kExhaustedWait, text);
    case ErrorClass::kGone:
    case ErrorClass::kConflict:
    case ErrorClass::kTerminal:
      work->token_over = true;
      SetRow(*work, StepState::kWaiting, text);
      return Advance(work);
    default:
      return RetryBackoff(work, text);
  }
}

void StepMachine::Poll(const Ptr& work) {
  work->busy = true;
  calls_.Poll(work->account, work->kind->name(), work->intent->handle, [this, work](PollAnswer answer) {
    work->busy = false;
    Polled(work, std::move(answer));
  });
}

void StepMachine::Polled(const Ptr& work, PollAnswer answer) {
  if (!answer.error.ok) {
    switch (answer.error.error_class) {
      case ErrorClass::kTerminal:
      case ErrorClass::kConflict:
      case ErrorClass::kExhausted:
      case ErrorClass::kExists:
        work->intent->handle.clear();
        return Failed(work, answer.error);
      case ErrorClass::kGone:
        // The operation is no longer known: the object itself tells.
        work->intent->handle.clear();
        work->phase = Phase::kRecover;
        return Advance(work);
      default:
        return RetryBackoff(work, Quoted(*work, answer.error.message));  // of the poll, not of the call
    }
  }
  context_.backoff.Forget(work->key);
  if (!answer.identity.empty()) work->intent->outcome_identity = answer.identity;
  if (answer.done) return CallSettled(work, work->intent->outcome_identity);
  if (PastLimit(*work)) {
    // The operation goes on; nothing is called meanwhile and its outcome is still looked for.
    SetRow(*work, StepState::kWaiting, "the operation takes longer than the kind's time limit");
  }
  PollAfter(work, answer.poll_after > Duration(0) ? answer.poll_after : kPollEvery);
}

// However far off a provider expects the end, it is looked for once the kind's time is over.
void StepMachine::PollAfter(const Ptr& work, Duration wait) {
  Retry(work, std::min<Duration>(wait, work->kind->timeout()), "");
}

void StepMachine::DropIntent(const Ptr& work) {
  if (!work->intent) return;
  context_.writer.Commit({{IntentKey(work->intent->id), std::nullopt}});
  work->intent.reset();
}

}  // namespace tandem
