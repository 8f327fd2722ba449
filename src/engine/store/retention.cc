#include "engine/store/retention.h"

#include <algorithm>
#include <utility>

#include "tandem/state/keys.h"

namespace tandem {
namespace {

bool Ended(const Run& run) {
  return run.state != RunState::kOpen && run.state != RunState::kStopping;
}

std::string Folder(const std::string& key) { return key.substr(0, key.rfind('/') + 1); }

}  // namespace

void Retention::Trim() {
  if (!run_.empty() || context_.stopping) return;
  run_ = Oldest();
  if (run_.empty()) return;
  std::vector<std::string> prefixes = {Folder(StepKey(run_, 0))};
  if (!PlanIsNeeded(run_))
    prefixes.push_back(Folder(PlanChunkKey(context_.memory.runs[run_].plan_hash, 0)));
  Remove(std::move(prefixes));
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

bool Retention::PlanIsNeeded(const std::string& run) const {
  const Memory& memory = context_.memory;
  const std::string& hash = memory.runs.at(run).plan_hash;
  return memory.plans.count(hash) > 0 ||
         std::any_of(memory.runs.begin(), memory.runs.end(), [&](const auto& entry) {
           return entry.first != run && entry.second.plan_hash == hash;
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
          run_.clear();
          return;
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
  const std::string run = std::exchange(run_, "");
  std::vector<RowChange> rows = {{RunKey(run), std::nullopt, true}};
  if (!PlanIsNeeded(run)) rows.push_back({PlanKey(memory.runs[run].plan_hash), std::nullopt, true});
  context_.writer.Commit(std::move(rows));
  memory.runs.erase(run);
  std::erase(memory.run_order, run);
  memory.runs_touched.insert(run);
  Trim();
}

}  // namespace tandem
