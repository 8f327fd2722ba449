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
    : line_(new Line{store, std::move(inbox), {}}),
      clock_(clock),
      timers_(timers),
      backoff_(std::chrono::milliseconds(50), std::chrono::seconds(5), random),
      lost_(std::move(lost)) {}

StoreWriter::~StoreWriter() {
  TakeNext(*line_);
}

void StoreWriter::Loaded(const std::string& key, StoreRevision revision) {
  revisions_[key] = revision;
}

void StoreWriter::Commit(std::vector<RowChange> unit, std::function<void()> durable) {
  TANDEM_CHECK(unit.size() <= kMaxWrites);
  if (is_lost_) return;
  if (!in_time_.empty())
    for (const RowChange& row : unit) in_time_.erase(row.key);
  rows_waiting_ += unit.size();
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
    rows_waiting_ += rows.size();
    if (rows.empty()) units_.erase(at);
    else units_.insert(at, {std::move(rows), {}});
  }
  return i < units_.size() ? &units_[i] : nullptr;
}

std::vector<Write> StoreWriter::Group::After(StoreRevision revision) const {
  std::vector<Write> after = writes;
  for (const size_t i : again) after[i].expected = revision;
  return after;
}

StoreWriter::GroupPtr StoreWriter::Gather(const Group* before) {
  const size_t first = before == nullptr ? 0 : before->units;
  Group group;
  std::unordered_map<std::string_view, bool> of_before;  // whether it is there after it
  if (before != nullptr)
    for (const Write& write : before->writes) of_before.emplace(write.key, write.value.has_value());
  // A later unit's value of a row replaces an earlier one's.
  std::map<std::string, size_t> place;
  size_t bytes = 0;
  const auto take = [&](const RowChange& row) {
    const auto [at, fresh] = place.try_emplace(row.key, group.writes.size());
    if (fresh) group.writes.push_back(WriteOf(row));
    else group.writes[at->second].value = row.value;
  };
  while (const Unit* unit = At(first + group.units)) {
    size_t unit_bytes = 0;
    for (const RowChange& row : unit->rows) unit_bytes += BytesOf(row);
    if (group.units > 0 &&
        (group.writes.size() + unit->rows.size() > kGroup || bytes + unit_bytes > kMaxCommitBytes))
      break;
    bytes += unit_bytes;
    rows_waiting_ -= unit->rows.size();
    ++group.units;
    for (const RowChange& row : unit->rows) take(row);
  }
  // Behind all units: what was seen of an object is not in the store before its record.
  const bool room = first + group.units == units_.size();
  for (; room && group.writes.size() < kGroup && !in_time_order_.empty(); in_time_order_.pop_front()) {
    const auto found = in_time_.find(in_time_order_.front());
    if (found == in_time_.end()) continue;
    bytes += BytesOf(found->second);
    if (!group.writes.empty() && bytes > kMaxCommitBytes) break;
    take(found->second);
    in_time_.erase(found);
  }
  const auto there = [&](const Write& write) {
    const auto known = of_before.find(write.key);
    return known == of_before.end() ? *write.expected != 0 : known->second;
  };
  // A row made and deleted within one group was never in the store: there is nothing to write.
  std::erase_if(group.writes, [&](const Write& write) { return !write.value && write.expected && !there(write); });
  for (size_t i = 0; i < group.writes.size(); ++i) {
    Write& write = group.writes[i];
    if (!write.expected || of_before.count(write.key) == 0) continue;
    if (there(write)) group.again.push_back(i);
    else write.expected = 0;
  }
  return std::make_shared<const Group>(std::move(group));
}

bool StoreWriter::EnoughWaits() const {
  return rows_waiting_ + in_time_.size() >= kGroup ||
         (group_->units < units_.size() && units_[group_->units].next);
}

void StoreWriter::Flush() {
  if (is_lost_) return;
  if (!group_) {
    if (units_.empty() && in_time_.empty()) return;
    group_ = Gather(nullptr);
    Send();
  } else if (!ready_ && EnoughWaits()) {
    ready_ = Gather(group_.get());
    if (!ready_->writes.empty()) line_->next.With([this](GroupPtr& next) { next = ready_; });
  }
}

void StoreWriter::Send() {
  if (group_->writes.empty()) {
    line_->inbox->Post([this] { Completed(stored_); });
  } else {
    Submit(line_, this, group_->After(stored_));
  }
}

void StoreWriter::Submit(const std::shared_ptr<Line>& line, StoreWriter* writer, std::vector<Write> writes) {
  line->store->Commit(std::move(writes), [line, writer](Result<StoreRevision> result) {
    // What is ready now follows this one; once the engine has heard of this one, what is ready then may follow another.
    const GroupPtr next = result.ok() ? TakeNext(*line) : nullptr;
    line->inbox->Post([writer, result] { writer->Completed(result); });
    if (next) Submit(line, writer, next->After(*result));
  });
}

StoreWriter::GroupPtr StoreWriter::TakeNext(Line& line) {
  return line.next.With([](GroupPtr& next) { return std::exchange(next, nullptr); });
}

void StoreWriter::Completed(Result<StoreRevision> result) {
  if (!group_->writes.empty()) ++counters_.commits;
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
    trouble_ = result.status();
    TakeNext(*line_);
    group_ = ready_ = nullptr;
    units_.clear();
    in_time_.clear();
    in_time_order_.clear();
    if (lost_) lost_(result.status());
    return;
  }
  backoff_.Forget("store");
  const bool recovered = !std::exchange(trouble_, OkStatus()).ok();
  stored_ = *result;
  for (const Write& write : group_->writes) {
    ++counters_.writes;
    if (!write.value) revisions_.erase(write.key);
    else if (write.expected) revisions_[write.key] = stored_;
  }
  std::vector<std::function<void()>> durable;
  for (size_t i = 0; i < group_->units; ++i) {
    if (units_.front().durable) durable.push_back(std::move(units_.front().durable));
    units_.pop_front();
  }
  group_ = std::exchange(ready_, nullptr);
  // If it was not made ready in time, or there is nothing to store, nobody has taken it.
  if (group_ && (TakeNext(*line_) || group_->writes.empty())) Send();
  for (const std::function<void()>& each : durable) each();
  if (recovered && troubled_) troubled_(OkStatus());
  completed_ = clock_->Now();
  if (idle()) TidyAtRest();
}

void StoreWriter::TidyAtRest() {
  if (std::exchange(tidying_, true)) return;
  timers_->At(completed_ + kRest, [this] {
    tidying_ = false;
    if (!idle() || is_lost_) return;  // the next commit sees to it
    if (clock_->Now() < completed_ + kRest) return TidyAtRest();
    line_->store->Tidy();
  });
}

}  // namespace tandem
