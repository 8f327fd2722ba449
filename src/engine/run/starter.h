// From a plan to a run: approvals (R16), who may start when (R1), and what must be stored first.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/context.h"
#include "engine/planning/planner.h"
#include "engine/run/runner.h"

namespace tandem {

class Starter {
 public:
  Starter(Context* context, Planner* planner, Runner* runner)
      : context_(*context), planner_(*planner), runner_(*runner) {}

  void StartRun(StartRequest request, std::function<void(StartAnswer)> done);
  void Approve(const std::string& hash, const std::string& actor,
               std::function<void(StartAnswer)> done);
  /// A one-step plan that lifts protection; it waits for its own approval (R6).
  void Unprotect(const std::string& address, const std::string& actor,
                 std::function<void(StartAnswer)> done);
  /// Starts a healing plan without anybody's approval.
  void StartHeal(KnownPlan known);
  /// Makes the plan known, to be approved later.
  void Offer(KnownPlan known);

  void OnAccepted(std::function<void()> accepted) { accepted_ = std::move(accepted); }
  /// Called with the hash of each stored plan that can never start any more.
  void OnOvertaken(std::function<void(const std::string&)> overtaken) { overtaken_ = std::move(overtaken); }

  /// The store has begun to refuse writes for now: whoever waits for a start is told.
  void StoreTroubled(const Status& trouble);

 private:
  void StartKnown(const std::string& hash, const std::string& actor, bool auto_approve,
                  std::function<void(StartAnswer)> done);
  /// Goes on with `then` if the plan of `hash` stands on what holds now (R3); else it is refused.
  void IfItStands(const std::string& hash, std::function<void(StartAnswer)> done,
                  std::function<void(KnownPlan&)> then);
  /// A step, and what a policy asks for before it may run.
  struct Asked {
    const Step* step;  // of the plan
    ApprovalRule rule;
  };
  std::vector<Asked> AskedBy(const KnownPlan& known) const;
  /// True if no automatic approval covers all of it.
  bool NeedsPerson(const KnownPlan& known) const;
  /// What is still missing for this plan to be approved; "" when nothing is.
  std::string Missing(const KnownPlan& known) const;
  /// Why a plan against another revision than the accepted one does not start.
  std::string Overtaken(const Plan& plan) const;
  void Launch(KnownPlan known, const std::string& actor, std::function<void(StartAnswer)> done);
  void StorePlan(KnownPlan& known);
  void StoreDocuments(KnownPlan& known);
  void ShowNew(const CompiledModel& model);
  void LeaveUnapplied(const std::vector<std::string>& addresses);
  void KeepEdges(const Plan& plan);
  void StoreRevision(KnownPlan& known, const std::string& actor);
  void AddApproval(const std::string& hash, const std::string& actor);
  void DropExpired();

  /// A start whose first rows are on their way to the store.
  struct Waiting {
    std::function<void(StartAnswer)> done;
    StartAnswer answer;
  };

  Context& context_;
  Planner& planner_;
  Runner& runner_;
  std::function<void()> accepted_;
  std::function<void(const std::string&)> overtaken_;
  std::vector<std::shared_ptr<Waiting>> waiting_;
};

}  // namespace tandem
