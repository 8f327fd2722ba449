// A plan as JSON (FORMATS.md, "Plan") and the hash of it.
#include <algorithm>
#include <functional>
#include <utility>

#include "tandem/base/hash.h"
#include "tandem/codec/json.h"
#include "tandem/plan/plan.h"

namespace tandem {
namespace {

constexpr std::string_view kFormat = "tandem.plan/1";
constexpr std::string_view kSteps = "steps";
constexpr size_t kPieceBytes = 64 << 10;

constexpr std::pair<Action, std::string_view> kActions[] = {
    {Action::kCreate, "create"}, {Action::kUpdate, "update"}, {Action::kReplace, "replace"},
    {Action::kDelete, "delete"}, {Action::kAdopt, "adopt"},   {Action::kForget, "forget"},
    {Action::kMoved, "moved"}};

constexpr std::pair<ChangeReason, std::string_view> kReasons[] = {
    {ChangeReason::kModel, "model"},
    {ChangeReason::kDrift, "drift"},
    {ChangeReason::kUnset, "unset"},
    {ChangeReason::kKind, "kind"},
    {ChangeReason::kReference, "reference"}};

constexpr std::pair<std::string_view, int64_t PlanCounts::*> kCounts[] = {
    {"create", &PlanCounts::create},      {"update", &PlanCounts::update},
    {"replace", &PlanCounts::replace},    {"delete", &PlanCounts::destroy},
    {"adopt", &PlanCounts::adopt},        {"forget", &PlanCounts::forget},
    {"moved", &PlanCounts::moved},        {"deferred", &PlanCounts::deferred},
    {"unchanged", &PlanCounts::unchanged}};

Value Texts(const std::vector<std::string>& texts) { return List(texts.begin(), texts.end()); }

Value ToValue(const FieldChange& change) {
  Value value = Map{{"path", change.path},
                    {"before", change.before},
                    {"after", change.after},
                    {"unknown", change.unknown},
                    {"sensitive", change.sensitive},
                    {"replaces", change.replaces},
                    {"why", ChangeReasonName(change.reason)},
                    {"class", BlastClassName(change.blast)}};
  if (!change.unset.empty()) value.Set("unset", change.unset);
  return value;
}

Value ToValue(const Step& step) {
  List after;
  for (const int64_t id : step.after) after.push_back(id);
  List changes;
  changes.reserve(step.changes.size());
  for (const FieldChange& change : step.changes) changes.push_back(ToValue(change));
  // Not as one initializer list: that would copy every tree in it.
  Map base;
  base.emplace("identity", step.base.identity);
  base.emplace("mark", step.base.mark_address);
  base.emplace("fields", step.base.fields);
  base.emplace("references", Map(step.base.references.begin(), step.base.references.end()));
  Value value;
  value.Set("id", step.id);
  value.Set("address", step.address.ToString());
  value.Set("account", step.account);
  value.Set("component", step.component.empty() ? Value() : Value(step.component));
  value.Set("site", step.site.empty() ? Value() : Value(step.site));
  value.Set("stage", step.stage);
  value.Set("action", ActionName(step.action));
  value.Set("order", step.order == ReplaceOrder::kNone           ? Value()
                     : step.order == ReplaceOrder::kDestroyFirst ? Value("destroy-first")
                                                                 : Value("create-first"));
  value.Set("class", BlastClassName(step.blast));
  value.Set("after", std::move(after));
  value.Set("why", step.why);
  value.Set("changes", std::move(changes));
  value.Set("provisional", step.provisional);
  value.Set("base", std::move(base));
  if (step.action == Action::kMoved) value.Set("movedFrom", step.moved_from.ToString());
  return value;
}

/// Everything but the hash, the time and the steps.
Value Head(const Plan& plan) {
  Map kinds(plan.kinds.begin(), plan.kinds.end());
  Map counts;
  for (const auto& [name, member] : kCounts) counts.emplace(name, plan.counts.*member);
  return Map{{"format", kFormat},
             {"platform", plan.platform},
             {"platformUid", plan.platform_uid},
             {"from", plan.from},
             {"to", plan.to},
             {"mode", PlanModeName(plan.mode)},
             {"acceptedDigest", plan.accepted_digest},
             {"proposedDigest", plan.proposed_digest},
             {"kinds", std::move(kinds)},
             {"policiesDigest", plan.policies_digest},
             {"deleteBudget", plan.delete_budget ? Value(*plan.delete_budget) : Value()},
             {"unobserved", Texts(plan.unobserved)},
             {"notApplied", Texts(plan.not_applied)},
             {"notes", Texts(plan.notes)},
             {"needsApproval", Texts(plan.needs_approval)},
             {"counts", std::move(counts)}};
}

/// Everything but the steps.
Value SealedHead(const Plan& plan) {
  Value head = Head(plan);
  head.Set("hash", plan.hash);
  head.Set("created", FormatTime(plan.created, true));
  return head;
}

/// Of everything but the hash and the time.
std::string DigestOfContent(const Plan& plan) {
  PlanJson json(plan, /*sealed=*/false);
  Sha256Stream digest;
  for (std::string piece; json.Next(kPieceBytes, &piece); piece.clear()) digest.Add(piece);
  return "sha256:" + Hex(digest.Finish());
}

void Count(Plan& plan) {
  const int64_t unchanged = plan.counts.unchanged;
  const int64_t deferred = plan.counts.deferred;
  plan.counts = {};
  plan.counts.unchanged = unchanged;
  plan.counts.deferred = deferred;
  for (const Step& step : plan.steps) {
    const bool part = step.order == ReplaceOrder::kDestroyFirst;
    switch (step.action) {
      case Action::kCreate:
        plan.counts.create += part ? 0 : 1;
        break;  // the delete part counted
      case Action::kDelete:
        (part ? plan.counts.replace : plan.counts.destroy) += 1;
        break;
      case Action::kUpdate:
        ++plan.counts.update;
        break;
      case Action::kReplace:
        ++plan.counts.replace;
        break;
      case Action::kAdopt:
        ++plan.counts.adopt;
        break;
      case Action::kForget:
        ++plan.counts.forget;
        break;
      case Action::kMoved:
        ++plan.counts.moved;
        break;
    }
  }
}

/// Reads members; after the first that is missing or of another type everything else is skipped.
class Reader {
 public:
  const Value* Member(const Value& object, std::string_view key) {
    const Value* found = object.Find(key);
    if (found == nullptr) Fail(key);
    return found;
  }
  void Take(const Value& object, std::string_view key, std::string& out) {
    const Value* v = Member(object, key);
    if (v == nullptr) return;
    if (v->is_string())
      out = v->as_string();
    else if (!v->is_null())
      Fail(key);
  }
  void Take(const Value& object, std::string_view key, Interned& out) {
    std::string text;
    Take(object, key, text);
    out = text;
  }
  void Take(const Value& object, std::string_view key, int64_t& out) {
    const Value* v = Member(object, key);
    if (v == nullptr) return;
    if (v->is_int())
      out = v->as_int();
    else
      Fail(key);
  }
  void Take(const Value& object, std::string_view key, bool& out) {
    const Value* v = Member(object, key);
    if (v == nullptr) return;
    if (v->is_bool())
      out = v->as_bool();
    else
      Fail(key);
  }
  void Take(const Value& object, std::string_view key, std::vector<std::string>& out) {
    Each(object, key, [&](const Value& item) {
      if (item.is_string())
        out.push_back(item.as_string());
      else
        Fail(key);
    });
  }
  void Each(const Value& object, std::string_view key,
            const std::function<void(const Value&)>& take) {
    const Value* v = Member(object, key);
    if (v == nullptr) return;
    if (!v->is_list()) return Fail(key);
    for (const Value& item : v->as_list()) take(item);
  }
  const Map& Object(const Value& object, std::string_view key) {
    static const Map kEmpty;
    const Value* v = Member(object, key);
    if (v == nullptr || !v->is_map()) {
      Fail(key);
      return kEmpty;
    }
    return v->as_map();
  }
  void TakeAddress(const Value& object, std::string_view key, Address& out) {
    std::string text;
    Take(object, key, text);
    auto parsed = Address::Parse(text);
    if (!parsed.ok()) return Fail(key);
    out = std::move(*parsed);
  }
  template <typename E, size_t N>
  void TakeWord(const Value& object, std::string_view key,
                const std::pair<E, std::string_view> (&words)[N], E& out) {
    std::string text;
    Take(object, key, text);
    for (const auto& [meaning, word] : words) {
      if (word != text) continue;
      out = meaning;
      return;
    }
    Fail(key);
  }
  void TakeClass(const Value& object, BlastClass& out) {
    std::string text;
    Take(object, "class", text);
    const auto blast = ParseBlastClass(text);
    if (!blast) return Fail("class");
    out = *blast;
  }
  void TakeMode(const Value& object, PlanMode& out) {
    std::string text;
    Take(object, "mode", text);
    const auto mode = ParsePlanMode(text);
    if (!mode) return Fail("mode");
    out = *mode;
  }
  void Fail(std::string_view key) {
    if (status_.ok())
      status_ = InvalidArgument("this is no plan: '" + std::string(key) + "' is missing or wrong");
  }
  const Status& status() const { return status_; }

 private:
  Status status_;
};

FieldChange ReadChange(Reader& reader, const Value& value) {
  FieldChange change;
  reader.Take(value, "path", change.path);
  if (const Value* before = reader.Member(value, "before")) change.before = *before;
  if (const Value* after = reader.Member(value, "after")) change.after = *after;
  reader.Take(value, "unknown", change.unknown);
  reader.Take(value, "sensitive", change.sensitive);
  reader.Take(value, "replaces", change.replaces);
  reader.TakeWord(value, "why", kReasons, change.reason);
  reader.TakeClass(value, change.blast);
  change.unset = value.StringOr("unset", "");
  return change;
}

Step ReadStep(Reader& reader, const Value& value) {
  Step step;
  reader.Take(value, "id", step.id);
  reader.TakeAddress(value, "address", step.address);
  reader.Take(value, "account", step.account);
  reader.Take(value, "component", step.component);
  reader.Take(value, "site", step.site);
  reader.Take(value, "stage", step.stage);
  reader.TakeWord(value, "action", kActions, step.action);
  std::string order;
  reader.Take(value, "order", order);
  step.order = order == "destroy-first"  ? ReplaceOrder::kDestroyFirst
               : order == "create-first" ? ReplaceOrder::kCreateFirst
                                         : ReplaceOrder::kNone;
  reader.TakeClass(value, step.blast);
  reader.Each(value, "after", [&](const Value& id) {
    if (id.is_int())
      step.after.push_back(id.as_int());
    else
      reader.Fail("after");
  });
  reader.Take(value, "why", step.why);
  reader.Each(value, "changes",
              [&](const Value& change) { step.changes.push_back(ReadChange(reader, change)); });
  reader.Take(value, "provisional", step.provisional);
  if (const Value* base = reader.Member(value, "base")) {
    reader.Take(*base, "identity", step.base.identity);
    reader.Take(*base, "mark", step.base.mark_address);
    if (const Value* fields = reader.Member(*base, "fields")) step.base.fields = *fields;
    for (const auto& [name, reference] : reader.Object(*base, "references"))
      step.base.references.emplace(name, reference);
  }
  if (step.action == Action::kMoved) reader.TakeAddress(value, "movedFrom", step.moved_from);
  return step;
}

}  // namespace

std::string_view ActionName(Action action) {
  for (const auto& [known, name] : kActions)
    if (known == action) return name;
  return "update";
}

void SealPlan(Plan& plan) {
  std::map<int64_t, int64_t> ids;
  int64_t next = 0;
  for (const Step& step : plan.steps) ids[step.id] = ++next;
  next = 0;
  for (CopyOnWrite<Step>& sealed : plan.steps) {
    Step& step = sealed.Edit();
    step.id = ++next;
    for (int64_t& before : step.after)
      if (const auto found = ids.find(before); found != ids.end()) before = found->second;
    std::sort(step.after.begin(), step.after.end());
  }
  Count(plan);
  plan.hash = DigestOfContent(plan);
}

PlanJson::PlanJson(const Plan& plan, bool sealed) : plan_(plan) {
  const Value head = sealed ? SealedHead(plan) : Head(plan);
  Map first;
  Map last;
  for (const auto& [key, value] : head.as_map()) (key < kSteps ? first : last).emplace(key, value);
  before_ = ToCanonicalJson(Value(std::move(first)));
  before_.back() = ',';
  before_ += "\"" + std::string(kSteps) + "\":[";
  after_ = ToCanonicalJson(Value(std::move(last)));
  after_.front() = ',';
  after_ = "]" + after_;
}

bool PlanJson::Next(size_t bytes, std::string* out) {
  if (before_.empty() && after_.empty()) return false;
  const size_t enough = out->size() + bytes;
  out->append(std::exchange(before_, ""));
  while (next_ < plan_.steps.size() && out->size() < enough) {
    if (next_ > 0) *out += ',';
    *out += ToCanonicalJson(ToValue(*plan_.steps[next_++]));
  }
  if (next_ == plan_.steps.size()) out->append(std::exchange(after_, ""));
  return true;
}

Value PlanToValue(const Plan& plan) {
  List steps;
  steps.reserve(plan.steps.size());
  for (const Step& step : plan.steps) steps.push_back(ToValue(step));
  Value value = SealedHead(plan);
  value.Set(kSteps, std::move(steps));
  return value;
}

Result<Plan> PlanFromValue(const Value& value) {
  if (value.StringOr("format", "") != kFormat)
    return InvalidArgument("this is no plan of the format tandem.plan/1");
  Reader reader;
  Plan plan;
  reader.Take(value, "hash", plan.hash);
  reader.Take(value, "platform", plan.platform);
  reader.Take(value, "platformUid", plan.platform_uid);
  reader.Take(value, "from", plan.from);
  reader.Take(value, "to", plan.to);
  std::string created;
  reader.Take(value, "created", created);
  if (const auto time = ParseTime(created); time.ok())
    plan.created = *time;
  else
    reader.Fail("created");
  reader.TakeMode(value, plan.mode);
  reader.Take(value, "acceptedDigest", plan.accepted_digest);
  reader.Take(value, "proposedDigest", plan.proposed_digest);
  for (const auto& [kind, digest] : reader.Object(value, "kinds")) {
    if (digest.is_string())
      plan.kinds.emplace(kind, digest.as_string());
    else
      reader.Fail("kinds");
  }
  reader.Take(value, "policiesDigest", plan.policies_digest);
  if (const Value* budget = reader.Member(value, "deleteBudget");
      budget != nullptr && !budget->is_null()) {
    plan.delete_budget.emplace();
    reader.Take(value, "deleteBudget", *plan.delete_budget);
  }
  reader.Each(value, "steps",
              [&](const Value& step) { plan.steps.push_back(ReadStep(reader, step)); });
  reader.Take(value, "unobserved", plan.unobserved);
  reader.Take(value, "notApplied", plan.not_applied);
  reader.Take(value, "notes", plan.notes);
  reader.Take(value, "needsApproval", plan.needs_approval);
  const Value counts = reader.Object(value, "counts");
  for (const auto& [name, member] : kCounts) reader.Take(counts, name, plan.counts.*member);
  if (!reader.status().ok()) return reader.status();

  // Also refuses members that were added: what is read back must be all there was.
  Value content = value;
  content.edit_map().erase("hash");
  content.edit_map().erase("created");
  if (DigestOf(content) != plan.hash || DigestOfContent(plan) != plan.hash)
    return InvalidArgument(
        "its hash does not fit its content: it was changed after it was made");
  return plan;
}

}  // namespace tandem
