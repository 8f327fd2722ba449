// One step being carried out, as a state machine (DESIGN.md section 6).
//
//   observe → compose → intend → call → (poll) → … next call … → await → settled
//                         │        └ lost reply → recover ┘
//
// Every transition starts at most one asynchronous thing; its answer brings the next. Nothing here
// holds a thread. What must survive is in the store before the call that it describes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/calls/accounts.h"
#include "engine/calls/calls.h"
#include "engine/context.h"
#include "engine/run/run_work.h"
#include "engine/sight/observer.h"
#include "tandem/diff/diff.h"
#include "tandem/model/value.h"

namespace tandem {

enum class Phase { kObserve, kIntend, kCall, kPoll, kRecover, kAwait, kAwaitGone, kOver };

struct PlannedCall {
  std::string name;                  // "create", "update:NAME", "delete", "mark"
  std::vector<std::string> carries;  // top-level members of desired
  std::string removes;               // identity that it deletes, when not the step's own object
};
/// The calls that make an object of `desired`, each with all that it carries.
std::vector<PlannedCall> PlanCreate(const Kind& kind, const Value& desired);

struct StepWork {
  RunWork* run = nullptr;
  size_t index = 0;
  std::string key;
  std::string account;
  std::shared_ptr<const Kind> kind;
  bool removes_deposed = false;  // works on an identity left by a replace, not on the current one
  bool extra = false;            // and is no step of the plan: its row is another's
  std::string error;             // of an extra one: why it ended and that object is still there

  Phase phase = Phase::kObserve;
  bool busy = false;     // an asynchronous thing is under way
  bool composed = false;
  std::set<std::string> touched;  // members that a lost call of this step may have changed already
  bool exists = false;
  LiveObject live;
  std::string identity;      // of the object that the step works on
  std::string old_identity;  // of the one that a replace removes
  Value desired;
  Value sent;  // desired, with the values that given-up paths are set to
  std::map<std::string, Value> references;  // "address.path" → value, as read for desired
  std::vector<PlannedCall> calls;
  size_t at = 0;
  std::optional<Intent> intent;  // open
  bool absent_before = false;
  Packed list_before;
  std::optional<Time> limit;  // from the first call, or the first wait
  std::string waits_for;
  bool single_flight = false;
  std::vector<std::string> plaintexts;  // of the secrets that were sent, so that no message quotes them
  bool rest_unknown = false;  // taken up with one call open: which ones follow is composed after it
  bool dropped_call = false;  // cancelled: its open call settles, no other goes out
  bool unsure = false;        // its open create may have been done, whatever another try is told
  bool token_over = false;    // the API does not take its token any more

  const Step& step() const { return run->step(index); }
  StepRow& row() { return run->rows[index]; }
  const StepRow& row() const { return run->rows[index]; }
};

class StepMachine {
 public:
  StepMachine(Context* context, Accounts* accounts, Calls* calls, Observer* observer)
      : context_(*context), accounts_(*accounts), calls_(*calls), observer_(*observer) {}

  /// Called when a step ended (its row says how) or, for an extra one, when that object is gone.
  void OnEnd(std::function<void(StepWork&)> ended) { ended_ = std::move(ended); }
  /// Called when a row changed.
  void OnRow(std::function<void(RunWork&, size_t)> changed) { row_changed_ = std::move(changed); }

  /// Does what can be done now. No effect while something is under way.
  void Advance(const std::shared_ptr<StepWork>& work);
  /// Before anything else is advanced: `work` was taken up with its open intent after a restart.
  void TakeUp(StepWork& work);
  /// No more calls: ends at once unless a call is open.
  void Cancel(const std::shared_ptr<StepWork>& work);
  /// What became of the create is for a person to find out (R9).
  void Quarantine(Intent intent, const std::string& evidence);

 private:
  using Ptr = std::shared_ptr<StepWork>;

  // step_prepare.cc: observe, check the base, compose the calls.
  void Observe(const Ptr& work);
  void Observed(const Ptr& work, ReadAnswer answer);
  void Compose(const Ptr& work);
  bool ComposeCalls(const Ptr& work);
  Value SeenFields(const StepWork& work) const;
  Result<Value> DesiredOf(StepWork& work, std::string* waits_for);
  std::optional<std::string> MarkProblem(const StepWork& work) const;
  bool Matches(const StepWork& work, const ResourceDiff& fresh, std::string* moved) const;

  // step_call.cc: intent, call, outcome.
  void Intend(const Ptr& work);
  void ListBefore(const Ptr& work);
  void ResolveSecrets(const Ptr& work, std::function<void(std::map<std::string, SecretWorth>)> then);
  std::string OtherSecret(const StepWork& work) const;
  void WriteIntent(const Ptr& work, const std::map<std::string, SecretWorth>& worth);
  void Call(const Ptr& work);
  void Send(const Ptr& work, const std::map<std::string, SecretWorth>& worth);
  void Answered(const Ptr& work, ApplyAnswer answer);
  void Failed(const Ptr& work, const CallError& error);
  void StillUnsure(const Ptr& work, const CallError& error, const std::string& text);
  void Poll(const Ptr& work);
  void Polled(const Ptr& work, PollAnswer answer);
  void PollAfter(const Ptr& work, Duration wait);
  void CallSettled(const Ptr& work, const std::string& identity);
  void DropIntent(const Ptr& work);

  // step_recover.cc: what became of a call whose reply was lost.
  void Recover(const Ptr& work);
  void RecoverByRead(const Ptr& work, const std::string& identity);
  void RecoverByList(const Ptr& work);
  struct Candidates;
  void RecoverByNames(const Ptr& work, const std::string& name);
  void ReadCandidates(const Ptr& work, const std::shared_ptr<Candidates>& candidates);
  bool MayBeOurs(const StepWork& work, const std::string& name, const LiveObject& object) const;
  bool EchoesToken(const StepWork& work, const LiveObject& object) const;
  void RecoverChange(const Ptr& work);
  /// After a look that was asked for at `asked`.
  void NothingFound(const Ptr& work, Time asked);
  void Resend(const Ptr& work);
  void Found(const Ptr& work, const LiveObject& object);
  void Quarantine(const Ptr& work, const std::string& evidence);
  bool EqualContent(const StepWork& work, const LiveObject& object) const;

  // step_settle.cc: waiting until the object is as it should be; the end.
  void Await(const Ptr& work);
  void AwaitGone(const Ptr& work);
  void Settle(const Ptr& work);
  void SettleRemoval(const Ptr& work);
  void EndGone(const Ptr& work, const std::string& why);
  void LiftProtection(const Ptr& work);
  Record RecordAfter(const StepWork& work) const;
  void End(const Ptr& work, StepState state, const std::string& error,
           std::vector<RowChange> rows = {});
  void Retry(const Ptr& work, Duration wait, const std::string& why);
  void RetryBackoff(const Ptr& work, const std::string& why);
  bool PastLimit(StepWork& work);
  void SetRow(StepWork& work, StepState state, const std::string& error);
  std::string Quoted(const StepWork& work, const std::string& message) const;
  std::string Discreet(const StepWork& work, const std::string& message) const;

  bool call_is_void(const StepWork& work) const;
  /// Of an open create: its object shows no mark yet, so what was made is told by the token alone.
  bool OnlyTokenTells(const StepWork& work) const;
  Mark MarkOf(const StepWork& work) const;
  const ModelResource* ModelOf(const StepWork& work) const;

  Context& context_;
  Accounts& accounts_;
  Calls& calls_;
  Observer& observer_;
  std::function<void(StepWork&)> ended_;
  std::function<void(RunWork&, size_t)> row_changed_;
  std::map<std::string, std::string> single_flight_;  // account/kind → address that has it
  std::map<std::string, std::set<std::string>> single_flight_waiters_;
};

}  // namespace tandem
