#include "engine/reconciler.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "engine/memory/references.h"
#include "tandem/plan/build.h"

namespace tandem {
namespace {
constexpr Duration kStandsAgain = std::chrono::seconds(30);  // until the next look at what is not there

// Digests of secrets in `fresh` from `settled`, where the recipe is the same: whether a secret has
// changed is asked when a person plans, not on every look.
void CarryDigests(Value& fresh, const Value& settled) {
  if (fresh.is_sensitive() && settled.is_sensitive()) {
    if (fresh.as_sensitive().parts == settled.as_sensitive().parts) fresh = settled;
  } else if (fresh.is_map() && settled.is_map()) {
    for (auto& [key, member] : fresh.edit_map())
      if (const Value* other = settled.Find(key)) CarryDigests(member, *other);
  } else if (fresh.is_list() && settled.is_list()) {
    for (size_t i = 0; i < std::min(fresh.as_list().size(), settled.as_list().size()); ++i)
      CarryDigests(fresh.edit_list()[i], settled.as_list()[i]);
  }
}

}  // namespace

void Reconciler::Work(const std::string& address, bool busy) {
  Resource* resource = context_.memory.Find(address);
  if (resource == nullptr) return;
  if (!busy) Judge(*resource);
  SetConditions(*resource, busy);
  context_.memory.Touch(address);
}

// R1: towards settled desired. Where all of the accepted model has settled, that is the model's own
// form under today's references; otherwise what settled last.
Value Reconciler::DesiredOf(const Resource& resource) {
  const Packed& settled = resource.record->settled;
  const Memory& memory = context_.memory;
  const ModelResource* model = memory.DocumentOf(resource);
  if (model == nullptr || memory.unapplied.count(resource.key()) > 0) return settled.Unpack();
  Result<Value> desired =
      EvaluateSpec(*memory.model, *model, [&](const std::string& address, const Path& path) {
        return LiveReference(memory, address, path);
      });
  if (!desired.ok() || desired->HasUnknown()) return settled.Unpack();
  if (desired->HasSensitive()) CarryDigests(*desired, settled.Unpack());
  return std::move(desired).value();
}

// Of a change that was accepted and whose step did not settle nothing is left when all of it has been sent
// nevertheless, or when a later model takes it back.
void Reconciler::CatchUp(Resource& resource) {
  const Memory& memory = context_.memory;
  const ModelResource* model = memory.DocumentOf(resource);
  if (memory.unapplied.count(resource.key()) == 0 || !resource.record || model == nullptr) return;
  const Record& record = *resource.record;
  const bool kept = record.manage == model->manage &&
                    (!model->protect || record.protected_ == *model->protect) &&
                    (model->deletion_policy.empty() ||
                     record.deletion_policy == model->deletion_policy);
  if (!kept) return;
  const Result<Value> desired =
      EvaluateSpec(*memory.model, *model, [&](const std::string& address, const Path& path) {
        return LiveReference(memory, address, path);
      });
  if (!desired.ok() || desired->HasUnknown()) return;
  for (const Packed* form : {&record.settled, &record.recorded}) {
    if (form->empty()) continue;
    Value fresh = *desired;
    CarryDigests(fresh, form->Unpack());
    if (ToCanonicalJson(fresh) != form->json()) continue;
    std::vector<RowChange> rows;
    context_.SetUnapplied(resource, false, &rows);
    const Packed sent = *form;
    resource.record.Edit().settled = sent;
    rows.push_back(Context::Put(*resource.record));
    context_.writer.Commit(std::move(rows));
    return;
  }
}

void Reconciler::Judge(Resource& resource) {
  CatchUp(resource);
  if (!resource.record || resource.record->settled.empty() || !resource.looked ||
      !resource.blind.empty() || !resource.seen) {
    resource.drift.clear();
    resource.drift_plan.clear();
    return;
  }
  const std::shared_ptr<const Kind> kind = context_.FindKind(resource.address.kind_name());
  if (!kind) return;
  if (resource.newer) {  // R12: a person decides
    resource.drift = {"(another object)"};
    resource.drift_plan.clear();
    return;
  }
  Drifted(resource, *kind);
}

// Whether everything that `resource` stands on is there and at rest.
bool Reconciler::Stands(const Resource& resource) const {
  for (const std::string& need : resource.record->depends_on) {
    const Resource* stood_on = context_.memory.Find(need);
    if (stood_on == nullptr || !stood_on->record) continue;
    if (runner_.Busy(need) || !stood_on->looked || !stood_on->exists()) return false;
    if (stood_on->missing_since) return false;  // it seems to be gone (R8)
  }
  return true;
}

// Whether everything that `resource` needs, and that needs in turn, could be observed (R18).
bool Reconciler::SeesNeeds(const Resource& resource) const {
  std::set<std::string> seen;
  std::vector<const Resource*> open = {&resource};
  while (!open.empty()) {
    const Resource& next = *open.back();
    open.pop_back();
    if (!next.record) continue;
    for (const std::string& need : next.record->depends_on) {
      const Resource* needed = context_.memory.Find(need);
      if (needed == nullptr || !seen.insert(need).second) continue;
      if (!needed->blind.empty()) return false;
      open.push_back(needed);
    }
  }
  return true;
}

// What a look found that is not what was applied, and the step that would set it back.
struct Reconciler::Drift {
  Step step;
  Subject subject;
  Value desired;
  Value recorded;
  Observation seen;
  bool by_kind = false;  // a new kind file sees a difference
};

// R7: re-creating a missing protected resource is data-loss.
void Reconciler::MakeAgain(const Record& record, const Kind& kind, const Value& desired, Step& step) {
  step.action = Action::kCreate;
  step.blast = record.protected_ ? BlastClass::kDataLoss : BlastClass::kCreate;
  step.why = "it is gone; nobody of tandem deleted it";
  const Value canonical = kind.Canonical(desired);
  for (const auto& [member, value] : desired.as_map()) {
    FieldChange change;
    change.path = FormatPath({{member, -1}});
    const Value* form = canonical.Find(member);
    change.after = form != nullptr ? *form : value;
    change.reason = ChangeReason::kDrift;
    change.blast = step.blast;
    change.sensitive = value.HasSensitive();
    step.changes.push_back(std::move(change));
  }
}

// What of `resource` is as it was applied, by `drift.subject`'s policies.
ResourceDiff Reconciler::Differences(const Resource& resource, const Kind& kind, const PolicySet& policies,
                                     const Drift& drift) {
  const Record& record = *resource.record;
  const Value observed = drift.seen.fields.empty() ? Value(Map{}) : drift.seen.fields.Unpack();
  DiffInput input;
  input.kind = &kind;
  input.desired = &drift.desired;
  input.recorded = &drift.recorded;
  input.observed = &observed;
  input.kind_changed = record.kind_digest != kind.digest();
  // Delegated: made and deleted here, kept by somebody else.
  input.policy = [&](const std::string& path) {
    return record.manage == "delegate" ? FieldPolicy::kInitialOnly
                                       : policies.FieldFor(drift.subject, path);
  };
  return Compare(input);
}

// Its drift as it is shown, and the step; nullopt where nothing is to be set back.
std::optional<Reconciler::Drift> Reconciler::FindDrift(Resource& resource, const Kind& kind,
                                                       const PolicySet& policies) {
  const Memory& memory = context_.memory;
  const Record& record = *resource.record;
  const ModelResource* model = memory.DocumentOf(resource);
  Drift drift;
  drift.desired = DesiredOf(resource);
  // Most resources ask for what was sent before: writing is cheaper than reading.
  drift.recorded = record.recorded.empty()                                     ? Value(Map{})
                   : ToCanonicalJson(drift.desired) == record.recorded.json() ? drift.desired
                                                                              : record.recorded.Unpack();
  drift.subject = model != nullptr ? SubjectOf(*model) : SubjectOf(record);
  drift.seen = *resource.seen;
  if (!resource.live.empty()) drift.seen.fields = resource.live;
  Step& step = drift.step;
  step.address = resource.address;
  step.account = record.account;
  step.component = record.component;
  step.site = record.site;
  if (!resource.seen->exists) {
    resource.drift = {"(gone)"};
    if (memory.model && model == nullptr) {
      // Its document was dropped, or moved to another address, and the step has not been made: nobody wants
      // the object back (R1).
      resource.drift_plan.clear();
      return std::nullopt;
    }
    MakeAgain(record, kind, drift.desired, step);
    return drift;
  }
  if (resource.seen->state == "busy") return std::nullopt;  // judged when it has come to rest
  const ResourceDiff diff = Differences(resource, kind, policies, drift);
  resource.drift.clear();
  for (const FieldChange& change : diff.changes) resource.drift.push_back(change.path);
  for (const FieldChange& change : diff.observed_only) resource.drift.push_back(change.path);
  if (diff.empty()) {
    resource.drift_plan.clear();
    const auto next = next_heal_.find(resource.key());
    if (next != next_heal_.end() && context_.Now() > next->second) {
      next_heal_.erase(next);
      context_.backoff.Forget("heal " + resource.key());
    }
    return std::nullopt;
  }
  step.action = diff.replaces() ? Action::kReplace : Action::kUpdate;
  if (diff.replaces())
    step.order = kind.create_first() ? ReplaceOrder::kCreateFirst : ReplaceOrder::kDestroyFirst;
  step.blast = diff.replaces() ? BlastClass::kReplace : diff.worst();
  step.why = "it was changed outside";
  step.changes = diff.changes;
  drift.by_kind = std::any_of(diff.changes.begin(), diff.changes.end(), [](const FieldChange& change) {
    return change.reason == ChangeReason::kKind;
  });
  return drift;
}

// What is done about `drift`: what policy says, as far as tandem may.
DriftAction Reconciler::AnswerTo(const Drift& drift, const Record& record, const PolicySet& policies) const {
  const Memory& memory = context_.memory;
  DriftAction action = policies.DriftFor(drift.subject, drift.step.blast);
  // R14: what only a new kind file wants never heals unattended.
  if (drift.by_kind && action == DriftAction::kHeal) action = DriftAction::kApprove;
  if (record.manage == "observe" &&
      (action == DriftAction::kHeal || action == DriftAction::kApprove))
    action = DriftAction::kReport;
  if (action == DriftAction::kIgnore) return action;
  if (action == DriftAction::kHeal && !context_.settings.heal) action = DriftAction::kReport;
  const bool paused = !memory.paused_by.empty() || !record.paused_by.empty();
  const bool old = memory.old_store || memory.met.count(record.account) == 0;  // or may be (R12)
  // Its policies, and what it dropped, are not known (R1, R14).
  const bool refused = memory.accepted > 0 && !memory.model;
  return paused || old || refused ? DriftAction::kReport : action;
}

// R18: what cannot be seen may be another by now. R10: what it stands on is not there, or is being
// replaced. It is corrected after that.
bool Reconciler::MustWait(Resource& resource, DriftAction action) {
  const bool seen_below = SeesNeeds(resource);
  if (!seen_below) resource.drift_plan.clear();
  return !seen_below || (action == DriftAction::kHeal && !resource.seen->exists && !Stands(resource));
}

void Reconciler::Drifted(Resource& resource, const Kind& kind) {
  static const PolicySet kNone;
  const PolicySet& policies = context_.memory.model ? context_.memory.model->policies : kNone;
  std::optional<Drift> drift = FindDrift(resource, kind, policies);
  if (!drift) return;
  const DriftAction action = AnswerTo(*drift, *resource.record, policies);
  if (action == DriftAction::kIgnore) resource.drift.clear();
  if (action == DriftAction::kIgnore || action == DriftAction::kReport) {
    resource.drift_plan.clear();
  } else if (MustWait(resource, action)) {
    context_.queue.AddAt(resource.key(), WorkQueue::Priority::kResync, context_.Now() + kStandsAgain);
  } else if (action == DriftAction::kApprove) {
    Ask(resource, PlanOf(*drift, kind, policies, true));
  } else {
    Heal(resource, PlanOf(*drift, kind, policies, false));
  }
}

// A plan of its one step.
KnownPlan Reconciler::PlanOf(const Drift& drift, const Kind& kind, const PolicySet& policies, bool asks) {
  const Memory& memory = context_.memory;
  auto plan = std::make_shared<Plan>();
  plan->platform = memory.platform;
  plan->platform_uid = memory.uid;
  plan->from = plan->to = memory.accepted;
  plan->created = context_.Now();
  plan->mode = PlanMode::kHeal;
  plan->accepted_digest = plan->proposed_digest = memory.accepted_digest;
  plan->kinds[kind.name().ToString()] = kind.digest();
  plan->policies_digest = policies.digest();
  Step step = drift.step;
  step.base = MakeBase(kind, &drift.desired, &drift.recorded, drift.seen.exists ? &drift.seen : nullptr, {});
  plan->steps.push_back(std::move(step));
  if (asks)
    plan->needs_approval = {fmt::format("{} drift waits for approval", BlastClassName(drift.step.blast))};
  SealPlan(*plan);
  KnownPlan known;
  known.plan = plan;
  known.author = "tandem";
  known.desired = Packed::From(drift.desired);
  known.pending = asks;
  return known;
}

void Reconciler::Ask(Resource& resource, KnownPlan known) {
  const std::shared_ptr<const Plan> plan = known.plan;
  if (resource.drift_plan == plan->hash) return;
  resource.drift_plan = plan->hash;
  starter_.Offer(std::move(known));
  context_.Emit(true, "Drifted", resource.key(), "", "",
                fmt::format("{}; {} drift waits for: tandem approve {}", fmt::join(resource.drift, ", "),
                            BlastClassName(plan->steps[0]->blast), plan->hash));
}

void Reconciler::Heal(const Resource& resource, KnownPlan known) {
  const auto next = next_heal_.find(resource.key());
  if (next != next_heal_.end() && context_.Now() < next->second) {
    // It was healed just now and drifted again: somebody else is at it. Slower each time.
    context_.queue.AddAt(resource.key(), WorkQueue::Priority::kResync, next->second);
    return;
  }
  next_heal_[resource.key()] = context_.Now() + context_.backoff.Next("heal " + resource.key());
  ++heals_;
  context_.Emit(true, "DriftHealing", resource.key(), "", "",
                fmt::format("{}: set back to what was applied", fmt::join(resource.drift, ", ")));
  starter_.StartHeal(std::move(known));
}

void Reconciler::SetConditions(Resource& resource, bool busy) {
  const Time now = context_.Now();
  const Memory& memory = context_.memory;
  const bool in_model = memory.DocumentOf(resource) != nullptr;
  if (!in_model && !resource.record) return;
  std::string step_error;
  bool waiting = false;
  if (const StepWork* work = runner_.ActiveOf(resource.key()); work != nullptr && !work->extra) {
    step_error = work->row().error;
    waiting = work->row().attempts >= 3 && !step_error.empty();
  }
  const auto set = [&](std::string_view type, ConditionStatus status, std::string reason,
                       std::string message) {
    resource.SetCondition(type, status, std::move(reason), std::move(message), now);
  };
  using S = ConditionStatus;
  // Ready: of the live object.
  if (resource.quarantine) {
    set("Ready", S::kUnknown, "Quarantined", resource.quarantine->error);
  } else if (!resource.blind.empty()) {
    set("Ready", S::kUnknown, "NotObserved", resource.blind);
  } else if (!resource.record) {
    set("Ready", S::kFalse, busy ? "Progressing" : "NotCreated", step_error);
  } else if (!resource.seen) {
    set("Ready", busy ? S::kFalse : S::kUnknown, busy ? "Progressing" : "NotObserved", step_error);
  } else if (!resource.seen->exists) {
    set("Ready", S::kFalse, busy ? "Progressing" : "Missing",
        busy ? step_error : "the object is gone");
  } else if (resource.seen->state == "busy") {
    set("Ready", S::kFalse, "Busy", step_error);
  } else if (resource.seen->state == "failed") {
    set("Ready", S::kFalse, "Failed", "the object is in a failed state");
  } else {
    set("Ready", S::kTrue, "Available", "");
  }
  // Synced: whether live state is what was accepted.
  if (busy) {
    set("Synced", S::kFalse, "Progressing", step_error);
  } else if (!resource.blind.empty() || resource.quarantine) {
    set("Synced", S::kUnknown, "NotObserved", resource.blind);
  } else if (!resource.record || context_.memory.unapplied.count(resource.key()) > 0) {
    set("Synced", S::kFalse, "NotApplied", "the accepted model has a change here that did not settle");
  } else if (!resource.drift.empty()) {
    set("Synced", S::kFalse, "Drifted", fmt::format("{}", fmt::join(resource.drift, ", ")));
  } else {
    set("Synced", S::kTrue, "Applied", "");
  }
  if (resource.drift.empty()) {
    set("Drifted", S::kFalse, "AsApplied", "");
  } else {
    std::string message = fmt::format("{}", fmt::join(resource.drift, ", "));
    if (!resource.drift_plan.empty())
      message += fmt::format("; to set it back: tandem approve {}", resource.drift_plan);
    set("Drifted", S::kTrue, resource.drift_plan.empty() ? "ChangedOutside" : "WaitsForApproval",
        message);
  }
  const std::string paused_by = !memory.paused_by.empty() ? memory.paused_by
                                : resource.record          ? resource.record->paused_by.str()
                                                           : "";
  set("Paused", paused_by.empty() ? S::kFalse : S::kTrue, paused_by.empty() ? "Running" : "Paused",
      paused_by.empty() ? "" : fmt::format("by {}", paused_by));
  set("Stalled", waiting || resource.quarantine ? S::kTrue : S::kFalse,
      resource.quarantine ? "Quarantined" : waiting ? "Retrying" : "Progressing",
      waiting ? step_error : "");
}

}  // namespace tandem
