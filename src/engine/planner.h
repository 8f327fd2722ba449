// From sources to a plan: compile, look at what is live, evaluate in dependency order, compare.
//
// The heavy part runs on the executor over copies; the answer is installed on a turn, if the accepted
// revision is still the one that it was made against.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/accounts.h"
#include "engine/context.h"
#include "engine/observer.h"
#include "engine/stored_documents.h"
#include "tandem/plan/build.h"

namespace tandem {

/// Copies of everything that a plan is made from, and the plan. Used on the executor.
struct PlanningJob {
  PlanInput input;  // its pointers lead into the members below
  std::shared_ptr<const CompiledModel> accepted;
  std::shared_ptr<const CompiledModel> model;
  std::map<std::string, Record> records;
  std::map<std::string, Observation> observations;
  std::set<std::string> unapplied;  // accepted, and did not settle
  std::map<std::string, SecretWorth> worth;
  std::string secret_key;
  const Catalog* catalog = nullptr;

  std::set<std::string> missing_secrets;  // out: wanted, and not in `worth`
  PlanResult result;                      // out
};
/// Fills `result`, or `missing_secrets`.
void RunPlanning(PlanningJob& job);

class Planner {
 public:
  Planner(Context* context, Accounts* accounts, Observer* observer)
      : context_(*context), accounts_(*accounts), observer_(*observer) {}

  void MakePlan(PlanRequest request, std::function<void(PlanAnswer)> done);
  /// A plan of the accepted model over what is known now, without looking: for verification and drift.
  void PlanAccepted(std::function<void(PlanResult)> done);
  /// Makes accounts of `model` known whose specs can be evaluated by now.
  void KnowAccounts(const CompiledModel& model, bool accepted);
  /// Whether the accepted model or a record has `account`.
  bool InUse(const std::string& account) const;
  /// The sources of an accepted revision. kNotFound: no such revision is kept.
  void LoadRevision(int64_t number, std::function<void(Result<Sources>)> done);
  /// Uid of the platform, minted when first needed.
  const std::string& Uid();

 private:
  struct Request;
  using Ptr = std::shared_ptr<Request>;
  /// Why the changes that `request` carries cannot be made to what is accepted; "": they can, or it carries
  /// a whole model.
  std::string WhyNotOver(const PlanRequest& request) const;
  void Compiled(const Ptr& request);
  void Look(const Ptr& request);
  void Build(const Ptr& request);
  void Built(const Ptr& request);
  void Resolve(const std::set<std::string>& uris,
               std::function<void(Status, std::map<std::string, SecretWorth>)> done);
  std::shared_ptr<PlanningJob> Copy(std::shared_ptr<const CompiledModel> model) const;

  Context& context_;
  Accounts& accounts_;
  Observer& observer_;
};

}  // namespace tandem
