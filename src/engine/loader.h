// Reads the store into memory at start, and what is needed to go on with open runs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/context.h"
#include "engine/planning/planner.h"
#include "engine/run/runner.h"
#include "engine/store/plan_rows.h"

namespace tandem {

class Loader {
 public:
  Loader(Context* context, Planner* planner, Runner* runner)
      : context_(*context), planner_(*planner), runner_(*runner) {}

  /// `readable` once records and observations are there; `done` when everything is. kDataLoss names the row that is damaged; kUnavailable when the store does not read. After ok,
  /// Resume may be called.
  void Load(std::function<void()> readable, std::function<void(Status)> done);
  /// Goes on with open runs and settles intents that have no outcome.
  void Resume();
  /// Stored plans that can never start: another model was accepted since they were made.
  const std::vector<std::string>& overtaken() const { return overtaken_; }

 private:
  void Next();
  void ScanPages(const std::string& prefix, const std::string& after,
                 std::function<Status(std::vector<Row>&)> take, std::function<void()> then);
  void Scan(const std::string& prefix, std::function<Status(const Row&)> take,
            std::function<void()> then);
  /// The same for rows of one type.
  template <typename T>
  void ScanDecoded(const std::string& prefix, std::function<void(const Row&, T)> take,
                   std::function<void()> then);
  Status TakePlatform(const Row& row);
  void LoadModel(std::function<void()> then);
  void LoadPlans(std::function<void()> then);
  void TakePlan(const std::string& hash, StoredPlan stored, std::function<void()> then);
  void LoadSteps();
  using Compiled = std::pair<std::shared_ptr<const CompiledModel>, Diagnostics>;
  /// On the executor; `known` is a model that may share documents, or null pointer.
  void CompileStored(std::vector<std::shared_ptr<const SourceText>> sources,
                     std::shared_ptr<const CompiledModel> known, std::function<void(Compiled)> then);
  void Fail(Status status);

  Context& context_;
  Planner& planner_;
  Runner& runner_;
  std::function<void()> readable_;
  std::function<void(Status)> done_;
  std::map<std::string, Packed> specs_;  // of accounts, one for all their records
  std::map<std::string, std::vector<StepRow>> steps_;
  std::map<std::string, std::vector<Intent>> intents_;
  std::vector<std::string> stored_plans_;  // hashes
  std::vector<std::string> overtaken_;     // of those
  size_t stage_ = 0;
};

}  // namespace tandem
