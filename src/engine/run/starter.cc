#include "engine/run/starter.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "engine/memory/references.h"
#include "engine/planning/standing.h"
#include "engine/store/plan_rows.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {

constexpr size_t kFew = 16;  // as many are compared in the turn: that takes less than waking a thread
constexpr char kHoldsNoMore[] = "the plan does not hold any more";

StartAnswer Refused(Refusal refusal, std::string message) {
  StartAnswer answer;
  answer.refusal = refusal;
  answer.message = std::move(message);
  return answer;
}

std::string NoSuchPlan(const std::string& hash) {
  return fmt::format(
      "no plan '{}' is known: it was not made here, a run has overtaken it, or {} others were made since; "
      "plan again",
      hash, Memory::kPlansKept);
}

// Units of at most a group's writes and half a commit's bytes.
std::vector<std::vector<RowChange>> InUnits(std::vector<RowChange> rows) {
  std::vector<std::vector<RowChange>> units(1);
  size_t bytes = 0;
  for (RowChange& row : rows) {
    const size_t size = row.key.size() + (row.value ? row.value->size() : 0);
    if (units.back().size() >= StoreWriter::kGroup ||
        (!units.back().empty() && bytes + size > kMaxCommitBytes / 2)) {
      units.emplace_back();
      bytes = 0;
    }
    bytes += size;
    units.back().push_back(std::move(row));
  }
  return units;
}

// The first step in which two plans differ, in words; the plans have other hashes.
std::string FirstDifference(const Plan& saved, const Plan& now) {
  if (saved.from != now.from)
    return fmt::format("it was made against revision {}, accepted is {} by now", saved.from, now.from);
  if (saved.proposed_digest != now.proposed_digest) return "the documents are others";
  if (saved.accepted_digest != now.accepted_digest) return "the accepted model is another";
  if (saved.mode != now.mode) return fmt::format("its mode is {}, not {}", PlanModeName(saved.mode),
                       PlanModeName(now.mode));
  if (saved.policies_digest != now.policies_digest) return "the policies are others";
  for (const auto& [kind, digest] : saved.kinds) {
    const auto found = now.kinds.find(kind);
    if (found != now.kinds.end() && found->second != digest)
      return fmt::format("the kind file of {} is another", kind);
  }
  for (size_t i = 0; i < std::max(saved.steps.size(), now.steps.size()); ++i) {
    if (i >= saved.steps.size())
      return fmt::format("{} {} is needed as well", ActionName(now.steps[i]->action),
                         now.steps[i]->address.ToString());
    if (i >= now.steps.size())
      return fmt::format("{} {} is not needed any more", ActionName(saved.steps[i]->action),
                         saved.steps[i]->address.ToString());
    const Step& a = saved.steps[i];
    const Step& b = now.steps[i];
    const std::string address = a.address.ToString();
    if (a.address != b.address || a.action != b.action)
      return fmt::format("{} {} became {} {}", ActionName(a.action), address, ActionName(b.action),
                         b.address.ToString());
    if (a.base.identity != b.base.identity) return fmt::format("{}: its identity moved", address);
    if (a.base.mark_address != b.base.mark_address) return fmt::format("{}: its mark moved", address);
    if (a.base.fields != b.base.fields) {
      if (a.base.fields.is_map() && b.base.fields.is_map()) {
        for (const auto& [path, value] : a.base.fields.as_map()) {
          const Value* other = b.base.fields.Find(path);
          if (other == nullptr || *other != value) return fmt::format("{}.{} moved", address, path);
        }
        for (const auto& [path, value] : b.base.fields.as_map())
          if (a.base.fields.Find(path) == nullptr) return fmt::format("{}.{} moved", address, path);
      }
      return fmt::format("{}: its fields moved", address);
    }
    for (const auto& [reference, value] : a.base.references) {
      const auto other = b.base.references.find(reference);
      if (other == b.base.references.end() || other->second != value)
        return fmt::format("{}: {} moved", address, reference);
    }
  }
  return "it comes out differently now";
}

}  // namespace

void Starter::StartRun(StartRequest request, std::function<void(StartAnswer)> done) {
  if (request.plan == nullptr)
    return StartKnown(request.hash, request.actor, request.auto_approve, std::move(done));
  auto saved = request.plan;
  if (saved->from != context_.memory.accepted)
    return done(Refused(Refusal::kBusy, Overtaken(*saved)));
  // Without its sources it cannot be made again: it is the one kept under this hash, or none.
  if (request.sources.empty()) {
    if (context_.memory.plans.count(saved->hash) == 0)
      return done(Refused(Refusal::kNotFound, "this daemon does not keep the plan: name its model "
                                              "as well (-f), or plan again"));
    return StartKnown(saved->hash, request.actor, request.auto_approve, std::move(done));
  }
  // R3: a saved plan is made again from its sources and must come out the same.
  PlanRequest again;
  again.sources = std::move(request.sources);
  again.delete_budget = saved->delete_budget;
  again.mode = saved->mode;
  again.actor = request.actor;
  if (context_.memory.uid.empty()) context_.memory.uid = saved->platform_uid;
  planner_.MakePlan(std::move(again), [this, saved, actor = request.actor,
                                       auto_approve = request.auto_approve,
                                       done = std::move(done)](PlanAnswer answer) {
    if (answer.refusal != Refusal::kNone) return done(Refused(answer.refusal, answer.message));
    if (answer.plan->hash != saved->hash)
      return done(Refused(Refusal::kBusy,
                          fmt::format("{}: {}; plan again", kHoldsNoMore,
                                      FirstDifference(*saved, *answer.plan))));
    StartKnown(saved->hash, actor, auto_approve, done);
  });
}

void Starter::StartKnown(const std::string& hash, const std::string& actor, bool auto_approve,
                         std::function<void(StartAnswer)> done) {
  IfItStands(hash, done, [this, hash, actor, auto_approve, done](KnownPlan& known) {
    // Its author is who asks for it first, whoever else has looked at the plan.
    if (!known.pending) known.author = actor;
    // R16: an approval in the caller's name; neither for a role change nor for what a policy's approvals name.
    if (auto_approve && !NeedsPerson(known)) AddApproval(hash, actor);
    const std::string missing = Missing(known);
    if (!missing.empty()) {
      known.pending = true;
      StorePlan(known);
      StartAnswer answer;
      answer.pending = true;
      answer.hash = hash;
      answer.message = fmt::format("{}: tandem approve {}", missing, hash);
      context_.Emit(false, "PlanPending", "", "", actor, answer.message);
      return done(std::move(answer));
    }
    Launch(known, actor, done);
  });
}

void Starter::IfItStands(const std::string& hash, std::function<void(StartAnswer)> done,
                         std::function<void(KnownPlan&)> then) {
  const auto found = context_.memory.plans.find(hash);
  if (found == context_.memory.plans.end())
    return done(Refused(Refusal::kNotFound, NoSuchPlan(hash)));
  planner_.LookAgain(found->second, [this, hash, done = std::move(done), then = std::move(then)] {
    const auto looked = context_.memory.plans.find(hash);
    if (looked == context_.memory.plans.end())
      return done(Refused(Refusal::kNotFound, NoSuchPlan(hash)));
    if (looked->second.plan->from != context_.memory.accepted)  // R1
      return done(Refused(Refusal::kBusy, Overtaken(*looked->second.plan)));
    const auto go_on = [this, hash, done, then](const std::string& moved) {
      if (!moved.empty())
        return done(Refused(Refusal::kBusy, fmt::format("{}: {}; plan again", kHoldsNoMore, moved)));
      if (context_.stopping) return done(Refused(Refusal::kInternal, "the daemon is stopping"));
      const auto known = context_.memory.plans.find(hash);
      if (known == context_.memory.plans.end())
        return done(Refused(Refusal::kNotFound, NoSuchPlan(hash)));
      DropExpired();
      then(known->second);
    };
    const std::set<std::string> stood_upon = StoodUpon(looked->second);
    if (stood_upon.size() <= kFew)
      return go_on(WhatMoved(context_.memory, looked->second, *context_.ports.catalog));
    auto now = std::make_shared<Memory>(CopyOf(context_.memory, stood_upon));
    context_.Background<std::string>(
        [now, known = looked->second, catalog = context_.ports.catalog] {
          return WhatMoved(*now, known, *catalog);
        },
        go_on);
  });
}

void Starter::AddApproval(const std::string& hash, const std::string& actor) {
  Approval approval;
  approval.hash = hash;
  approval.principal = actor;
  approval.created = context_.Now();
  approval.expires = approval.created + context_.settings.approval_lifetime;
  std::vector<Approval>& approvals = context_.memory.approvals[hash];
  std::erase_if(approvals, [&](const Approval& a) { return a.principal == actor; });
  approvals.push_back(approval);
  context_.writer.Commit({Context::Put(approval)});
  context_.Emit(false, "Approved", "", "", actor, fmt::format("plan {} by {}", hash, actor));
}

// R16: an approval holds for a day.
void Starter::DropExpired() {
  std::vector<RowChange> rows;
  for (auto& [hash, approvals] : context_.memory.approvals)
    std::erase_if(approvals, [&](const Approval& approval) {
      const bool over = approval.expires <= context_.Now();
      if (over) rows.push_back({ApprovalKey(approval.hash, approval.principal), std::nullopt});
      return over;
    });
  std::erase_if(context_.memory.approvals, [](const auto& entry) { return entry.second.empty(); });
  for (std::vector<RowChange>& unit : InUnits(std::move(rows))) context_.writer.Commit(std::move(unit));
}

std::vector<Starter::Asked> Starter::AskedBy(const KnownPlan& known) const {
  const Memory& memory = context_.memory;
  // R16: policies of both revisions judge; the stricter wins.
  static const PolicySet kNone;
  const PolicySet& accepted = memory.model ? memory.model->policies : kNone;
  const PolicySet& proposed = known.model ? known.model->policies : kNone;
  std::vector<Asked> asked;
  if (!accepted.AsksForApprovals() && !proposed.AsksForApprovals()) return asked;
  const PolicySet policies = known.model ? PolicySet::Stricter(accepted, proposed) : accepted;
  for (const Step& step : known.plan->steps) {
    const std::string address = step.address.ToString();
    Subject subject;
    const ModelResource* resource = known.model ? known.model->Find(address) : nullptr;
    if (resource == nullptr && memory.model) resource = memory.model->Find(address);
    if (resource != nullptr) {
      subject = SubjectOf(*resource);
    } else if (const Resource* held = memory.Find(address); held && held->record) {
      subject = SubjectOf(*held->record);
    } else {
      subject.kind = step.address.kind_name();
    }
    for (ApprovalRule& rule : policies.ApprovalsFor(subject, step.blast)) asked.push_back({&step, std::move(rule)});
  }
  return asked;
}

bool Starter::NeedsPerson(const KnownPlan& known) const {
  return std::any_of(known.plan->steps.begin(), known.plan->steps.end(),
                     [](const Step& step) { return step.blast == BlastClass::kRoleChange; }) ||
         !AskedBy(known).empty();
}

std::string Starter::Missing(const KnownPlan& known) const {
  const Memory& memory = context_.memory;
  std::set<std::string> principals;
  if (const auto found = memory.approvals.find(known.plan->hash); found != memory.approvals.end())
    for (const Approval& approval : found->second) principals.insert(approval.principal);
  for (const auto& [step, rule] : AskedBy(known)) {
    int64_t count = 0;
    for (const std::string& principal : principals) {
      if (rule.not_author && principal == known.author) continue;
      if (!rule.by.empty() && std::find(rule.by.begin(), rule.by.end(), principal) == rule.by.end()) continue;
      ++count;
    }
    if (count >= rule.count) continue;
    std::string who;
    for (const std::string& principal : rule.by) who += (who.empty() ? "" : " or ") + principal;
    return fmt::format("{} of {} ({}) needs {} approval{}{}{}", ActionName(step->action), step->address.ToString(),
                       BlastClassName(step->blast), rule.count, rule.count == 1 ? "" : "s",
                       who.empty() ? "" : " by " + who, rule.not_author ? ", the author's does not count" : "");
  }
  return principals.empty() ? "waits for approval" : "";
}

void Starter::Approve(const std::string& hash, const std::string& actor,
                      std::function<void(StartAnswer)> done) {
  IfItStands(hash, done, [this, hash, actor, done](KnownPlan& known) {
    AddApproval(hash, actor);
    const std::string missing = Missing(known);
    if (!missing.empty()) {
      known.pending = true;
      StorePlan(known);
      StartAnswer answer;
      answer.pending = true;
      answer.hash = hash;
      answer.message = missing;
      return done(std::move(answer));
    }
    Launch(known, actor, done);
  });
}

void Starter::StorePlan(KnownPlan& known) {
  if (known.stored) return;
  known.stored = true;
  if (known.model) StoreDocuments(known);
  context_.writer.CommitPieces([rows = std::make_shared<PlanRows>(known)] { return rows->Next(); });
}

void Starter::StoreDocuments(KnownPlan& known) {
  if (known.documents == nullptr)
    known.documents = DocumentRows(context_.memory.model.get(), context_.memory.documents.get(), *known.model,
                                   &known.document_rows);
  for (std::vector<RowChange>& unit : InUnits(std::exchange(known.document_rows, {})))
    context_.writer.Commit(std::move(unit));
}

void Starter::StoreRevision(KnownPlan& known, const std::string& actor) {
  Memory& memory = context_.memory;
  Revision revision;
  revision.number = known.plan->to;
  revision.digest = known.plan->proposed_digest;
  revision.created = context_.Now();
  revision.actor = actor;
  revision.accepted = true;
  StoreDocuments(known);
  revision.documents = static_cast<int64_t>(known.documents->size());
  Value pages;
  pages.Set("pages", PagesOf(*known.documents));
  context_.writer.Commit({{RevisionChunkKey(revision.number, 0), ToCanonicalJson(pages), true},
                          {RevisionKey(revision.number), ToRow(revision), true}});
  memory.revisions[revision.number] = revision;
}

// What the accepted model, which is new, may say something else of.
void Starter::ShowNew(const CompiledModel& model) {
  Memory& memory = context_.memory;
  const auto show = [&](const ModelResource& resource) {
    memory.At(resource.address);
    memory.Touch(resource.address.ToString());
  };
  if (model.fresh)
    for (const std::string& address : *model.fresh) show(model.resources.at(address));
  else
    for (const auto& [address, resource] : model.resources) show(resource);
  // It may take back what did not settle.
  for (const std::string& address : memory.unapplied)
    if (model.resources.count(address) > 0) context_.Wake(address, WorkQueue::Priority::kResync);
}

// What the accepted model changes and no step brings about is not healed towards, either (R1).
void Starter::LeaveUnapplied(const std::vector<std::string>& addresses) {
  std::vector<RowChange> rows;
  for (const std::string& address : addresses) {
    Resource* resource = context_.memory.Find(address);
    if (resource != nullptr && resource->record) context_.SetUnapplied(*resource, true, &rows);
    if (rows.size() == StoreWriter::kGroup) context_.writer.Commit(std::exchange(rows, {}));
  }
  if (!rows.empty()) context_.writer.Commit(std::move(rows));
}

// The order of deletions comes from the records. Where a document changes nothing but what it needs (what it
// needs was renamed, say) no step would write that down.
void Starter::KeepEdges(const Plan& plan) {
  Memory& memory = context_.memory;
  std::set<std::string> later(plan.not_applied.begin(), plan.not_applied.end());
  for (const Step& step : plan.steps) later.insert(step.address.ToString());
  std::vector<RowChange> rows;
  const auto keep = [&](const std::string& address, const ModelResource& resource) {
    Resource* held = memory.Find(address);
    if (held == nullptr || !held->record || later.count(address) > 0) return;
    std::vector<Interned> edges = StandsOn(memory, *held->record, resource.needs);
    if (edges == held->record->depends_on) return;
    held->record.Edit().depends_on = std::move(edges);
    memory.Changed(address);
    rows.push_back(Context::Put(*held->record));
    if (rows.size() == StoreWriter::kGroup) context_.writer.Commit(std::exchange(rows, {}));
  };
  const CompiledModel& model = *memory.model;
  if (model.fresh) {
    // No address went, so all others need what they did.
    std::set<std::string> some(model.fresh->begin(), model.fresh->end());
    some.insert(memory.unapplied.begin(), memory.unapplied.end());
    for (const std::string& address : some)
      if (const auto found = model.resources.find(address); found != model.resources.end())
        keep(address, found->second);
  } else {
    for (const auto& [address, resource] : model.resources) keep(address, resource);
  }
  if (!rows.empty()) context_.writer.Commit(std::move(rows));
}

// R1: a plan made against an older accepted revision names the run that overtook it.
std::string Starter::Overtaken(const Plan& plan) const {
  const Memory& memory = context_.memory;
  if (plan.from > memory.accepted)
    return fmt::format(
        "the plan was made against revision {}, and this daemon's accepted one is {}: plan again",
        plan.from, memory.accepted);
  std::string run = "another run";
  for (auto id = memory.run_order.rbegin(); id != memory.run_order.rend(); ++id)
    if (const Run& known = memory.runs.at(*id); known.mode != PlanMode::kHeal && known.to == memory.accepted)
      run = "run " + *id;
  return fmt::format(
      "the plan was made against revision {}; {} made revision {} accepted meanwhile: plan again",
      plan.from, run, memory.accepted);
}

void Starter::Launch(KnownPlan known, const std::string& actor,
                     std::function<void(StartAnswer)> done) {
  Memory& memory = context_.memory;
  const Plan& plan = *known.plan;
  if (context_.writer.lost() || !context_.writer.trouble().ok())
    return done(Refused(context_.writer.lost() ? Refusal::kInternal : Refusal::kResource,
                        fmt::format("the store cannot be written: {}; nothing was begun: apply "
                                    "again once it can be",
                                    context_.writer.trouble().message())));
  if (plan.from != memory.accepted)  // R1
    return done(Refused(Refusal::kBusy, Overtaken(plan)));
  if (!memory.uid.empty() && memory.accepted > 0 && plan.platform_uid != memory.uid)
    return done(Refused(Refusal::kConfiguration, "the plan is of another platform"));
  if (plan.mode == PlanMode::kHeal) {
    for (const Step& step : plan.steps)
      if (runner_.Busy(step.address.ToString()))
        return done(Refused(Refusal::kBusy, fmt::format("{} is being worked on",
                                                        step.address.ToString())));
  } else if (const RunWork* open = runner_.user_run(); open != nullptr) {
    const std::string id = open->run.id;
    if (!runner_.Supersede())
      return done(Refused(Refusal::kBusy, fmt::format("run {} is open: wait for it or cancel it", id)));
  }
  // Healing that is under way was decided on under what was accepted until now, or is of what this run changes (R1). What
  // has still drifted after it is decided on anew.
  if (plan.mode != PlanMode::kHeal) runner_.StopHeals();
  if (memory.uid.empty()) memory.uid = plan.platform_uid;
  if (known.model) memory.platform = known.model->platform;
  StorePlan(known);
  if (known.model && plan.to != memory.accepted) {
    StoreRevision(known, actor);
    memory.accepted = plan.to;
    memory.accepted_digest = plan.proposed_digest;
    memory.Accept(known.model);
    memory.documents = known.documents;
    memory.model_touched = true;
    ShowNew(*known.model);
    for (const Step& step : plan.steps) memory.Touch(step.address.ToString());
    LeaveUnapplied(plan.not_applied);
    planner_.KnowAccounts(*known.model, true);
  }
  // Also of what an earlier plan left out, because it could not be seen.
  if (memory.model && plan.mode != PlanMode::kHeal) KeepEdges(plan);
  if (memory.old_store && plan.mode != PlanMode::kHeal) {
    // R12: a person accepted a plan over what is live now.
    memory.old_store = false;
    memory.model_touched = true;
    context_.Emit(false, "OldStoreAccepted", "", "", actor, "a plan was accepted; healing goes on");
  }
  // An approval is for one run: a later plan with the same hash needs its own.
  for (const Approval& approval : memory.approvals[plan.hash])
    context_.writer.Commit({{ApprovalKey(approval.hash, approval.principal), std::nullopt}});
  memory.approvals.erase(plan.hash);
  // Plans against what was accepted before can never start.
  std::vector<std::string> overtaken;
  std::erase_if(memory.plans, [&](const auto& entry) {
    const bool goes = entry.second.plan->from != memory.accepted;
    if (goes && entry.second.stored && entry.first != plan.hash) overtaken.push_back(entry.first);
    return goes || entry.first == plan.hash;
  });
  for (const std::string& hash : overtaken) overtaken_(hash);
  auto waiting = std::make_shared<Waiting>();
  waiting->done = std::move(done);
  waiting_.push_back(waiting);
  waiting->answer.run = runner_.Start(known, actor, [this, waiting] {
    std::erase(waiting_, waiting);
    if (waiting->done) context_.AfterTurn([waiting] { waiting->done(waiting->answer); });
  });
  if (accepted_) accepted_();
}

void Starter::StoreTroubled(const Status& trouble) {
  for (const std::shared_ptr<Waiting>& waiting : std::exchange(waiting_, {})) {
    if (!waiting->done) continue;
    const std::function<void(StartAnswer)> done = std::exchange(waiting->done, nullptr);
    StartAnswer answer = Refused(
        Refusal::kResource, fmt::format("the store cannot be written: {}; nothing was called, and run {} "
                                        "begins by itself once it can be",
                                        trouble.message(), waiting->answer.run));
    answer.run = waiting->answer.run;
    done(std::move(answer));
  }
}

void Starter::StartHeal(KnownPlan known) {
  // Refused, for one, while the store does not write: the next look tries again.
  Launch(std::move(known), "tandem", [](StartAnswer) {});
}

void Starter::Offer(KnownPlan known) {
  const std::string hash = known.plan->hash;
  context_.memory.plans.insert_or_assign(hash, std::move(known));
  context_.memory.PlanMade(hash);
}

void Starter::Unprotect(const std::string& address, const std::string& actor,
                        std::function<void(StartAnswer)> done) {
  Memory& memory = context_.memory;
  const Resource* resource = memory.Find(address);
  if (resource == nullptr || !resource->record)
    return done(Refused(Refusal::kNotFound, fmt::format("nothing is recorded at '{}'", address)));
  if (!resource->record->protected_)
    return done(Refused(Refusal::kResource, fmt::format("{} is not protected", address)));
  auto plan = std::make_shared<Plan>();
  plan->platform = memory.platform;
  plan->platform_uid = memory.uid;
  plan->from = plan->to = memory.accepted;
  plan->created = context_.Now();
  plan->mode = PlanMode::kUnprotect;
  plan->accepted_digest = plan->proposed_digest = memory.accepted_digest;
  Step step;
  step.address = resource->address;
  step.account = resource->record->account;
  step.component = resource->record->component;
  step.site = resource->record->site;
  step.action = Action::kUpdate;
  step.blast = BlastClass::kGovernance;
  step.why = "lifts protection";
  step.base.identity = resource->record->identity;
  FieldChange change;
  change.path = FormatPath({{"tandem/protect", -1}});
  change.before = true;
  change.after = false;
  change.blast = BlastClass::kGovernance;
  step.changes.push_back(std::move(change));
  plan->steps.push_back(std::move(step));
  plan->needs_approval = {"lifting protection needs its own approval"};
  SealPlan(*plan);
  KnownPlan known;
  known.plan = plan;
  known.author = actor;
  known.pending = true;
  StorePlan(known);
  Offer(std::move(known));
  StartAnswer answer;
  answer.pending = true;
  answer.hash = plan->hash;
  answer.message = fmt::format("waits for approval: tandem approve {}", plan->hash);
  done(std::move(answer));
}

}  // namespace tandem
