#include "engine/store/retention.h"

#include <algorithm>
#include <utility>

#include "tandem/state/keys.h"

namespace tandem {
namespace {

bool Ended(const Run& run) {
  return run.state != RunState::kOpen && run.state != RunState::kStopping;
}

}  // namespace

void Retention::Drop(const std::string& plan) {
  dropped_.push_back(plan);
  Trim();
}

void Retention::Trim() {
  if (busy_ || context_.stopping) return;
  run_.clear();
  plan_.clear();
  std::vector<std::string> prefixes;
  if (!dropped_.empty()) {
    plan_ = dropped_.front();
    dropped_.pop_front();
  } else {
    run_ = Oldest();
    if (run_.empty()) return;
    plan_ = context_.memory.runs[run_].plan_hash;
    prefixes.push_back(StepPrefix(run_));
  }
  busy_ = true;
  if (PlanIsNeeded(plan_)) {
    plan_.clear();
    return Remove(std::move(prefixes));
  }
  // First what names it, so that a start in between does not find half of it. Pieces that are on their way to the
  // store are there when this is.
  prefixes.push_back(PlanChunkPrefix(plan_));
  context_.writer.Commit({{PlanKey(plan_), std::nullopt, true}}, [this, prefixes] { Remove(prefixes); });
}

// "" while there are no more than are to be kept. The run that made the accepted revision stays.
std::string Retention::Oldest() const {
  const Memory& memory = context_.memory;
  if (memory.run_order.size() <= context_.settings.runs_kept) return "";
  const size_t surplus = memory.run_order.size() - context_.settings.runs_kept;
  for (size_t i = 0; i < surplus; ++i) {
    const Run& run = memory.runs.at(memory.run_order[i]);
    if (Ended(run) && (run.mode == PlanMode::kHeal || run.to != memory.accepted)) return run.id;
  }
  return "";
}

bool Retention::PlanIsNeeded(const std::string& plan) const {
  const Memory& memory = context_.memory;
  return memory.plans.count(plan) > 0 ||
         std::any_of(memory.runs.begin(), memory.runs.end(), [&](const auto& entry) {
           return entry.first != run_ && entry.second.plan_hash == plan;
         });
}

void Retention::Remove(std::vector<std::string> prefixes) {
  if (prefixes.empty()) return Forget();
  const std::string prefix = prefixes.back();
  context_.ports.store->Scan(
      prefix, "", StoreWriter::kGroup,
      context_.InTurn<Result<Page>>([this, prefixes](Result<Page> page) mutable {
        if (context_.stopping) return;
        if (!page.ok()) {  // at the next run's end again
          busy_ = false;
          return;
        }
        if (prefixes.back() == PlanChunkPrefix(plan_) && PlanIsNeeded(plan_)) {  // a run of the same plan began
          prefixes.pop_back();
          return Remove(std::move(prefixes));
        }
        std::vector<RowChange> rows;
        for (const Row& row : page->rows) rows.push_back({row.key, std::nullopt, true});
        if (!page->more) prefixes.pop_back();
        if (rows.empty()) return Remove(std::move(prefixes));
        context_.writer.Commit(std::move(rows), [this, prefixes] { Remove(prefixes); });
      }));
}

void Retention::Forget() {
  Memory& memory = context_.memory;
  std::vector<RowChange> rows;
  if (const auto given = memory.approvals.find(plan_); given != memory.approvals.end() && !PlanIsNeeded(plan_)) {
    for (const Approval& approval : given->second)
      rows.push_back({ApprovalKey(approval.hash, approval.principal), std::nullopt});
    memory.approvals.erase(given);
  }
  if (!run_.empty()) {
    rows.push_back({RunKey(run_), std::nullopt, true});
    memory.runs.erase(run_);
    std::erase(memory.run_order, run_);
    memory.runs_touched.insert(run_);
  }
  context_.writer.Commit(std::move(rows));
  busy_ = false;
  Trim();
}

}  // namespace tandem
