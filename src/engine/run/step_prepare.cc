// A step before its calls: a fresh look at its object, the check of its base (R3), its desired form with
// what is known by now (R5), and which calls bring it there.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "engine/memory/references.h"
#include "engine/run/step_work.h"
#include "engine/sight/masks.h"
#include "tandem/diff/diff.h"
#include "tandem/plan/build.h"
#include "tandem/schema/identity.h"

namespace tandem {
namespace {
// What of `fields` (all, when a kind's call names none) is among `members`.
std::vector<std::string> Carried(const std::vector<std::string>& fields,
                                 const std::set<std::string>& members) {
  std::vector<std::string> carries;
  if (fields.empty()) carries.assign(members.begin(), members.end());
  for (const std::string& field : fields)
    if (members.count(field) > 0) carries.push_back(field);
  return carries;
}

bool Removes(const StepWork& work) {
  return work.removes_deposed || work.step().action == Action::kDelete;
}
}  // namespace

void StepMachine::Advance(const Ptr& work) {
  if (work->busy || work->phase == Phase::kOver) return;
  if (context_.stopping && !work->intent) return;
  if (work->run->run.mode == PlanMode::kUnprotect) return LiftProtection(work);
  const bool paused = [&] {
    if (!context_.memory.paused_by.empty()) return true;
    const Resource* resource = context_.memory.Find(work->key);
    return resource != nullptr && resource->record && !resource->record->paused_by.empty();
  }();
  // A pause holds back the next call; what is open goes on to its outcome.
  if (paused && !work->intent && work->phase != Phase::kAwait && work->phase != Phase::kAwaitGone) {
    SetRow(*work, StepState::kWaiting, "paused");
    return;
  }
  if (!accounts_.IsOpen(work->account) && work->step().action != Action::kForget) {
    work->busy = true;
    accounts_.Open(work->account, [this, work](Status status) {
      work->busy = false;
      if (status.ok()) {
        Advance(work);
        return;
      }
      // Woken when the account opens; the step keeps its place meanwhile.
      SetRow(*work, StepState::kWaiting,
             fmt::format("account '{}': {}", work->account, status.message()));
    });
    return;
  }
  switch (work->phase) {
    case Phase::kObserve: return Observe(work);
    case Phase::kIntend: return Intend(work);
    case Phase::kCall: return Call(work);
    case Phase::kPoll: return Poll(work);
    case Phase::kRecover: return Recover(work);
    case Phase::kAwait: return Await(work);
    case Phase::kAwaitGone: return AwaitGone(work);
    case Phase::kOver: return;
  }
}

const ModelResource* StepMachine::ModelOf(const StepWork& work) const {
  const CompiledModel* model = work.run->known.model.get();
  if (model == nullptr) model = context_.memory.model.get();
  return model == nullptr ? nullptr : model->Find(work.key);
}

Mark StepMachine::MarkOf(const StepWork& work) const {
  Mark mark{context_.memory.uid, work.key, work.live.mark.intent};
  if (work.intent && (work.intent->call == "create" || mark.intent.empty()))
    mark.intent = work.intent->id;
  return mark;
}

void StepMachine::Observe(const Ptr& work) {
  const Step& step = work->step();
  if (Removes(*work) || step.action == Action::kForget) {
    const Resource* resource = context_.memory.Find(work->key);
    const Record* record = resource != nullptr && resource->record ? &*resource->record : nullptr;
    const bool forgets = step.action == Action::kForget && !work->removes_deposed;
    const bool kept = forgets && record != nullptr &&
                      (record->deletion_policy == "retain" || record->manage == "observe");
    // R3: healing may have made one again between the plan and now, which nobody would know of any more.
    const bool made_again = record != nullptr && !record->identity.empty() &&
                            record->identity != step.base.identity && (!forgets || resource->exists());
    if (made_again && !kept && !work->removes_deposed)
      return End(work, StepState::kVoid, "its base moved: the object is there again");
    if (forgets) return SettleRemoval(work);
  }
  std::string identity = work->identity;
  if (identity.empty() && !work->desired.is_null() && !work->kind->can_mark()) {
    // R9: such an object can carry no mark, so the intent says what a read just before found.
    const ModelResource* model = ModelOf(*work);
    identity = ExpectedIdentity(*work->kind, work->row().address, model ? model->external_name : "",
                                work->desired);
  }
  if (work->identity.empty() && step.action == Action::kCreate &&
      step.order == ReplaceOrder::kNone && work->row().call == 0) {
    // R3: healing may have made it between the plan and now.
    const Resource* resource = context_.memory.Find(work->key);
    if (resource != nullptr && resource->record && resource->exists() &&
        !resource->record->identity.empty())
      return End(work, StepState::kVoid,
                 fmt::format("its base moved: {} '{}' exists by now",
                             work->kind->name().ToString(), resource->record->identity));
  }
  if (identity.empty()) {
    work->exists = false;
    return Compose(work);
  }
  work->busy = true;
  calls_.Read(work->account, work->kind->name(), identity, Pace::kStep, [this, work](ReadAnswer answer) {
    work->busy = false;
    Observed(work, std::move(answer));
  });
}

void StepMachine::Observed(const Ptr& work, ReadAnswer answer) {
  const bool fresh_create = work->identity.empty();
  if (!answer.error.ok && answer.error.error_class != ErrorClass::kGone) {
    if (answer.error.error_class == ErrorClass::kTerminal)
      return End(work, StepState::kFailed, answer.error.message);
    return RetryBackoff(work, answer.error.message);
  }
  work->exists = answer.error.ok;
  if (!work->exists) {
    if (fresh_create) {
      work->absent_before = true;
      return Compose(work);
    }
    if (Removes(*work)) return SettleRemoval(work);
    if (work->composed || work->row().call > 0) {
      // Ours, made by this very step: a read that does not show it yet says nothing.
      return RetryBackoff(work, "the object is not to be seen yet");
    }
    return EndGone(work, fmt::format("{} '{}' is gone", work->kind->name().ToString(), work->identity));
  }
  work->live = std::move(answer.object);
  if (fresh_create) {
    return End(work, StepState::kVoid,
               fmt::format("its base moved: '{}' exists by now and is not ours", work->live.identity));
  }
  if (const auto problem = MarkProblem(*work)) return End(work, StepState::kVoid, *problem);
  if (work->composed) {  // between two calls of this step
    if (work->live.state == "busy") return Retry(work, std::chrono::seconds(1), "the object is busy");
    work->phase = Phase::kIntend;
    return Advance(work);
  }
  Compose(work);
}

// R12: the mark is checked before each update and delete.
std::optional<std::string> StepMachine::MarkProblem(const StepWork& work) const {
  const Mark& mark = work.live.mark;
  if (!work.kind->can_mark()) return std::nullopt;
  if (work.step().action == Action::kAdopt && !work.composed) {
    if (mark.address.empty() && mark.platform.empty()) return std::nullopt;
    if (mark.platform == context_.memory.uid && mark.address == work.key) return std::nullopt;
    return fmt::format("conflict: the object belongs to {} of platform {}", mark.address,
                       mark.platform);
  }
  if (work.run->run.mode != PlanMode::kHeal || work.step().action != Action::kMoved) {
    if (work.step().action == Action::kMoved &&
        mark.address == work.step().moved_from.ToString() &&
        mark.platform == context_.memory.uid)
      return std::nullopt;
  }
  const Resource* resource = context_.memory.Find(work.key);
  const bool observed_only = resource && resource->record && resource->record->manage == "observe";
  if (observed_only) return std::nullopt;
  // The calls of a create may mark last: until the step settled, an object without any mark is ours
  // by its identity.
  if (mark.empty() && work.row().call > 0 && work.step().action != Action::kDelete)
    return std::nullopt;
  if (mark.platform != context_.memory.uid || mark.address != work.key)
    return fmt::format("conflict: {} '{}' {}", work.kind->name().ToString(), work.live.identity,
                       mark.empty() ? "has lost its mark"
                                    : fmt::format("is marked as {} of platform {}", mark.address,
                                                  mark.platform));
  return std::nullopt;
}

Result<Value> StepMachine::DesiredOf(StepWork& work, std::string* waits_for) {
  if (!work.run->known.desired.empty()) return work.run->known.desired.Unpack();
  const ModelResource* model = ModelOf(work);
  if (model == nullptr)
    return NotFound(fmt::format("{} is not in the model of this run", work.key));
  const CompiledModel& compiled =
      work.run->known.model ? *work.run->known.model : *context_.memory.model;
  Result<Value> desired =
      EvaluateSpec(compiled, *model, [&](const std::string& address, const Path& path) {
        Result<Value> value = LiveReference(context_.memory, address, path);
        if (!value.ok() && value.status().code() == Code::kUnavailable)
          *waits_for = value.status().message();
        if (value.ok()) work.references[address + "." + FormatPath(path)] = *value;
        return value;
      });
  return desired;
}

// R3, R5: true if the changes that are due now are those that the plan showed, unknowns filled in. What
// is not due any more makes the step milder.
bool StepMachine::Matches(const StepWork& work, const ResourceDiff& fresh, std::string* moved) const {
  std::map<std::string, const FieldChange*> due;
  for (const FieldChange& change : fresh.changes) due[change.path] = &change;
  for (const FieldChange& change : work.step().changes) {
    if (change.unknown || change.sensitive || IsRecordOnly(change)) continue;
    const auto now = due.find(change.path);
    if (now == due.end() || now->second->after == change.after) continue;
    *moved = change.path;
    return false;
  }
  return true;
}

// The live object as a plan sees it: without secrets.
Value StepMachine::SeenFields(const StepWork& work) const {
  const Resource* resource = context_.memory.Find(work.key);
  const Value fields = resource == nullptr
                           ? (work.live.fields.empty() ? Value(Map{}) : work.live.fields.Unpack())
                           : MaskedFields(context_, *resource, *work.kind, work.live.fields);
  return StorableFields(*work.kind, fields, nullptr, true);
}

void StepMachine::Compose(const Ptr& work) {
  const Step& step = work->step();
  if (work->exists && work->live.state == "busy" && step.action != Action::kCreate) {
    if (PastLimit(*work)) return End(work, StepState::kFailed, "the object stayed busy too long");
    return Retry(work, std::chrono::seconds(1), "the object is busy");
  }
  if (Removes(*work)) {
    work->calls = {{work->kind->DeleteCall().name, {}, ""}};
    const Resource* resource = context_.memory.Find(work->key);
    if (!work->removes_deposed && resource && resource->record &&
        step.order == ReplaceOrder::kNone)
      for (const Deposed& deposed : resource->record->deposed)
        work->calls.push_back({work->kind->DeleteCall().name, {}, deposed.identity});
    work->composed = true;
    work->phase = Phase::kIntend;
    return Advance(work);
  }
  std::string waits_for;
  Result<Value> desired = DesiredOf(*work, &waits_for);
  if (!waits_for.empty() || (desired.ok() && desired->HasUnknown())) {
    // R10: a referencing step waits for its target to be ready, not merely created.
    if (PastLimit(*work)) return End(work, StepState::kFailed, waits_for);
    return RetryBackoff(work, waits_for.empty() ? "waits for a value that is not known yet" : waits_for);
  }
  if (!desired.ok()) return End(work, StepState::kFailed, desired.status().message());
  work->desired = std::move(desired).value();
  work->sent = work->desired;
  if (step.action == Action::kCreate && work->identity.empty() && !work->absent_before &&
      !work->kind->can_mark()) {
    const ModelResource* model = ModelOf(*work);
    if (!ExpectedIdentity(*work->kind, work->row().address, model ? model->external_name : "",
                          work->desired)
             .empty())
      return Observe(work);
  }
  const bool after_delete = step.action == Action::kCreate && step.order != ReplaceOrder::kNone;
  if (work->row().call == 0 && !after_delete) {
    Observation now;
    now.address = work->row().address;
    now.identity = work->live.identity;
    now.exists = work->exists;
    now.fields = Packed::From(SeenFields(*work));
    now.mark_address = work->live.mark.address;
    std::vector<std::string> moved =
        MovedFields(step.base, *work->kind, work->exists ? &now : nullptr, work->references);
    moved.erase(std::remove_if(moved.begin(), moved.end(),
                               [&](const std::string& path) {
                                 return work->touched.count(path.substr(0, path.find_first_of(".["))) > 0;
                               }),
                moved.end());
    if (!moved.empty())
      return End(work, StepState::kVoid,
                 fmt::format("its base moved: {} is another than when the plan was made",
                             moved.front()));
  }
  if (!ComposeCalls(work)) return;
  work->composed = true;
  work->at = 0;
  if (work->calls.empty()) {
    work->phase = Phase::kAwait;
  } else {
    work->phase = Phase::kIntend;
  }
  Advance(work);
}

std::vector<PlannedCall> PlanCreate(const Kind& kind, const Value& desired) {
  std::set<std::string> named;
  if (desired.is_map())
    for (const auto& [member, value] : desired.as_map()) named.insert(member);
  std::vector<PlannedCall> calls;
  for (const CallRule& call : kind.CreateCalls(desired))
    calls.push_back({call.name, call.name == "mark" ? call.fields : Carried(call.fields, named), ""});
  return calls;
}

// False if the step ended instead.
bool StepMachine::ComposeCalls(const Ptr& work) {
  const Step& step = work->step();
  const Kind& kind = *work->kind;
  const Resource* resource = context_.memory.Find(work->key);
  std::string moved;
  const auto add_create = [&] {
    for (PlannedCall& call : PlanCreate(kind, work->desired)) work->calls.push_back(std::move(call));
  };
  work->calls.clear();
  const bool made_by_us = work->exists && resource && resource->record &&
                          resource->record->run == work->run->run.id && work->row().call > 0;
  // A new object may have the old one's name; where the old one goes first, its delete is the first call.
  const bool made_anew = work->identity != step.base.identity ||
                         (step.order == ReplaceOrder::kDestroyFirst && work->row().call > 1);
  if (step.action == Action::kCreate ||
      (step.action == Action::kReplace && made_by_us && made_anew)) {
    DiffInput whole;
    whole.kind = &kind;
    whole.desired = &work->desired;
    if (!made_by_us && !Matches(*work, Compare(whole), &moved)) {
      End(work, StepState::kVoid, fmt::format("{} came out as another value than the plan showed",
                                              moved));
      return false;
    }
    add_create();
    // After a restart: what settled before is not called again.
    const size_t done = static_cast<size_t>(work->row().call);
    const size_t skip = step.action == Action::kReplace && done > 0 &&
                                step.order == ReplaceOrder::kDestroyFirst
                            ? done - 1
                            : done;
    work->calls.erase(work->calls.begin(), work->calls.begin() + std::min(skip, work->calls.size()));
    return true;
  }
  if (step.action == Action::kReplace && !work->exists) {  // the old one is gone already
    add_create();
    return true;
  }
  // Until its first call has settled, what moves is recorded under its old address.
  const Resource* holder = resource;
  if (step.action == Action::kMoved && (resource == nullptr || !resource->record))
    holder = context_.memory.Find(step.moved_from.ToString());
  std::optional<Value> recorded;
  if (holder != nullptr && holder->record && !holder->record->recorded.empty())
    recorded = holder->record->recorded.Unpack();
  const Value observed = SeenFields(*work);
  const ModelResource* model = ModelOf(*work);
  const CompiledModel* compiled =
      work->run->known.model ? work->run->known.model.get() : context_.memory.model.get();
  DiffInput input;
  input.kind = &kind;
  input.desired = &work->desired;
  input.recorded = recorded ? &*recorded : nullptr;
  input.observed = &observed;
  if (model != nullptr && compiled != nullptr) {
    const Subject subject = SubjectOf(*model);
    input.policy = [compiled, subject](const std::string& path) {
      return compiled->policies.FieldFor(subject, path);
    };
  }
  const ResourceDiff fresh = Compare(input);
  std::set<std::string> members;
  for (const FieldChange& change : fresh.changes) {
    const bool planned = [&] {
      for (const FieldChange& shown : step.changes)
        if (LeadingMember(shown.path) == LeadingMember(change.path)) return true;
      return false;
    }();
    if (!planned) {
      End(work, StepState::kVoid,
          fmt::format("its base moved: {} would change as well, which the plan did not show",
                      change.path));
      return false;
    }
    if (change.unset == "released" || IsRecordOnly(change)) continue;
    members.insert(LeadingMember(change.path));
    if (!change.unset.empty() && !change.after.is_null())
      SetAt(work->sent, ParsePath(change.path), change.after);
  }
  // Whether a secret has changed shows by its digest, which only the plan had.
  for (const FieldChange& change : step.changes)
    if (change.sensitive && !change.unknown && !IsRecordOnly(change) && change.unset.empty() &&
        !change.replaces)
      members.insert(LeadingMember(change.path));
  if (!Matches(*work, fresh, &moved)) {
    End(work, StepState::kVoid,
        fmt::format("{} came out as another value than the plan showed", moved));
    return false;
  }
  if (step.action == Action::kReplace && fresh.replaces()) {
    if (step.order == ReplaceOrder::kCreateFirst) {
      add_create();
      work->old_identity = work->identity;
      work->identity.clear();
      work->exists = false;
    } else {
      work->old_identity = work->identity;
      work->calls.push_back({kind.DeleteCall().name, {}, work->old_identity});
      add_create();
    }
    return true;
  }
  if (fresh.replaces()) {
    End(work, StepState::kVoid, "it would have to be replaced by now, which the plan did not show");
    return false;
  }
  const bool observe_only = model != nullptr && model->manage == "observe";
  if (observe_only) return true;
  if (step.action == Action::kAdopt || step.action == Action::kMoved) {
    const bool marked = work->live.mark.platform == context_.memory.uid &&
                        work->live.mark.address == work->key;
    if (kind.can_mark() && !marked) work->calls.push_back({"mark", {}, ""});
  }
  for (const CallRule& call : kind.UpdateCalls({members.begin(), members.end()}))
    work->calls.push_back({call.name, Carried(call.fields, members), ""});
  return true;
}

}  // namespace tandem
