#include "engine/store/plan_rows.h"

#include <algorithm>

#include "engine/store/stored_documents.h"
#include "tandem/codec/json.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {
constexpr size_t kChunkBytes = 200'000;
constexpr size_t kPlanRows = 100;  // of pieces

Result<StoredPlan> FromText(const std::string& text) {
  const Result<Value> value = ParseJson(text);
  const Value* body = value.ok() ? value->Find("plan") : nullptr;
  if (body == nullptr) return DataLoss("it is damaged");
  Result<Plan> plan = PlanFromValue(*body);
  if (!plan.ok()) return DataLoss(plan.status().message());
  StoredPlan stored;
  stored.plan = std::make_shared<const Plan>(std::move(plan).value());
  stored.author = value->StringOr("author", "");
  stored.pending = value->BoolOr("pending", false);
  if (const Value* desired = value->Find("desired")) stored.desired = Packed::From(*desired);
  for (const auto& [member, list] : {std::pair("pages", &stored.pages), std::pair("documents", &stored.documents)})
    if (const Value* found = value->Find(member); found != nullptr && found->is_list()) *list = found->as_list();
  return stored;
}

struct PlanReading {
  Context* context;
  std::string hash;
  int64_t left = 0;  // pieces; behind them may be those of a longer text that was never whole
  std::string text;
  std::function<void(Result<StoredPlan>)> done;
};

void ReadPieces(const std::shared_ptr<PlanReading>& reading, const std::string& after) {
  reading->context->ports.store->Scan(
      PlanChunkPrefix(reading->hash), after, kPlanRows,
      reading->context->InTurn<Result<Page>>([reading](Result<Page> page) {
        if (!page.ok()) return reading->done(page.status());
        for (const Row& row : page->rows) {
          if (reading->left-- <= 0) break;
          reading->text += row.value;
        }
        if (reading->left > 0 && page->more && !page->rows.empty())
          return ReadPieces(reading, page->rows.back().key);
        Result<StoredPlan> stored = FromText(reading->text);
        if (!stored.ok()) return reading->done(stored.status().Annotate("plan " + reading->hash));
        reading->done(std::move(stored));
      }));
}
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

void ReadPlan(Context* context, const std::string& hash, std::function<void(Result<StoredPlan>)> done) {
  auto reading = std::make_shared<PlanReading>();
  reading->context = context;
  reading->hash = hash;
  reading->done = std::move(done);
  context->ports.store->Get(PlanKey(hash), context->InTurn<Result<Row>>([reading](Result<Row> row) {
    if (!row.ok()) return reading->done(row.status());
    const Result<Value> head = ParseJson(row->value);
    reading->left = head.ok() ? head->IntOr("chunks", 0) : 0;
    ReadPieces(reading, "");
  }));
}

}  // namespace tandem
