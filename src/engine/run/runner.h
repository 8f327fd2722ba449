// Runs plans: one user run at a time, and single healing steps beside it.
//
// A run is open until each of its steps is final and its deposed objects are gone; then what it settled
// is verified by a plan that must be empty. The queue says which address is worked on; this says which
// of its steps, and keeps the order.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/context.h"
#include "engine/run/run_work.h"
#include "engine/run/step_work.h"
#include "engine/sight/observer.h"

namespace tandem {

class Runner {
 public:
  Runner(Context* context, Accounts* accounts, Calls* calls, Observer* observer);

  /// Opens a run of `known`. Its rows are queued for the store, `durable` follows them.
  std::string Start(KnownPlan known, const std::string& actor, std::function<void()> durable);
  /// Goes on with a run that the store has, and with intents that have no outcome.
  void Resume(Run run, KnownPlan known, const std::vector<StepRow>& rows,
              const std::vector<Intent>& intents);

  /// kNotFound: no such run is open.
  Status Cancel(const std::string& run, const std::string& actor);
  /// Ends the open user run as superseded if all it could still do is wait; false otherwise.
  bool Supersede();
  /// Ends all healing: it was decided on under what does not hold any more. Calls that are open settle; none follows.
  void StopHeals();

  /// Works on `address` if a step wants it. False when none does.
  bool Work(const std::string& address);
  /// Wakes every step of `account`, or all of them for "".
  void Wake(const std::string& account);
  /// True while a step has or wants the address.
  bool Busy(const std::string& address) const;

  const RunWork* user_run() const;
  /// Steps of a run that is open or ended lately.
  StepList StepsOf(const std::string& run) const;
  bool idle() const { return active_.empty(); }
  size_t active() const { return active_.size(); }
  /// A step that is under way, for `tandem why`.
  const StepWork* ActiveOf(const std::string& address) const;
  const std::map<std::string, std::unique_ptr<RunWork>>& open_runs() const { return runs_; }

  /// Called to check a finished run; answers with the addresses that still differ, and how.
  using Verify =
      std::function<void(const RunWork&, std::function<void(std::map<std::string, std::string>)>)>;
  void SetVerify(Verify verify) { verify_ = std::move(verify); }
  void OnFinished(std::function<void(const Run&)> finished) { finished_ = std::move(finished); }
  void RememberSteps(const std::string& run, std::vector<StepRow> rows) {
    ended_[run] = StepList(std::move(rows));
  }
  /// Whether the steps of an ended run are kept in memory: those of the latest are.
  bool Remembers(const std::string& run) const;

 private:
  void Open(std::unique_ptr<RunWork> run);
  std::shared_ptr<StepWork> MakeWork(RunWork& run, size_t index);
  void TakeUp(RunWork& run, size_t index);
  bool Active(const RunWork& run, size_t index) const;
  void NotApplied(const RunWork& run, const StepRow& row, std::vector<RowChange>* rows);
  void FailForKind(RunWork& run, size_t index);
  void GiveUp(RunWork& run, const Intent& intent);
  void LeaveOld(RunWork& run, const std::string& address, const std::string& identity, const std::string& why);
  void StartDeposed(RunWork& run);
  void Ended(StepWork& work);
  void RowChanged(RunWork& run, size_t index);
  void Block(RunWork& run, size_t index);
  void MaybeFinish(RunWork& run);
  void Finish(RunWork& run, std::map<std::string, std::string> differences);
  void Stop(RunWork& run, RunState ends_as);
  Time Expires(const Run& run) const;
  void ExpireAt(const RunWork& run);

  Context& context_;
  StepMachine machine_;
  std::map<std::string, std::unique_ptr<RunWork>> runs_;  // open, by id
  std::string user_run_;
  std::map<std::string, std::string> heals_;                // address → run
  std::map<std::string, std::shared_ptr<StepWork>> active_;  // by address
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> deposed_;  // address → (run, identity)
  std::map<std::string, StepList> ended_;
  Verify verify_;
  std::function<void(const Run&)> finished_;
};

}  // namespace tandem
