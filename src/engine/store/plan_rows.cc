#include "engine/store/plan_rows.h"

#include <algorithm>

#include "engine/store/stored_documents.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {
constexpr size_t kChunkBytes = 200'000;
}  // namespace

PlanRows::PlanRows(const KnownPlan& known) : plan_(known.plan), json_(*plan_) {
  Value value;
  value.Set("author", known.author);
  value.Set("pending", known.pending);
  if (!known.desired.empty()) value.Set("desired", known.desired.Unpack());
  value.Set("pages", known.documents ? PagesOf(*known.documents) : Value(List()));
  text_ = ToCanonicalJson(value);
  text_.back() = ',';
  text_ += "\"plan\":";  // comes last by its name
}

std::vector<RowChange> PlanRows::Next() {
  while (!whole_ && text_.size() < kChunkBytes) {
    if (json_.Next(kChunkBytes, &text_)) continue;
    text_ += '}';
    whole_ = true;
  }
  std::vector<RowChange> row;
  if (!text_.empty()) {
    // Cut anywhere: the pieces are joined before they are parsed.
    row.push_back({PlanChunkKey(plan_->hash, chunks_++), text_.substr(0, kChunkBytes), true});
    text_.erase(0, std::min(kChunkBytes, text_.size()));
  } else if (!done_) {
    done_ = true;
    Value head;
    head.Set("chunks", chunks_);
    row.push_back({PlanKey(plan_->hash), ToCanonicalJson(head), true});
  }
  return row;
}

}  // namespace tandem
