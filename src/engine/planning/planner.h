// From sources to a plan: compile, look at what is live, evaluate in dependency order, compare.
//
// The heavy part runs on the executor over copies; the answer is installed on a turn, if the accepted
// revision is still the one that it was made against.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/calls/accounts.h"
#include "engine/context.h"
#include "tandem/base/kept.h"
#include "engine/sight/observer.h"
#include "engine/store/stored_documents.h"
#include "tandem/plan/build.h"

namespace tandem {

/// Copies of everything that a plan is made from, and the plan. Used on the executor.
struct PlanningJob {
  PlanInput input;  // its pointers lead into the members below
  std::shared_ptr<const CompiledModel> accepted;
  std::shared_ptr<const CompiledModel> model;
  std::map<Interned, Kept<Record>, std::less<>> records;
  std::map<Interned, Kept<Observation>, std::less<>> observations;
  std::set<std::string> unapplied;  // accepted, and did not settle
  std::map<std::string, SecretWorth> worth;
  std::string secret_key;
  const Catalog* catalog = nullptr;

  /// Only these are decided, all else is quiet (settled.h); nullopt: everything is.
  std::optional<std::set<std::string>> few;
  std::map<Interned, Packed, std::less<>> forms;  // of what is quiet and needed by those: as recorded
  int64_t look = 0;                     // of Memory::looks, when it tells what is quiet
  std::optional<int64_t> undo_to;       // the revision that is planned again

  std::set<std::string> missing_secrets;  // out: wanted, and not in `worth`
  bool too_few = false;                   // out: everything has to be decided for this plan
  std::shared_ptr<const Settled> settled;  // out

  /// Of the accepted model; null pointer: its documents are not known, or the proposed one's need not be told.
  std::shared_ptr<const DocumentList> stored_documents;
  std::shared_ptr<const DocumentList> documents;  // out
  std::vector<RowChange> document_rows;           // out
  PlanResult result;                      // out
};
/// Fills `result`, or `missing_secrets`.
void RunPlanning(PlanningJob& job);

class Planner {
 public:
  Planner(Context* context, Accounts* accounts, Observer* observer)
      : context_(*context), accounts_(*accounts), observer_(*observer) {}

  /// `asked`: how many looks had begun when somebody asked for it, if that is longer ago. A later one, under way by
  /// now, tells it what is live.
  void MakePlan(PlanRequest request, std::function<void(PlanAnswer)> done,
                std::optional<int64_t> asked = std::nullopt);
  /// What a plan of the accepted model, over what is known now, says of `addresses`, and perhaps of others: for
  /// verification. Nothing is looked at anew.
  void PlanAccepted(std::set<std::string> addresses, std::function<void(PlanResult)> done);
  /// Makes accounts of `model` known whose specs can be evaluated by now.
  void KnowAccounts(const CompiledModel& model, bool accepted);
  /// Whether the accepted model or a record has `account`.
  bool InUse(const std::string& account) const;
  /// The sources of an accepted revision. kNotFound: no such revision is kept.
  void LoadRevision(int64_t number, std::function<void(Result<StoredModel>)> done);
  /// Looks anew at what `known` stands on, where that was not seen within the last minute, before `done`.
  void LookAgain(const KnownPlan& known, std::function<void()> done);
  /// How many plans were made by deciding few resources.
  int64_t few() const { return few_; }
  /// Uid of the platform, minted when first needed.
  const std::string& Uid();

 private:
  struct Request;
  using Ptr = std::shared_ptr<Request>;
  /// Why the changes that `request` carries cannot be made to what is accepted; "": they can, or it carries
  /// a whole model.
  std::string WhyNotOver(const PlanRequest& request) const;
  void Compiled(const Ptr& request);
  /// Ends `request` if `found` has errors.
  static bool Refuses(Request& request, const Diagnostics& found);
  /// Everything is looked at and decided.
  void All(const Ptr& request);
  void Look(const Ptr& request);
  void Build(const Ptr& request);
  void Built(const Ptr& request);
  void Resolve(const std::set<std::string>& uris,
               std::function<void(Status, std::map<std::string, SecretWorth>)> done);
  std::shared_ptr<PlanningJob> Copy(std::shared_ptr<const CompiledModel> model) const;
  void PlanAllAccepted(std::function<void(PlanResult)> done);

  /// Tells `job`, a look at all of the accepted model, to find what is quiet; keeps what it found.
  void BeginSettling(PlanningJob& job);
  void EndSettling(PlanningJob& job);
  /// Looks for what is quiet, for the plans to come.
  void LookForQuiet();
  /// Whether `request`, for `model`, may be answered by deciding `few` alone.
  bool Few(const PlanRequest& request, const CompiledModel& model, std::set<std::string>* few) const;
  /// Whether nothing of `few` has to be looked at first, where it is not asked for.
  bool AllLookedAt(const CompiledModel& model, const std::set<std::string>& few) const;
  void Begin(std::shared_ptr<const CompiledModel> model, PlanningJob& job) const;
  /// What a plan needs of a resource: as something to decide, or as `context` of that.
  void CopyOne(const std::string& key, const Resource& resource, bool context, PlanningJob& job) const;
  std::shared_ptr<PlanningJob> CopyFew(std::shared_ptr<const CompiledModel> model,
                                       std::set<std::string> few) const;
  /// `few` to be decided, and what they look at as context.
  void CopyThose(std::set<std::string> few, PlanningJob& job) const;
  /// Adds what `few` need, directly or not. False when that is no small part of `model`.
  static bool WithNeeds(const CompiledModel& model, std::set<std::string>* few);

  int64_t few_ = 0;  // plans for which few resources were decided
  Context& context_;
  Accounts& accounts_;
  Observer& observer_;
};

}  // namespace tandem
