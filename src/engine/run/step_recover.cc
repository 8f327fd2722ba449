// What became of a call whose reply was lost, here or before a restart: observe first, by create class,
// and call again only when nothing can have happened any more (R9).
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "engine/run/step_work.h"
#include "tandem/schema/identity.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {
constexpr Duration kTokenLifetime = std::chrono::hours(1);

// An object that gets its mark by a call of its own shows none right after its create.
bool MarkedAtCreate(const Kind& kind, const Value& desired) {
  const std::vector<CallRule> calls = kind.CreateCalls(desired);
  return kind.can_mark() && std::none_of(calls.begin(), calls.end(), [](const CallRule& call) {
           return call.name == "mark";
         });
}
}  // namespace

bool StepMachine::OnlyTokenTells(const StepWork& work) const {
  return work.intent->call == "create" && work.intent->create_class == CreateClass::kToken &&
         !MarkedAtCreate(*work.kind, work.sent);
}

void StepMachine::Recover(const Ptr& work) {
  const Intent& intent = *work->intent;
  if (intent.call != "create") return RecoverChange(work);
  work->unsure = true;
  const bool exists_error = intent.error_class == ErrorClass::kExists;
  CreateClass create_class = intent.create_class;
  if (create_class == CreateClass::kToken &&
      (exists_error || work->token_over || context_.Now() >= intent.created + kTokenLifetime ||
       // Cancelled: nothing more is called, unless only the token tells what was made.
       (work->dropped_call && !OnlyTokenTells(*work)))) {
    create_class = work->kind->can_mark() ? CreateClass::kTag
                   : work->kind->named()  ? CreateClass::kName
                                          : CreateClass::kNone;
  }
  if (exists_error && create_class == CreateClass::kTag && work->kind->named())
    create_class = CreateClass::kName;
  switch (create_class) {
    case CreateClass::kToken:
      // The same bytes under the same token: the API makes one object of them.
      work->phase = Phase::kCall;
      return RetryBackoff(work, "its reply was lost; sent again under the same token");
    case CreateClass::kTag:
      return RecoverByList(work);
    case CreateClass::kName: {
      const ModelResource* model = ModelOf(*work);
      const std::string identity = ExpectedIdentity(
          *work->kind, intent.address, model ? model->external_name : "", work->sent);
      if (identity.empty()) return RecoverByList(work);
      return RecoverByRead(work, identity);
    }
    case CreateClass::kNone:
      return RecoverByList(work);
  }
}

void StepMachine::RecoverByRead(const Ptr& work, const std::string& identity) {
  work->busy = true;
  const Time asked = context_.Now();
  calls_.Read(work->account, work->kind->name(), identity, Pace::kStep, [this, work, asked](ReadAnswer answer) {
    work->busy = false;
    if (answer.error.ok) return Found(work, answer.object);
    if (answer.error.error_class == ErrorClass::kGone) return NothingFound(work, asked);
    RetryBackoff(work, answer.error.message);
  });
}

// Whether the object shows the token under which it was made: then this intent made it, marked or not.
bool StepMachine::EchoesToken(const StepWork& work, const LiveObject& object) const {
  const Value* echo = work.kind->body().At("operations.create.echo");
  if (echo == nullptr || !echo->is_string() || object.fields.empty()) return false;
  const Value fields = object.fields.Unpack();
  const Value* token = fields.At(echo->as_string());
  return token != nullptr && *token == Value(work.intent->token);
}

// An object stands where the create would have put one.
void StepMachine::Found(const Ptr& work, const LiveObject& object) {
  const bool ours =
      EchoesToken(*work, object) ||
      (work->kind->can_mark() ? object.mark.platform == context_.memory.uid &&
                                    object.mark.address == work->key
                              : work->intent->absent_before && EqualContent(*work, object));
  if (ours) return CallSettled(work, object.identity);
  DropIntent(work);
  End(work, StepState::kFailed,
      fmt::format("conflict: {} '{}' exists and {}", work->kind->name().ToString(), object.identity,
                  work->kind->can_mark() ? "does not carry our mark"
                                         : "is not what this step would have made"));
}

void StepMachine::RecoverByList(const Ptr& work) {
  auto matches = std::make_shared<std::vector<LiveObject>>();
  const std::shared_ptr<std::set<std::string>> before = std::make_shared<std::set<std::string>>();
  const bool by_difference =
      work->intent->create_class == CreateClass::kNone && !work->kind->can_mark();
  if (!work->intent->list_before.empty()) {
    const Value listed = work->intent->list_before.Unpack();
    for (const Value& identity : listed.as_list()) before->insert(identity.as_string());
  }
  const bool marked_later = OnlyTokenTells(*work);
  const ModelResource* model = ModelOf(*work);
  const std::string name =
      work->kind->name_field().empty()
          ? ""
          : ExpectedName(*work->kind, work->intent->address, model ? model->external_name : "",
                         work->desired);
  if (!by_difference && work->kind->list_names_only()) return RecoverByNames(work, name);
  work->busy = true;
  const Time asked = context_.Now();
  calls_.List(
      work->account, work->kind->name(), observer_.ParentsOf(work->account, *work->kind),
      [this, work, matches, before, by_difference, marked_later, name](std::vector<LiveObject> objects) {
        for (LiveObject& object : objects) {
          bool match = false;
          if (by_difference) {
            // What another address has made is not what this call made.
            const auto holder = context_.memory.by_identity.find(
                IdentityKey(work->account, work->kind->name(), object.identity));
            match = before->count(object.identity) == 0 &&
                    (holder == context_.memory.by_identity.end() || holder->second == work->key);
          } else if (work->intent->error_class == ErrorClass::kExists) {
            match = (object.mark.platform == context_.memory.uid &&
                     object.mark.address == work->key) ||
                    (!name.empty() && object.name == name);
          } else if (work->intent->create_class == CreateClass::kName) {
            match = !name.empty() && object.name == name;
          } else {
            match = (object.mark.platform == context_.memory.uid &&
                     object.mark.intent == work->intent->id) ||
                    (marked_later && object.mark.empty() && EqualContent(*work, object));
          }
          // A page may come twice; its objects are no more for that.
          const bool again = std::any_of(matches->begin(), matches->end(), [&](const LiveObject& other) {
            return other.identity == object.identity;
          });
          if (match && !again) matches->push_back(std::move(object));
        }
      },
      [this, work, matches, by_difference, marked_later, asked](ListEnd end) {
        work->busy = false;
        if (!end.error.ok) return RetryBackoff(work, end.error.message);
        if (by_difference) {
          if (matches->size() == 1 && EqualContent(*work, matches->front()))
            return CallSettled(work, matches->front().identity);
          if (!matches->empty()) {
            std::string evidence = "its reply was lost, and since the list before the call there are:";
            for (const LiveObject& object : *matches) evidence += " " + object.identity;
            return Quarantine(work, evidence);
          }
        } else if (matches->size() > 1) {
          std::string evidence = "more than one object fits its intent:";
          for (const LiveObject& object : *matches) evidence += " " + object.identity;
          return Quarantine(work, evidence);
        } else if (matches->size() == 1) {
          if (work->intent->error_class == ErrorClass::kExists ||
              work->intent->create_class == CreateClass::kName)
            return Found(work, matches->front());
          if (marked_later && matches->front().mark.empty())
            return Quarantine(work, "its reply was lost, its token is over, and an unmarked object equals it: " +
                                        matches->front().identity);
          return CallSettled(work, matches->front().identity);
        }
        if (!end.complete) return RetryBackoff(work, "the list of its kind is not complete");
        NothingFound(work, asked);
      });
}

/// What a list of names gave, and which of it may be the intent's.
struct StepMachine::Candidates {
  std::string name;  // that the object must have, or ""
  std::set<std::string> left;
  std::vector<LiveObject> ours;
  Time asked;
  bool complete = false;
};

// The list shows neither marks nor members, so what may be ours is read one by one.
void StepMachine::RecoverByNames(const Ptr& work, const std::string& name) {
  auto candidates = std::make_shared<Candidates>();
  candidates->asked = context_.Now();
  if (work->intent->error_class == ErrorClass::kExists ||
      work->intent->create_class == CreateClass::kName)
    candidates->name = name;
  work->busy = true;
  calls_.List(
      work->account, work->kind->name(), observer_.ParentsOf(work->account, *work->kind),
      [this, work, candidates](std::vector<LiveObject> objects) {
        for (const LiveObject& object : objects) {
          // Objects of other records were made by other intents.
          const std::string key = IdentityKey(work->account, work->kind->name(), object.identity);
          if (context_.memory.by_identity.count(key) > 0) continue;
          if (candidates->name.empty() || object.name.empty() || object.name == candidates->name)
            candidates->left.insert(object.identity);
        }
      },
      [this, work, candidates](ListEnd end) {
        work->busy = false;
        if (!end.error.ok) return RetryBackoff(work, end.error.message);
        candidates->complete = end.complete;
        ReadCandidates(work, candidates);
      });
}

void StepMachine::ReadCandidates(const Ptr& work, const std::shared_ptr<Candidates>& candidates) {
  if (!candidates->left.empty()) {
    const std::string identity = *candidates->left.begin();
    candidates->left.erase(candidates->left.begin());
    work->busy = true;
    calls_.Read(work->account, work->kind->name(), identity, Pace::kStep,
                [this, work, candidates](ReadAnswer answer) {
                  work->busy = false;
                  if (!answer.error.ok && answer.error.error_class != ErrorClass::kGone)
                    return RetryBackoff(work, answer.error.message);
                  if (answer.error.ok && MayBeOurs(*work, candidates->name, answer.object))
                    candidates->ours.push_back(std::move(answer.object));
                  ReadCandidates(work, candidates);
                });
    return;
  }
  if (candidates->ours.size() == 1) return Found(work, candidates->ours.front());
  if (candidates->ours.size() > 1) {
    std::string evidence = "more than one object fits its intent:";
    for (const LiveObject& object : candidates->ours) evidence += " " + object.identity;
    return Quarantine(work, evidence);
  }
  if (!candidates->complete) return RetryBackoff(work, "the list of its kind is not complete");
  NothingFound(work, candidates->asked);
}

bool StepMachine::MayBeOurs(const StepWork& work, const std::string& name,
                            const LiveObject& object) const {
  if (EchoesToken(work, object)) return true;
  const Mark& mark = object.mark;
  if (mark.platform == context_.memory.uid &&
      (mark.intent == work.intent->id || (!name.empty() && mark.address == work.key)))
    return true;
  // Where names are unique, whatever has it stands in the way.
  return !name.empty() && object.name == name &&
         work.intent->create_class == CreateClass::kName;
}

void StepMachine::NothingFound(const Ptr& work, Time asked) {
  // When what the call made must show. A look that was asked for earlier proves nothing, however late it
  // ended: its first page may be older than the object.
  const Time shows = work->intent->deadline + work->kind->consistency();
  const Duration rest = std::max<Duration>(shows - context_.Now(), Duration(0));
  if (work->intent->error_class == ErrorClass::kExists &&
      work->intent->create_class == CreateClass::kToken && asked < shows) {
    // Our own token is taken, so the object is there. Under another token there would be two.
    return Retry(work, std::min<Duration>(rest, std::chrono::seconds(2)),
                 "its token is taken; looking until what it made shows");
  }
  if (work->intent->error_class == ErrorClass::kExists) {
    // It existed when we called and does not now: begin anew.
    DropIntent(work);
    work->phase = Phase::kObserve;
    if (PastLimit(*work))
      return End(work, StepState::kFailed, "its name is taken by something that cannot be seen");
    return RetryBackoff(work, "its name was taken a moment ago");
  }
  // "Not found" permits another call only when the first can neither still be under way nor be hidden.
  if (asked < shows) return Retry(work, rest, "its reply was lost; looking until it must show");
  Resend(work);
}

void StepMachine::Resend(const Ptr& work) {
  if (work->dropped_call) {
    DropIntent(work);
    return End(work, StepState::kCancelled, "cancelled; its call did nothing");
  }
  work->unsure = false;
  work->phase = Phase::kCall;
  Advance(work);
}

// An update, a mark or a delete: all may be said twice, once the first is surely over.
void StepMachine::RecoverChange(const Ptr& work) {
  work->busy = true;
  const Time asked = context_.Now();
  calls_.Read(work->account, work->kind->name(), work->intent->identity, Pace::kStep,
              [this, work, asked](ReadAnswer answer) {
    work->busy = false;
    const bool removes = work->intent->call == work->kind->DeleteCall().name;
    if (!answer.error.ok && answer.error.error_class != ErrorClass::kGone)
      return RetryBackoff(work, answer.error.message);
    if (!answer.error.ok) {
      if (removes) return CallSettled(work, work->intent->identity);
      DropIntent(work);
      return EndGone(work, "the object is gone");
    }
    if (!removes && EqualContent(*work, answer.object) &&
        (work->intent->call != "mark" || (answer.object.mark.platform == context_.memory.uid &&
                                          answer.object.mark.address == work->key)))
      return CallSettled(work, work->intent->identity);
    const Time shows = work->intent->deadline + work->kind->consistency();
    if (asked < shows)
      return Retry(work, std::clamp<Duration>(shows - context_.Now(), Duration(0), std::chrono::seconds(5)),
                   "its reply was lost; looking until it must show");
    // Begin the call anew from a fresh look: its diff may be smaller by now. What the first one did of it
    // belongs to the expected base (R3).
    const Value request = work->intent->request.Unpack();
    if (const Value* changed = request.Find("changed"))
      for (const Value& member : changed->as_list()) work->touched.insert(member.as_string());
    DropIntent(work);
    if (work->dropped_call)
      return End(work, StepState::kCancelled, "cancelled; its call did nothing");
    work->composed = false;
    work->phase = Phase::kObserve;
    Advance(work);
  });
}

// True if every member that the call carried is in `object` as desired. Secrets cannot be compared.
bool StepMachine::EqualContent(const StepWork& work, const LiveObject& object) const {
  if (object.fields.empty()) return false;
  const Value request = work.intent->request.Unpack();
  const Value* desired = request.Find("desired");
  const Value* changed = request.Find("changed");
  if (desired == nullptr || changed == nullptr) return false;
  const Value canonical_desired = work.kind->Canonical(*desired);
  const Value canonical_live = work.kind->Canonical(object.fields.Unpack());
  for (const Value& member : changed->as_list()) {
    const Value* want = canonical_desired.Find(member.as_string());
    const Value* have = canonical_live.Find(member.as_string());
    if (want == nullptr || want->is_null()) {
      if (have != nullptr && !have->is_null() && work.intent->call != "create") return false;
      continue;
    }
    if (want->HasSensitive() || work.kind->RuleFor({{member.as_string(), -1}}).write_only) continue;
    if (have == nullptr) return false;
    if (*want == *have) continue;
    // Maps may hold more than we named.
    if (!want->is_map() || !have->is_map()) return false;
    for (const auto& [key, value] : want->as_map()) {
      const Value* other = have->Find(key);
      if (other == nullptr || *other != value) return false;
    }
  }
  return true;
}

// R9: nothing tells what happened. Dependents wait, a person decides; the intent stays as evidence.
void StepMachine::Quarantine(const Ptr& work, const std::string& evidence) {
  Quarantine(*std::exchange(work->intent, std::nullopt), evidence);
  End(work, StepState::kFailed,
      fmt::format("quarantined: {}. Adopt the object or delete it, then `tandem resume {}`", evidence,
                  work->key));
}

void StepMachine::Quarantine(Intent intent, const std::string& evidence) {
  intent.state = IntentState::kQuarantined;
  intent.error = evidence;
  context_.writer.Commit({Context::Put(intent)});
  Resource& resource = context_.memory.At(intent.address);
  resource.quarantine = std::make_shared<const Intent>(std::move(intent));
  context_.memory.Changed(resource.key());
}

}  // namespace tandem
