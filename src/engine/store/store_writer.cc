#include "engine/store/store_writer.h"

#include <set>
#include <utility>

#include "tandem/base/check.h"

namespace tandem {
namespace {

size_t BytesOf(const RowChange& row) { return row.key.size() + (row.value ? row.value->size() : 0) + 64; }

}  // namespace

StoreWriter::StoreWriter(StateStore* store, const Clock* clock, Timers* timers,
                         std::shared_ptr<Inbox> inbox, Random* random,
                         std::function<void(Status)> lost)
    : store_(store),
      clock_(clock),
      timers_(timers),
      inbox_(std::move(inbox)),
      backoff_(std::chrono::milliseconds(50), std::chrono::seconds(5), random),
      lost_(std::move(lost)) {}

void StoreWriter::Loaded(const std::string& key, StoreRevision revision) {
  revisions_[key] = revision;
}

void StoreWriter::Commit(std::vector<RowChange> unit, std::function<void()> durable) {
  TANDEM_CHECK(unit.size() <= kMaxWrites);
  if (is_lost_) return;
  if (!in_time_.empty())
    for (const RowChange& row : unit) in_time_.erase(row.key);
  units_.push_back({std::move(unit), std::move(durable)});
}

void StoreWriter::CommitPieces(std::function<std::vector<RowChange>()> next) {
  if (!is_lost_) units_.push_back({{}, {}, std::move(next)});
}

void StoreWriter::CommitInTime(RowChange row) {
  if (is_lost_) return;
  const auto [at, fresh] = in_time_.try_emplace(row.key);
  if (fresh) in_time_order_.push_back(row.key);
  at->second = std::move(row);
}

Write StoreWriter::WriteOf(const RowChange& row) const {
  Write write{row.key, row.value, std::nullopt};
  if (row.content_addressed) return write;
  const auto known = revisions_.find(row.key);
  write.expected = known == revisions_.end() ? 0 : known->second;
  return write;
}

const StoreWriter::Unit* StoreWriter::At(size_t i) {
  while (i < units_.size() && units_[i].next) {
    const auto at = units_.begin() + static_cast<std::ptrdiff_t>(i);
    std::vector<RowChange> rows = at->next();
    TANDEM_CHECK(rows.size() <= kMaxWrites);
    if (rows.empty()) units_.erase(at);
    else units_.insert(at, {std::move(rows), {}});
  }
  return i < units_.size() ? &units_[i] : nullptr;
}

void StoreWriter::Flush() {
  if (busy_ || is_lost_ || (units_.empty() && in_time_.empty())) return;
  // Whole units from the front, as many as fit. A later unit's value of a row replaces an earlier one's.
  std::map<std::string, size_t> place;
  size_t bytes = 0;
  group_.clear();
  group_units_ = 0;
  const auto take = [&](const RowChange& row) {
    const auto [at, fresh] = place.try_emplace(row.key, group_.size());
    if (fresh) group_.push_back(WriteOf(row));
    else group_[at->second].value = row.value;
  };
  while (const Unit* unit = At(group_units_)) {
    size_t unit_bytes = 0;
    for (const RowChange& row : unit->rows) unit_bytes += BytesOf(row);
    if (group_units_ > 0 &&
        (group_.size() + unit->rows.size() > kGroup || bytes + unit_bytes > kMaxCommitBytes))
      break;
    bytes += unit_bytes;
    ++group_units_;
    for (const RowChange& row : unit->rows) take(row);
  }
  // Behind all units: what was seen of an object is not in the store before its record.
  const bool room = group_units_ == units_.size();
  for (; room && group_.size() < kGroup && !in_time_order_.empty(); in_time_order_.pop_front()) {
    const auto found = in_time_.find(in_time_order_.front());
    if (found == in_time_.end()) continue;
    bytes += BytesOf(found->second);
    if (!group_.empty() && bytes > kMaxCommitBytes) break;
    take(found->second);
    in_time_.erase(found);
  }
  // A row made and deleted within one group was never in the store: there is nothing to write.
  std::erase_if(group_, [](const Write& write) {
    return !write.value && write.expected && *write.expected == 0;
  });
  busy_ = true;
  if (group_.empty()) {
    inbox_->Post([this] { Completed(StoreRevision{0}); });
    return;
  }
  Send();
}

void StoreWriter::Send() {
  ++counters_.commits;
  store_->Commit(group_, [this, inbox = inbox_](Result<StoreRevision> result) {
    inbox->Post([this, result = std::move(result)] { Completed(result); });
  });
}

void StoreWriter::Completed(Result<StoreRevision> result) {
  if (!result.ok()) {
    ++counters_.failures;
    const Code code = result.status().code();
    if (code == Code::kUnavailable || code == Code::kResourceExhausted ||
        code == Code::kDeadlineExceeded) {
      const bool begins = trouble_.ok();
      trouble_ = result.status();
      timers_->At(clock_->Now() + backoff_.Next("store"), [this] { Send(); });
      if (begins && troubled_) troubled_(trouble_);
      return;
    }
    is_lost_ = true;
    busy_ = false;
    trouble_ = result.status();
    units_.clear();
    in_time_.clear();
    in_time_order_.clear();
    if (lost_) lost_(result.status());
    return;
  }
  backoff_.Forget("store");
  trouble_ = OkStatus();
  busy_ = false;
  for (const Write& write : group_) {
    ++counters_.writes;
    if (!write.expected) continue;
    if (write.value) {
      revisions_[write.key] = *result;
    } else {
      revisions_.erase(write.key);
    }
  }
  std::vector<std::function<void()>> durable;
  for (size_t i = 0; i < group_units_; ++i) {
    if (units_.front().durable) durable.push_back(std::move(units_.front().durable));
    units_.pop_front();
  }
  group_.clear();
  for (const std::function<void()>& each : durable) each();
  completed_ = clock_->Now();
  if (idle()) TidyAtRest();
}

void StoreWriter::TidyAtRest() {
  if (std::exchange(tidying_, true)) return;
  timers_->At(completed_ + kRest, [this] {
    tidying_ = false;
    if (!idle() || is_lost_) return;  // the next commit sees to it
    if (clock_->Now() < completed_ + kRest) return TidyAtRest();
    store_->Tidy();
  });
}

}  // namespace tandem
