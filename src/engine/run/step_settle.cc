// The end of a call and of a step: what is recorded, waiting until the object is as it should be, and
// retries.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/run/step_work.h"
#include "tandem/schema/identity.h"
#include "tandem/secrets/redact.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {
constexpr Duration kLookEvery = std::chrono::seconds(1);
constexpr Duration kTombstone = std::chrono::minutes(5);
}  // namespace

// The record as this step leaves it, without what its calls recorded.
Record StepMachine::RecordAfter(const StepWork& work) const {
  const Step& step = work.step();
  const Resource* resource = context_.memory.Find(work.key);
  Record record;
  if (resource != nullptr && resource->record) record = *resource->record;
  record.address = work.row().address;
  record.account = work.account;
  const ModelResource* model = ModelOf(work);
  const bool fresh = resource == nullptr || !resource->record;
  if (fresh && step.action == Action::kMoved) {
    const Resource* old = context_.memory.Find(step.moved_from.ToString());
    if (old != nullptr && old->record) {
      record = *old->record;
      record.address = work.row().address;
      record.former.push_back({step.moved_from.ToString(), work.run->run.to});
      const std::map<int64_t, Revision>& kept = context_.memory.revisions;
      std::erase_if(record.former, [&](const FormerAddress& former) {
        return !kept.empty() && former.until <= kept.begin()->first;
      });
    }
  }
  if (!work.identity.empty()) record.identity = work.identity;
  record.kind_version = work.kind->version();
  record.kind_digest = work.kind->digest();
  record.account_spec = accounts_.SpecOf(work.account);
  record.run = work.run->run.id;
  if (work.run->run.mode != PlanMode::kHeal) record.generation = work.run->run.to;
  if (model != nullptr && work.run->run.mode != PlanMode::kHeal) {
    record.manage = model->manage;
    record.depends_on = StandsOn(context_.memory, record, model->needs);
    record.component = model->component;
    record.site = model->site;
    // An object with our mark was made by us, and its create never recorded: nobody else's was adopted.
    if (step.action == Action::kAdopt && step.base.mark_address.empty()) record.adopted = true;
    record.deletion_policy = model->deletion_policy;
    // R12: adopted means retained until said otherwise.
    if (record.adopted && model->document &&
        model->document->Annotation("tandem/deletion-policy").empty())
      record.deletion_policy = "retain";
  }
  return record;
}

// One call is over and did what it should: its effect is recorded before anything else happens.
void StepMachine::CallSettled(const Ptr& work, const std::string& identity) {
  const PlannedCall call = work->calls[work->at];
  const Time now = context_.Now();
  Memory& memory = context_.memory;
  const bool create = call.name == "create";
  const bool removes = call.name == work->kind->DeleteCall().name;
  context_.backoff.Forget(work->key);
  if (create) {
    std::string made = identity;
    if (made.empty()) {
      const ModelResource* model = ModelOf(*work);
      made = ExpectedIdentity(*work->kind, work->row().address,
                              model ? model->external_name : "", work->sent);
    }
    if (made.empty()) {
      // Done, and the answer does not say what: it is looked for as after a lost reply, since what was just
      // made may not show yet.
      work->phase = Phase::kRecover;
      return Advance(work);
    }
    work->identity = made;
  }
  std::vector<RowChange> rows;
  rows.push_back({IntentKey(work->intent->id), std::nullopt});
  StepRow& row = work->row();
  if (!removes) {
    Resource& resource = memory.At(work->row().address);
    Record record = RecordAfter(*work);
    if (create && resource.record && !resource.record->identity.empty() &&
        resource.record->identity != work->identity &&
        resource.record->identity == work->old_identity &&
        work->step().order == ReplaceOrder::kCreateFirst) {
      // R13: the old object moves to the deposed ones in the transaction that records the new one.
      record.deposed.push_back({work->old_identity, resource.record->recorded, now});
    }
    if (create) record.settled = Packed();
    if (create && !resource.record) {
      const ModelResource* model = ModelOf(*work);
      record.protected_ = model && model->protect ? *model->protect
                                                  : work->kind->protected_by_default();
    }
    Value recorded = create || record.recorded.empty() ? Value(Map{}) : record.recorded.Unpack();
    for (const std::string& member : call.carries) {
      const Value* value = work->desired.Find(member);
      if (value != nullptr) recorded.Set(member, *value);
      else if (recorded.is_map()) recorded.edit_map().erase(member);
    }
    record.recorded = Packed::From(recorded);
    if (resource.record) memory.Unindex(*resource.record);
    memory.Index(record);
    if (resource.seen && (!resource.seen->exists || resource.seen->identity != record.identity)) {
      // What was seen before this call is no evidence about the object that is recorded now: nothing is
      // missing because it was not there then.
      resource.Unsee();
    }
    resource.record = record;
    rows.push_back(Context::Put(record));
    if (work->step().action == Action::kMoved) {
      const std::string old_key = work->step().moved_from.ToString();
      if (Resource* old = memory.Find(old_key); old != nullptr && old->record) {
        rows.push_back({RecordKey(old_key), std::nullopt});
        rows.push_back({ObservationKey(old_key), std::nullopt});
        old->record.reset();
        old->seen.reset();
        memory.Changed(old_key);
      }
    }
    // What was written to a predecessor says nothing of a new object.
    Value overlay = !create && now < resource.overlay_until && !resource.overlay.empty()
                        ? resource.overlay.Unpack()
                        : Value(Map{});
    for (const std::string& member : call.carries)
      if (const Value* value = work->desired.Find(member)) overlay.Set(member, *value);
    resource.overlay = Packed::From(overlay);
    resource.overlay.ShareWith(record.recorded);
    resource.overlay_until = now + work->kind->consistency();
    resource.quarantine.reset();
    memory.Changed(work->key);
  } else {
    Resource* resource = memory.Find(work->key);
    if (resource != nullptr && resource->record &&
        resource->record->identity == work->intent->identity && resource->seen) {
      // What was seen was the object that has been deleted just now.
      resource->Unsee();
      memory.Changed(work->key);
    }
    memory.Bury(IdentityKey(work->account, work->kind->name(), work->intent->identity),
                now + std::max<Duration>(kTombstone, work->kind->consistency()), now);
  }
  if (!work->extra) {
    ++row.call;
    // The row says whether calls are left, or only their effect is waited for.
    const bool last = work->at + 1 >= work->calls.size();
    SetRow(*work, last ? StepState::kWaiting : StepState::kCalled, "");
    rows.push_back(Context::Put(row));
  }
  work->intent.reset();
  context_.writer.Commit(std::move(rows));
  ++work->at;
  if (removes) {
    work->phase = Phase::kAwaitGone;
    return Advance(work);
  }
  if (work->at < work->calls.size()) {
    if (work->dropped_call)
      return End(work, StepState::kCancelled, "cancelled after one of its calls");
    work->phase = Phase::kObserve;  // a fresh look between two calls
    return Advance(work);
  }
  if (work->rest_unknown) {
    // After a restart only the open call is known; a fresh look tells what else the step has to do.
    work->rest_unknown = work->composed = false;
    work->phase = Phase::kObserve;
    return Advance(work);
  }
  work->phase = Phase::kAwait;
  Advance(work);
}

void StepMachine::Await(const Ptr& work) {
  const std::string identity = work->identity;
  if (identity.empty()) return Settle(work);
  if (!work->limit) work->limit = context_.Now() + work->kind->timeout();
  work->busy = true;
  calls_.Read(work->account, work->kind->name(), identity, Pace::kStep, [this, work](ReadAnswer answer) {
    work->busy = false;
    if (!answer.error.ok) {
      if (answer.error.error_class == ErrorClass::kTerminal)
        return End(work, StepState::kFailed, answer.error.message);
      if (answer.error.error_class == ErrorClass::kGone) {
        // Reads may lag behind a create.
        if (PastLimit(*work))
          return End(work, StepState::kFailed, "it was made, and is gone again");
        return Retry(work, kLookEvery, "the object is not to be seen yet");
      }
      return RetryBackoff(work, answer.error.message);
    }
    work->exists = true;
    work->live = std::move(answer.object);
    if (work->live.state == "busy") {
      if (PastLimit(*work))
        return End(work, StepState::kFailed,
                   fmt::format("it was not ready within {}", FormatDuration(work->kind->timeout())));
      return Retry(work, kLookEvery, "");
    }
    if (work->live.state == "failed")
      return End(work, StepState::kFailed,
                 work->live.state_message.empty() ? "it came up in a failed state"
                                                  : Quoted(*work, work->live.state_message));
    Settle(work);
  });
}

void StepMachine::AwaitGone(const Ptr& work) {
  const PlannedCall& call = work->calls[work->at - 1];
  const std::string identity = call.removes.empty() ? work->identity : call.removes;
  work->busy = true;
  calls_.Read(work->account, work->kind->name(), identity, Pace::kStep, [this, work](ReadAnswer answer) {
    work->busy = false;
    if (answer.error.ok) {
      if (PastLimit(*work))
        return End(work, StepState::kFailed,
                   fmt::format("it was not gone within {}", FormatDuration(work->kind->timeout())));
      return Retry(work, kLookEvery, "");
    }
    if (answer.error.error_class != ErrorClass::kGone)
      return RetryBackoff(work, answer.error.message);
    context_.backoff.Forget(work->key);
    if (!work->composed) {  // taken up after a restart: what comes next is composed now
      work->identity.clear();
      work->exists = false;
      work->calls.clear();
      work->at = 0;
      work->phase = Phase::kObserve;
      return Advance(work);
    }
    if (work->at < work->calls.size()) {
      if (work->dropped_call)
        return End(work, StepState::kCancelled, "cancelled after the old object was deleted");
      if (work->calls[work->at].name == "create") {
        work->identity.clear();
        work->exists = false;
        work->live = LiveObject();
      }
      work->phase = Phase::kIntend;
      return Advance(work);
    }
    SettleRemoval(work);
  });
}

void StepMachine::Settle(const Ptr& work) {
  Resource& resource = context_.memory.At(work->row().address);
  Record record = RecordAfter(*work);
  if (!resource.record) {  // adopted without a call, or moved where no mark can be
    const ModelResource* model = ModelOf(*work);
    record.protected_ = model && model->protect ? *model->protect
                                                : work->kind->protected_by_default();
    if (record.identity.empty()) record.identity = work->live.identity;
    if (record.recorded.empty()) record.recorded = Packed::From(work->desired);
  } else if (const ModelResource* model = ModelOf(*work);
             model && model->protect && work->run->run.mode != PlanMode::kHeal) {
    // R6: protection is lifted by the run that settles here, and counts for later plans only.
    record.protected_ = *model->protect;
  }
  record.settled = Packed::From(work->desired);
  record.settled.ShareWith(record.recorded);
  if (work->step().action == Action::kAdopt) {
    // What equals the model by adoption counts as sent: from now on it is ours.
    record.recorded = record.settled;
  }
  if (resource.record) context_.memory.Unindex(*resource.record);
  context_.memory.Index(record);
  resource.record = record;
  resource.drift_plan.clear();
  resource.live_print = {};  // what is ours of it, and what is secret, is another than before
  if (!work->live.identity.empty()) observer_.Saw(resource, *work->kind, work->live);
  context_.memory.Changed(work->key);
  std::vector<RowChange> rows = {Context::Put(record)};
  if (IsOfModel(work->run->run)) context_.SetUnapplied(resource, false, &rows);
  if (resource.seen) rows.push_back(Context::Put(*resource.seen));
  if (work->step().action == Action::kMoved) {
    const std::string old_key = work->step().moved_from.ToString();
    if (Resource* old = context_.memory.Find(old_key); old != nullptr && old->record) {
      rows.push_back({RecordKey(old_key), std::nullopt});
      rows.push_back({ObservationKey(old_key), std::nullopt});
      old->record.reset();
      old->seen.reset();
      context_.memory.Index(record);
      context_.memory.Changed(old_key);
    }
  }
  End(work, StepState::kSettled, "", std::move(rows));
}

void StepMachine::SettleRemoval(const Ptr& work) {
  Memory& memory = context_.memory;
  Resource& resource = memory.At(work->row().address);
  std::vector<RowChange> rows;
  if (work->removes_deposed) {
    if (resource.record) {
      memory.Unindex(*resource.record);
      std::erase_if(resource.record.Edit().deposed,
                    [&](const Deposed& d) { return d.identity == work->identity; });
      memory.Index(*resource.record);
      rows.push_back(Context::Put(*resource.record));
      memory.Changed(work->key);
    }
    return End(work, StepState::kSettled, "", std::move(rows));
  }
  if (resource.record) {
    if (work->step().action == Action::kForget) {
      // R12: its mark stays; remembered, so that it does not look like a lost one.
      const std::string identity_key =
          IdentityKey(resource.record->account, work->row().address.kind_name(),
                      resource.record->identity);
      memory.forgotten.insert(identity_key);
      rows.push_back({ForgottenKey(identity_key), "{}", true});
    }
    memory.Unindex(*resource.record);
    rows.push_back({RecordKey(work->key), std::nullopt});
    rows.push_back({ObservationKey(work->key), std::nullopt});
  }
  resource.record.reset();
  resource.seen.reset();
  resource.live = Packed();
  resource.live_print = {};
  resource.conditions = {};
  resource.drift.clear();
  context_.SetUnapplied(resource, false, &rows);
  memory.Changed(work->key);
  End(work, StepState::kSettled, "", std::move(rows));
}

// R6: of the record alone; no object is touched.
void StepMachine::LiftProtection(const Ptr& work) {
  Resource* resource = context_.memory.Find(work->key);
  if (resource == nullptr || !resource->record)
    return End(work, StepState::kVoid, "its base moved: it is recorded no more");
  resource->record.Edit().protected_ = false;
  context_.memory.Changed(work->key);
  End(work, StepState::kSettled, "", {Context::Put(*resource->record)});
}

// R3: what the step was planned for is gone. What was seen of it before is no evidence any more, so
// that nothing that stands on it is made again on the word of that look.
void StepMachine::EndGone(const Ptr& work, const std::string& why) {
  Resource* resource = context_.memory.Find(work->key);
  if (resource != nullptr && resource->record && resource->exists() &&
      resource->seen->identity == work->identity) {
    resource->Unsee();
    context_.memory.Changed(work->key);
  }
  End(work, StepState::kVoid, fmt::format("its base moved: {}", why));
}

void StepMachine::SetRow(StepWork& work, StepState state, const std::string& error) {
  if (work.extra) return;
  StepRow& row = work.row();
  if (row.started == Time()) row.started = context_.Now();
  const std::string shown = Discreet(work, error);
  if (row.state == state && row.error == shown) return;
  row.state = state;
  row.error = shown;
  if (row_changed_) row_changed_(*work.run, work.index);
}

// R15: what a provider says of a call may quote what it was given.
std::string StepMachine::Discreet(const StepWork& work, const std::string& message) const {
  return work.plaintexts.empty() ? message : RedactSecrets(message, work.plaintexts);
}

// The same of what is said about a call of an earlier process, whose secrets are not at hand any more.
std::string StepMachine::Quoted(const StepWork& work, const std::string& message) const {
  const bool unknown = work.plaintexts.empty() && (work.sent.HasSensitive() || work.desired.HasSensitive());
  return unknown ? "its message is withheld: the request held a secret" : message;
}

void StepMachine::End(const Ptr& work, StepState state, const std::string& error,
                      std::vector<RowChange> rows) {
  work->phase = Phase::kOver;
  if (work->single_flight) {
    const std::string lane = work->account + "/" + work->kind->name().ToString();
    single_flight_.erase(lane);
    std::set<std::string> waiters;
    waiters.swap(single_flight_waiters_[lane]);
    for (const std::string& waiter : waiters)
      context_.Wake(waiter, WorkQueue::Priority::kUser);
    work->single_flight = false;
  }
  context_.backoff.Forget(work->key);
  if (!work->extra) {
    SetRow(*work, state, error);
    work->plaintexts.clear();
    work->row().finished = context_.Now();
    if (state != StepState::kSettled) {
      Resource* resource = context_.memory.Find(work->key);
      if (resource != nullptr && IsOfModel(work->run->run))
        context_.SetUnapplied(*resource, true, &rows);
    }
    rows.push_back(Context::Put(work->row()));
  } else if (state != StepState::kSettled) {
    work->error = Discreet(*work, error);
  }
  context_.writer.Commit(std::move(rows));
  if (ended_) ended_(*work);
}

void StepMachine::Retry(const Ptr& work, Duration wait, const std::string& why) {
  if (!why.empty()) {
    SetRow(*work, StepState::kWaiting, why);
  } else {
    SetRow(*work, StepState::kWaiting, work->row().error);
  }
  context_.queue.AddAt(work->key, WorkQueue::Priority::kUser,
                       context_.Now() + std::max<Duration>(wait, Duration(0)));
}

void StepMachine::RetryBackoff(const Ptr& work, const std::string& why) {
  if (!work->extra) ++work->row().attempts;
  Retry(work, context_.backoff.Next(work->key), why);
}

bool StepMachine::PastLimit(StepWork& work) {
  if (!work.limit) work.limit = context_.Now() + work.kind->timeout();
  return context_.Now() >= *work.limit;
}

void StepMachine::Cancel(const Ptr& work) {
  work->dropped_call = true;
  if (work->phase == Phase::kOver || work->busy || work->intent) return;
  if (work->phase == Phase::kAwait || work->phase == Phase::kAwaitGone) {
    context_.Wake(work->key, WorkQueue::Priority::kUser);
    return;
  }
  End(work, StepState::kCancelled, "cancelled");
}

}  // namespace tandem
