// What one resource needs by itself: create, update, replace, adopt, move, delete, forget, or
// nothing.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "plan/changes.h"
#include "plan/draft.h"
#include "plan/old_addresses.h"
#include "plan/stood_on.h"
#include "tandem/codec/json.h"
#include "tandem/graph/graph.h"
#include "tandem/schema/identity.h"

namespace tandem::plan {
namespace {

enum class Mark { kOurs, kNone, kForeign };

template <typename T>
T* Find(const std::map<Interned, T*, std::less<>>& map, std::string_view key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

class Decider {
 public:
  Decider(const PlanInput& input, const PolicySet& policies, Decisions& decisions,
          Findings& findings)
      : input_(input), policies_(policies), out_(decisions), findings_(findings) {}

  void Run() {
    for (const PlannedResource& resource : input_.resources) {
      const Interned& address = resource.address.text();
      if (!out_.resources.emplace(address, &resource).second)
        Refuse(PlanRefusal::kConfiguration, address, "the address is given twice", "",
               resource.range);
    }
    for (const auto& [address, resource] : out_.resources)
      old_addresses_.Add(input_.records, address, *resource);
    GraphBuilder builder;
    for (const auto& [address, resource] : out_.resources) builder.Node(address);
    for (const auto& [address, resource] : out_.resources)
      for (const Interned& need : resource->needs)
        if (out_.resources.count(need) != 0)
          builder.Edge(builder.Node(address), builder.Node(need));
    const Graph graph = std::move(builder).Build();
    targeted_ = Targeted(input_, graph, findings_);
    const std::vector<NodeId> order = graph.Order();
    if (order.size() != graph.size())
      Refuse(PlanRefusal::kConfiguration, "", "resources need each other in a circle",
             graph.TellCycle(graph.FindCycle()));
    do {
      DecideAll(graph, order);
    } while (findings_.refusal == PlanRefusal::kNone && HoldsMore());
    KeepWhatIsStoodOn(input_, out_);
    RefuseTakeovers(input_, out_, findings_);
  }

 private:
  void DecideAll(const Graph& graph, const std::vector<NodeId>& order) {
    for (const NodeId node : order) {
      const Interned& address = graph.Name(node);
      const PlannedResource& resource = *out_.resources.at(address);
      if (Targets(address))
        DecideResource(address, resource);
      else if (resource.changed)
        out_.not_applied.insert(address);
    }
    for (const auto& [address, record] : input_.records)
      if (out_.resources.count(address) == 0 && !TakenOver(address) && Targets(address))
        DecideGone(address, *record);
  }

  bool Targets(const std::string& address) const {
    return input_.targets.empty() || targeted_.count(address) != 0;
  }

  /// True if more is held than was, and all is to be decided anew.
  bool HoldsMore() {
    if (!HoldWhatIsStoodOn(input_, out_, old_addresses_, targeted_, held_)) return false;
    Decisions fresh;
    fresh.resources = std::move(out_.resources);
    fresh.unchanged = input_.quiet;
    fresh.kinds = input_.quiet_kinds;
    out_ = std::move(fresh);
    before_ = DecidedBefore();
    return true;
  }

  void Refuse(PlanRefusal why, const std::string& address, std::string summary,
              std::string detail = "", SourceRange range = {}) {
    findings_.Refuse(why, address, std::move(summary), std::move(detail), std::move(range));
  }

  Mark MarkOf(const std::string& address, const PlannedResource* resource, const Kind* kind,
              const Observation& seen) const {
    if (kind != nullptr && !kind->can_mark()) return Mark::kOurs;
    if (seen.mark_address.empty()) return Mark::kNone;
    if (seen.mark_address == address) return Mark::kOurs;
    if (resource != nullptr && seen.mark_address == old_addresses_.Of(address)) return Mark::kOurs;
    return Mark::kForeign;
  }

  void DecideResource(const Interned& address, const PlannedResource& r) {
    out_.kinds[r.kind->name().ToString()] = r.kind->digest();
    for (const Interned& need : r.needs)
      if (out_.unobserved.count(need) != 0) return out_.LeaveOut(address);
    const Record* record = Find(input_.records, address);
    const Observation* seen = Find(input_.observations, address);
    bool moves = false;
    if (const std::string& old = old_addresses_.Of(address); record == nullptr && !old.empty()) {
      record = FindMoved(input_, out_, address, old, findings_);
      moves = record != nullptr;
      if (moves && (seen == nullptr || !seen->exists))
        seen = Find(input_.observations, old);
    }
    if (seen == nullptr && !r.provisional) return out_.LeaveOut(address);
    const bool exists = seen != nullptr && seen->exists;
    if (r.paused || (record != nullptr && !record->paused_by.empty())) {
      out_.notes.insert(fmt::format("{} is paused and left as it is", address));
      if (!exists) return out_.LeaveOut(address);
      ++out_.unchanged;
      return;
    }
    if (r.manage == "observe" && record == nullptr) {
      if (exists) {
        ++out_.unchanged;
        return;
      }
      out_.notes.insert(fmt::format("{} is only observed, and is not there", address));
      return out_.LeaveOut(address);
    }

    const size_t said = out_.notes.size() + findings_.problems.items().size();
    auto evaluated = input_.desired_of(address, before_);
    if (!evaluated.ok()) {
      if (evaluated.status().code() == Code::kUnavailable) {
        out_.notes.insert(address + ": " + evaluated.status().message());
        return out_.LeaveOut(address);
      }
      return Refuse(PlanRefusal::kConfiguration, address, evaluated.status().message(), "",
                    r.range);
    }

    Draft draft;
    draft.key = draft.address = address;
    draft.resource = &r;
    draft.record = record;
    draft.kind = r.kind;
    draft.step.address = r.address;
    draft.step.account = r.account;
    draft.step.component = r.component;
    draft.step.site = r.site;
    draft.step.provisional = r.provisional;

    // Most resources ask for what was sent before: writing is cheaper than reading.
    const std::string desired_json = ToCanonicalJson(evaluated->desired);
    const bool as_recorded = record != nullptr && desired_json == record->recorded.json();
    const Value recorded = as_recorded || record == nullptr || record->recorded.empty()
                               ? Value()
                               : record->recorded.Unpack();
    const Value observed =
        exists ? (seen->fields.empty() ? Value(Map()) : seen->fields.Unpack()) : Value();
    const Value* recorded_form = as_recorded          ? &evaluated->desired
                                 : recorded.is_null() ? nullptr
                                                      : &recorded;
    const ResourceDiff diff =
        Differ(draft, evaluated->desired, recorded_form, exists ? &observed : nullptr);
    draft.step.changes = diff.changes;

    if (!exists) {
      if (record == nullptr)
        draft.identity = ExpectedIdentity(*r.kind, r.address, r.external_name, evaluated->desired);
      DecideMissing(draft);
    } else if (record != nullptr && input_.newer.count(address) != 0) {
      DecideNewer(draft, *seen);
    } else if (record == nullptr) {
      DecideUnknown(draft, *seen);
    } else {
      const bool kept = DecideKnown(draft, *seen, *evaluated, moves);
      if (!kept) {
        ++out_.unchanged;
        if (!record->settled.empty() && desired_json != record->settled.json())
          before_.as_settled.insert(address);
        if (input_.tell_quiet && as_recorded && !moves && record->deposed.empty() &&
            said == out_.notes.size() + findings_.problems.items().size() && IsQuiet(*evaluated))
          out_.quiet.push_back(address);
        DropDeposed(draft);
        return;
      }
    }
    if (const auto held = held_.find(address);
        held != held_.end() && draft.step.action == Action::kReplace) {
      out_.replaced.erase(address);
      out_.notes.insert(fmt::format("{} is not replaced: {}", address, held->second));
      return out_.LeaveOut(address);
    }
    if (draft.step.action == Action::kCreate || draft.step.action == Action::kReplace)
      before_.becoming_unknown.insert(address);
    draft.step.base = MakeBase(*r.kind, &evaluated->desired, recorded_form, seen,
                               std::move(evaluated->references));
    DropDeposed(draft);
    out_.drafts.emplace(draft.key, std::move(draft));
  }

  /// What is recorded stands for the desired form, and no secret can have changed behind it. (JSON tells no
  /// integral double from an integer.)
  static bool IsQuiet(const EvaluatedResource& evaluated) {
    if (HasDouble(evaluated.desired) || evaluated.desired.HasSensitive()) return false;
    return std::none_of(evaluated.references.begin(), evaluated.references.end(), [](const auto& each) {
      return each.second.HasUnknown() || each.second.HasSensitive();
    });
  }

  static bool HasDouble(const Value& value) {
    if (value.is_map())
      return std::any_of(value.as_map().begin(), value.as_map().end(),
                         [](const auto& member) { return HasDouble(member.second); });
    if (value.is_list())
      return std::any_of(value.as_list().begin(), value.as_list().end(), HasDouble);
    return value.is_double();
  }

  ResourceDiff Differ(const Draft& draft, const Value& desired, const Value* recorded,
                      const Value* observed) const {
    const Subject subject = SubjectOf(draft);
    const std::string& manage = draft.resource->manage;
    DiffInput input;
    input.kind = draft.kind.get();
    input.desired = manage == "observe" ? nullptr : &desired;
    input.recorded = recorded;
    input.observed = observed;
    input.kind_changed =
        draft.record != nullptr && draft.record->kind_digest != draft.kind->digest();
    // Delegated: made and deleted here, kept by somebody else.
    input.policy = [&](const std::string& path) {
      return manage == "delegate" ? FieldPolicy::kInitialOnly : policies_.FieldFor(subject, path);
    };
    return Compare(input);
  }

  void DecideMissing(Draft& draft) {
    Step& step = draft.step;
    step.action = Action::kCreate;
    step.blast = BlastClass::kCreate;
    step.why = "is new in the model";
    if (draft.record == nullptr) return;
    step.why = "was deleted outside";
    if (!draft.record->protected_) return;
    // R7: an empty object in place of a lost store is no repair.
    step.blast = BlastClass::kDataLoss;
    step.why = "was deleted outside, and is protected: consider restoring or adopting one first";
    out_.needs_approval.insert(
        fmt::format("{} would be made again, empty: restore or adopt it instead?", draft.address));
  }

  /// Live, but not in the store (R12).
  void DecideUnknown(Draft& draft, const Observation& seen) {
    Step& step = draft.step;
    const PlannedResource& r = *draft.resource;
    step.action = Action::kAdopt;
    const bool ours =
        r.kind->can_mark() && !seen.mark_address.empty() && seen.mark_address == draft.address;
    if (MarkOf(draft.address, &r, r.kind.get(), seen) == Mark::kForeign)
      return Refuse(PlanRefusal::kResource, draft.address,
                    fmt::format("{} exists and is marked as {}", seen.identity, seen.mark_address),
                    "it belongs to another address or platform", r.range);
    if (!ours && r.adopt.empty())
      return Refuse(PlanRefusal::kResource, draft.address,
                    fmt::format("{} exists already and is not tandem's", seen.identity),
                    "take it over with the annotation tandem/adopt: if-identical or and-update, or "
                    "choose another name",
                    r.range);
    if (r.adopt == "if-identical" || !ours) {
      // No answer holds these: they can be neither alike nor different.
      if (r.adopt == "if-identical")
        std::erase_if(step.changes, [&](const FieldChange& change) {
          return change.sensitive || r.kind->RuleFor(ParsePath(change.path)).write_only;
        });
      if (r.adopt == "if-identical" && !step.changes.empty())
        return Refuse(PlanRefusal::kResource, draft.address,
                      fmt::format("{} is not identical: {} differ{}", seen.identity, Paths(step),
                                  step.changes.size() == 1 ? "s" : ""),
                      "change the document, or write tandem/adopt: and-update", r.range);
    }
    if (Replaces(step))
      return Refuse(PlanRefusal::kResource, draft.address,
                    fmt::format("{} cannot be adopted: {} cannot be changed in place",
                                seen.identity, Paths(step, true)),
                    "", r.range);
    step.blast = step.changes.empty() ? BlastClass::kSafe : WorstOf(step);
    step.why = ours ? "carries this platform's mark, but the store does not know it"
                    : "is taken over as the document asks";
    if (ours)
      out_.needs_approval.insert(fmt::format(
          "{} is marked as ours and not in the store: the store may be old", draft.address));
    if (!ours && !step.changes.empty())
      out_.needs_approval.insert(fmt::format("{} is adopted and changed", draft.address));
  }

  /// What the store knows is gone, and a newer object of ours has its place: the store is old (R12).
  void DecideNewer(Draft& draft, const Observation& seen) {
    Step& step = draft.step;
    const std::string& recorded = draft.record->identity;
    AddRecordChanges(draft);
    if (Replaces(step))
      return Refuse(PlanRefusal::kResource, draft.address,
                    fmt::format("{} is gone, and {}, which carries its mark, cannot be adopted: {} "
                                "cannot be changed in place",
                                recorded, seen.identity, Paths(step, true)),
                    "the store may be old: put a newer one back, or write the document as the object is",
                    draft.resource->range);
    step.action = Action::kAdopt;
    step.blast = step.changes.empty() ? BlastClass::kSafe : WorstOf(step);
    step.why = fmt::format("{} is gone; {} carries its mark, and the store does not know it", recorded,
                           seen.identity);
    out_.needs_approval.insert(fmt::format(
        "{} is marked as ours and not in the store: the store may be old", seen.identity));
  }

  /// In the store and live. False: nothing to do.
  bool DecideKnown(Draft& draft, const Observation& seen, const EvaluatedResource& evaluated,
                   bool moves) {
    Step& step = draft.step;
    const PlannedResource& r = *draft.resource;
    const Mark mark = MarkOf(draft.address, &r, r.kind.get(), seen);
    if (mark == Mark::kForeign) {
      Refuse(PlanRefusal::kResource, draft.address,
             fmt::format("{} is marked as {}", seen.identity, seen.mark_address),
             "somebody else took it over", r.range);
      return false;
    }
    AddImmutableReferences(draft, evaluated);
    AddRecordChanges(draft);
    if (mark == Mark::kNone && r.manage != "observe") {
      if (!r.adopt.empty() && !Replaces(step)) {
        step.action = Action::kAdopt;
        step.blast = step.changes.empty() ? BlastClass::kSafe : WorstOf(step);
        step.why = "lost its mark and is taken over again";
        return true;
      }
      if (!step.changes.empty()) {
        Refuse(PlanRefusal::kResource, draft.address,
               fmt::format("{} carries no mark any more", seen.identity),
               "put the mark back, or write tandem/adopt: if-identical or and-update", r.range);
        return false;
      }
      out_.notes.insert(fmt::format("{}: {} carries no mark", draft.address, seen.identity));
    }
    if (moves) {
      step.action = Action::kMoved;
      step.moved_from = draft.record->address;
      step.blast = step.changes.empty() ? BlastClass::kSafe : WorstOf(step);
      step.why = fmt::format("was {}", draft.record->address.ToString());
      if (!Replaces(step)) return true;
      Refuse(PlanRefusal::kResource, draft.address,
             fmt::format("it cannot move and be replaced at once: {}", Paths(step, true)), "",
             r.range);
      return false;
    }
    if (step.changes.empty()) return false;
    step.why = Because(step);
    step.action = Action::kUpdate;
    step.blast = WorstOf(step);
    if (!Replaces(step)) return true;
    step.action = Action::kReplace;
    step.order = OrderOf(draft, evaluated.desired, seen);
    step.blast = BlastClass::kReplace;
    out_.replaced.insert(draft.address);
    const std::string parent = ReplacedNeed(r, evaluated);
    if (!parent.empty()) out_.because_of[draft.address] = parent;
    step.why = parent.empty() ? fmt::format("{} cannot be changed in place", Paths(step, true))
                              : fmt::format("{} is replaced", parent);
    return true;
  }

  /// R13: an immutable reference to what is replaced replaces too, even if the name that it holds
  /// stays.
  void AddImmutableReferences(Draft& draft, const EvaluatedResource& evaluated) {
    if (Replaces(draft.step)) return;
    for (const std::string& need : draft.resource->needs) {
      if (out_.replaced.count(need) == 0 || !Refers(evaluated, need)) continue;
      const KindName kind = out_.resources.at(need)->address.kind_name();
      for (const FieldRule& rule : draft.kind->rules()) {
        if (!rule.replace || !rule.ref || *rule.ref != kind) continue;
        const Path path = ParsePath(rule.path);
        const Value* value = path.empty() ? nullptr : FindAt(evaluated.desired, path);
        if (value == nullptr || value->is_null()) continue;
        FieldChange change;
        change.path = rule.path;
        change.before = change.after = *value;
        change.unknown = value->HasUnknown();
        change.sensitive = value->HasSensitive();
        change.replaces = true;
        change.reason = ChangeReason::kReference;
        change.blast = BlastClass::kReplace;
        InsertChange(draft.step, std::move(change));
      }
    }
  }

  static bool Refers(const EvaluatedResource& evaluated, const std::string& address) {
    const auto found = evaluated.references.lower_bound(address + ".");
    return found != evaluated.references.end() && found->first.rfind(address + ".", 0) == 0;
  }

  std::string ReplacedNeed(const PlannedResource& r, const EvaluatedResource& evaluated) const {
    std::string first;
    for (const Interned& need : r.needs)
      if (out_.replaced.count(need) != 0 && Refers(evaluated, need) &&
          (first.empty() || need < first))
        first = need;
    return first;
  }

  /// What changes in the record alone: these are governance (R7).
  void AddRecordChanges(Draft& draft) {
    const PlannedResource& r = *draft.resource;
    const Record& record = *draft.record;
    const std::string policy = !r.deletion_policy.empty() ? r.deletion_policy
                               : record.adopted           ? "retain"
                                                          : "delete";
    AddRecordChange(draft.step, "tandem/manage", record.manage, r.manage);
    AddRecordChange(draft.step, "tandem/deletion-policy", record.deletion_policy, policy);
    if (r.protect) AddRecordChange(draft.step, "tandem/protect", record.protected_, *r.protect);
  }

  /// R13: create-first needs a name that may differ.
  ReplaceOrder OrderOf(const Draft& draft, const Value& desired, const Observation& seen) const {
    const Kind& kind = *draft.kind;
    if (!kind.create_first()) return ReplaceOrder::kDestroyFirst;
    if (!kind.named()) return ReplaceOrder::kCreateFirst;
    const std::string& field = kind.name_field();
    const Value* wanted = field.empty() ? nullptr : desired.At(field);
    const bool renamed =
        wanted != nullptr && wanted->is_string() && wanted->as_string() != seen.identity;
    return renamed ? ReplaceOrder::kCreateFirst : ReplaceOrder::kDestroyFirst;
  }

  /// Identities that an earlier create-first replace left behind (R13).
  void DropDeposed(const Draft& current) {
    if (current.record == nullptr) return;
    for (const Deposed& deposed : current.record->deposed) {
      Draft draft;
      draft.key = DeposedKey(current.address, deposed.identity);
      draft.address = current.address;
      draft.resource = current.resource;
      draft.record = current.record;
      draft.kind = current.kind;
      draft.step.address = current.step.address;
      draft.step.account = current.record->account;
      draft.step.component = current.record->component;
      draft.step.site = current.record->site;
      draft.step.action = Action::kDelete;
      draft.step.blast = BlastClass::kDestroy;
      draft.step.why = fmt::format("{} was replaced and is left over", deposed.identity);
      draft.step.base.identity = deposed.identity;
      draft.step.base.mark_address = current.address;
      if (!deposed.fields.empty()) draft.step.base.fields = deposed.fields.Unpack();
      draft.after.insert(current.key);
      out_.drafts.emplace(draft.key, std::move(draft));
    }
  }

  /// Its object goes on under another address. One that is gone does not: a new one is made there, and this
  /// record is closed.
  bool TakenOver(const std::string& old) const {
    if (!old_addresses_.Left(old)) return false;
    const Observation* seen = Find(input_.observations, old);
    if (seen == nullptr || seen->exists) return true;
    const auto made = out_.drafts.find(old_addresses_.To(old));
    return made == out_.drafts.end() || made->second.step.action != Action::kCreate;
  }

  /// The document is gone.
  void DecideGone(const Interned& address, const Record& record) {
    Draft draft;
    draft.key = draft.address = address;
    draft.record = &record;
    draft.kind = input_.kind_of ? input_.kind_of(record.address.kind_name()) : nullptr;
    Step& step = draft.step;
    step.address = record.address;
    step.account = record.account;
    step.component = record.component;
    step.site = record.site;
    if (draft.kind != nullptr) out_.kinds[draft.kind->name().ToString()] = draft.kind->digest();
    if (!record.paused_by.empty()) {
      out_.notes.insert(fmt::format("{} is paused and left as it is", address));
      return;
    }
    const bool kept = record.manage == "observe" || record.deletion_policy == "retain";
    const Observation* seen = Find(input_.observations, address);
    if (seen == nullptr && !kept) return out_.LeaveOut(address);
    const Value recorded = record.recorded.empty() ? Value() : record.recorded.Unpack();
    if (draft.kind != nullptr)
      step.base = MakeBase(*draft.kind, nullptr, &recorded, seen, {});
    else if (seen != nullptr && seen->exists)
      step.base = {seen->identity, seen->mark_address, Map(), {}};
    if (kept || !seen->exists) {
      step.action = Action::kForget;
      step.blast = BlastClass::kSafe;
      step.why = record.manage == "observe" ? "is in the model no more, and was only observed"
                 : record.deletion_policy == "retain" && (seen == nullptr || seen->exists)
                     ? "is in the model no more; the object is retained"
                     : "is in the model no more, and is gone already";
    } else {
      const Mark mark = MarkOf(address, nullptr, draft.kind.get(), *seen);
      if (mark != Mark::kOurs)
        return Refuse(PlanRefusal::kResource, address,
                      mark == Mark::kNone
                          ? fmt::format("{} would be deleted, but carries no mark", seen->identity)
                          : fmt::format("{} would be deleted, but is marked as {}", seen->identity,
                                        seen->mark_address),
                      "write tandem/deletion-policy: retain before the document is removed");
      step.action = Action::kDelete;
      step.blast = BlastClass::kDestroy;
      step.why = "is in the model no more";
    }
    DropDeposed(draft);
    out_.drafts.emplace(draft.key, std::move(draft));
  }

  const PlanInput& input_;
  const PolicySet& policies_;
  Decisions& out_;
  Findings& findings_;
  OldAddresses old_addresses_;
  DecidedBefore before_;
  Held held_;
  std::set<std::string> targeted_;
};

}  // namespace

void Decide(const PlanInput& input, const PolicySet& policies, Decisions& decisions,
            Findings& findings) {
  Decider(input, policies, decisions, findings).Run();
}

}  // namespace tandem::plan
