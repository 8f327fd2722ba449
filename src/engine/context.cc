#include "engine/context.h"

#include <utility>

#include "tandem/codec/json.h"
#include "tandem/state/keys.h"

namespace tandem {

Context::Context(EnginePorts p, EngineSettings s, std::function<void(Status)> store_lost)
    : ports(std::move(p)),
      settings(s),
      backoff(settings.backoff_first, settings.backoff_most, ports.random),
      writer(ports.store, ports.clock, &timers, inbox, ports.random, std::move(store_lost)) {}

namespace {
template <typename T>
RowChange EncodedRow(std::string key, const T& value) {
  return {std::move(key), ToRow(value)};
}
}  // namespace

RowChange Context::Put(const Record& record) {
  return EncodedRow(RecordKey(record.address.ToString()), record);
}
RowChange Context::Put(const Observation& observation) {
  return EncodedRow(ObservationKey(observation.address.ToString()), observation);
}
RowChange Context::Put(const Intent& intent) { return EncodedRow(IntentKey(intent.id), intent); }
RowChange Context::Put(const Run& run) { return EncodedRow(RunKey(run.id), run); }
RowChange Context::Put(const StepRow& row) { return EncodedRow(StepKey(row.run, row.id), row); }
RowChange Context::Put(const Approval& approval) {
  return EncodedRow(ApprovalKey(approval.hash, approval.principal), approval);
}

void Context::SetUnapplied(Resource& resource, bool unapplied, std::vector<RowChange>* rows) {
  const bool was = memory.unapplied.count(resource.key()) > 0;
  if (was == unapplied) return;
  if (unapplied) memory.unapplied.insert(resource.key());
  else memory.unapplied.erase(resource.key());
  memory.Changed(resource.key());
  if (unapplied) rows->push_back({UnappliedKey(resource.key()), "{}"});
  else rows->push_back({UnappliedKey(resource.key()), std::nullopt});
}

RowChange Context::PutPlatform() const {
  Value value;
  value.Set("name", memory.platform);
  value.Set("uid", memory.uid);
  value.Set("accepted", memory.accepted);
  value.Set("epoch", memory.epoch);
  value.Set("old", memory.old_store);
  value.Set("paused", memory.paused_by);
  value.Set("witness", memory.witness);
  return {std::string(kPlatformKey), ToCanonicalJson(value)};
}

void Context::Advance(std::vector<RowChange> rows, std::function<void()> durable) {
  ++memory.witness;
  rows.push_back(PutPlatform());
  writer.Commit(std::move(rows), [this, mark = WitnessMark{memory.uid, memory.witness},
                                  durable = std::move(durable)] {
    // After the store: what stands outside is never ahead of what is durable.
    if (ports.witness) {
      ++witnessing_;
      ports.witness(mark, [this, inbox = inbox] { inbox->Post([this] { Witnessed(); }); });
    }
    if (durable) durable();
  });
}

void Context::WhenWitnessed(std::function<void()> then) {
  if (witnessing_ == 0) then();
  else unwitnessed_.push_back(std::move(then));
}

void Context::Witnessed() {
  if (--witnessing_ > 0) return;
  for (const std::function<void()>& then : std::exchange(unwitnessed_, {})) then();
}

void Context::InPieces(std::function<bool()> piece) {
  if (!piece()) return;
  inbox->Post([this, piece = std::move(piece)]() mutable { InPieces(std::move(piece)); });
}

void Context::Emit(bool warning, std::string reason, std::string address, std::string run,
                   std::string actor, std::string message) {
  Event event;
  event.sequence = memory.next_event++;
  event.time = Now();
  event.type = warning ? "Warning" : "Normal";
  event.reason = std::move(reason);
  event.address = std::move(address);
  event.run = std::move(run);
  event.actor = std::move(actor);
  event.message = std::move(message);
  std::vector<RowChange> rows;
  rows.push_back({EventKey(event.sequence), ToRow(event), true});
  memory.events.push_back(event);
  if (memory.events.size() > settings.events_kept) {
    rows.push_back({EventKey(memory.events.front().sequence), std::nullopt, true});
    memory.events.pop_front();
  }
  writer.Commit(std::move(rows));
  if (ports.happened) ports.happened(event);
  Change change;
  change.address = event.address;
  change.event = std::make_shared<const Event>(std::move(event));
  changes.push_back(std::move(change));
}

}  // namespace tandem
