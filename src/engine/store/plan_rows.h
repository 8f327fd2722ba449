// How the store keeps a plan: its text in pieces, plan-chunk/HASH/N, and plan/HASH, which says how many there are.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/context.h"
#include "engine/memory/memory.h"
#include "engine/store/store_writer.h"
#include "tandem/plan/plan.h"

namespace tandem {

/// The rows of one plan, made one after the other: the text of many steps weighs more than they do.
class PlanRows {
 public:
  explicit PlanRows(const KnownPlan& known);
  /// The next row; none behind plan/HASH, which comes last.
  std::vector<RowChange> Next();

 private:
  std::shared_ptr<const Plan> plan_;
  PlanJson json_;
  std::string text_;  // that is in no row yet
  int64_t chunks_ = 0;
  bool whole_ = false;  // nothing comes behind text_
  bool done_ = false;
};

/// What those rows say.
struct StoredPlan {
  std::shared_ptr<const Plan> plan;
  std::string author;
  bool pending = false;
  Packed desired;
  List pages;      // digests of the pages of its model's documents;
  List documents;  // of all documents, in a plan from before there were pages
};

/// kNotFound: no such plan is stored; kDataLoss: its rows are damaged.
void ReadPlan(Context* context, const std::string& hash, std::function<void(Result<StoredPlan>)> done);

}  // namespace tandem
