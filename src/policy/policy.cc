#include "tandem/policy/policy.h"

#include <algorithm>
#include <utility>

#include "tandem/codec/json.h"

namespace tandem {
namespace {

// Stricter is what keeps more in tandem's and a person's hands.
int Strictness(FieldPolicy policy) {
  switch (policy) {
    case FieldPolicy::kEnforce:
      return 3;
    case FieldPolicy::kObserve:
      return 2;
    case FieldPolicy::kIgnore:
      return 1;
    case FieldPolicy::kInitialOnly:
      return 0;
  }
  return 3;
}

int Strictness(DriftAction action) {
  switch (action) {
    case DriftAction::kApprove:
      return 3;
    case DriftAction::kReport:
      return 2;
    case DriftAction::kIgnore:
      return 1;
    case DriftAction::kHeal:
      return 0;
  }
  return 3;
}

template <typename T>
T StricterOf(T a, T b) {
  return Strictness(a) >= Strictness(b) ? a : b;
}

bool Holds(const std::vector<std::string>& list, const std::string& item) {
  return list.empty() || std::find(list.begin(), list.end(), item) != list.end();
}

bool MatchesKind(const std::string& pattern, const KindName& kind) {
  if (pattern.size() > 2 && pattern.compare(pattern.size() - 2, 2, "/*") == 0)
    return kind.group.size() + 2 == pattern.size() &&
           pattern.compare(0, kind.group.size(), kind.group) == 0;
  return pattern == kind.ToString();
}

/// `pattern` is the path itself or one of its parents; "[]" in it stands for one step of a list, an
/// index or the key of a keyed one.
bool MatchesPath(const std::string& pattern, const std::string& path) {
  if (path.compare(0, pattern.size(), pattern) == 0)
    return path.size() == pattern.size() || path[pattern.size()] == '.' ||
           path[pattern.size()] == '[';
  if (pattern.find("[]") == std::string::npos) return false;
  std::string indexed;
  std::vector<size_t> any;  // steps of the pattern that stand for any
  std::string plain;
  for (size_t at = 0; at < pattern.size();) {
    if (pattern.compare(at, 2, "[]") == 0) {
      plain += "[0]";
      any.push_back(ParsePath(plain).size() - 1);
      at += 2;
    } else {
      plain += pattern[at++];
    }
  }
  const Path wanted = ParsePath(plain);
  const Path steps = ParsePath(path);
  if (wanted.empty() || wanted.size() > steps.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i)
    if (std::find(any.begin(), any.end(), i) == any.end() && !(wanted[i] == steps[i])) return false;
  return true;
}

Value Texts(const std::vector<std::string>& texts) { return List(texts.begin(), texts.end()); }

Value ToValue(const Policy& policy) {
  Map labels;
  for (const auto& [key, label] : policy.selector.labels) labels[key] = label;
  List fields;
  for (const auto& [path, field] : policy.fields)
    fields.push_back(List{path, static_cast<int64_t>(field)});
  Map drift;
  for (const auto& [blast, action] : policy.drift)
    drift[std::string(BlastClassName(blast))] = static_cast<int64_t>(action);
  List approvals;
  for (const ApprovalRule& rule : policy.approvals) {
    List classes;
    for (const BlastClass blast : rule.classes) classes.push_back(BlastClassName(blast));
    approvals.push_back(Map{{"classes", std::move(classes)},
                            {"count", rule.count},
                            {"by", Texts(rule.by)},
                            {"notAuthor", rule.not_author}});
  }
  return Map{{"name", policy.name},
             {"sites", Texts(policy.selector.sites)},
             {"kinds", Texts(policy.selector.kinds)},
             {"components", Texts(policy.selector.components)},
             {"labels", std::move(labels)},
             {"fields", std::move(fields)},
             {"drift", std::move(drift)},
             {"approvals", std::move(approvals)},
             {"count", policy.budget_count ? Value(*policy.budget_count) : Value()},
             {"percent", policy.budget_percent ? Value(*policy.budget_percent) : Value()}};
}

}  // namespace

bool Selects(const PolicySelector& selector, const Subject& subject) {
  if (!Holds(selector.sites, subject.site) || !Holds(selector.components, subject.component))
    return false;
  if (!selector.kinds.empty() &&
      std::none_of(selector.kinds.begin(), selector.kinds.end(),
                   [&](const std::string& kind) { return MatchesKind(kind, subject.kind); }))
    return false;
  return std::all_of(selector.labels.begin(), selector.labels.end(), [&](const auto& label) {
    const auto found = subject.labels.find(label.first);
    return found != subject.labels.end() && found->second == label.second;
  });
}

PolicySet::PolicySet(std::vector<Policy> policies) : policies_(std::move(policies)) {
  List values;
  for (const Policy& policy : policies_) values.push_back(ToValue(policy));
  std::sort(values.begin(), values.end(),
            [](const Value& a, const Value& b) { return ToCanonicalJson(a) < ToCanonicalJson(b); });
  digest_ = DigestOf(values);
}

FieldPolicy PolicySet::FieldFor(const Subject& subject, const std::string& path) const {
  if (!sides_.empty())
    return StricterOf(sides_[0].FieldFor(subject, path), sides_[1].FieldFor(subject, path));
  std::optional<FieldPolicy> strictest;
  for (const Policy& policy : policies_) {
    if (policy.fields.empty() || !Selects(policy.selector, subject)) continue;
    // Within one policy the nearest path speaks: a rule for a member overrides that of its parent.
    const std::pair<std::string, FieldPolicy>* nearest = nullptr;
    for (const auto& field : policy.fields)
      if (MatchesPath(field.first, path) &&
          (nearest == nullptr || field.first.size() > nearest->first.size() ||
           (field.first.size() == nearest->first.size() &&
            Strictness(field.second) > Strictness(nearest->second))))
        nearest = &field;
    if (nearest != nullptr && (!strictest || Strictness(nearest->second) > Strictness(*strictest)))
      strictest = nearest->second;
  }
  return strictest.value_or(FieldPolicy::kEnforce);
}

DriftAction PolicySet::DriftFor(const Subject& subject, BlastClass blast) const {
  if (!sides_.empty())
    return StricterOf(sides_[0].DriftFor(subject, blast), sides_[1].DriftFor(subject, blast));
  std::optional<DriftAction> strictest;
  for (const Policy& policy : policies_) {
    const auto found = policy.drift.find(blast);
    if (found == policy.drift.end() || !Selects(policy.selector, subject)) continue;
    if (!strictest || Strictness(found->second) > Strictness(*strictest)) strictest = found->second;
  }
  if (strictest) return *strictest;
  // R7. Re-creation of what is missing is `create`; that of protected kinds is data-loss.
  return blast == BlastClass::kSafe || blast == BlastClass::kCreate ? DriftAction::kHeal
                                                                    : DriftAction::kApprove;
}

bool PolicySet::AsksForApprovals() const {
  return std::any_of(sides_.begin(), sides_.end(), [](const PolicySet& side) { return side.AsksForApprovals(); }) ||
         std::any_of(policies_.begin(), policies_.end(), [](const Policy& policy) { return !policy.approvals.empty(); });
}

std::vector<ApprovalRule> PolicySet::ApprovalsFor(const Subject& subject, BlastClass blast) const {
  std::vector<ApprovalRule> rules;
  if (!sides_.empty()) {
    rules = sides_[0].ApprovalsFor(subject, blast);
    for (ApprovalRule& rule : sides_[1].ApprovalsFor(subject, blast))
      if (std::find(rules.begin(), rules.end(), rule) == rules.end())
        rules.push_back(std::move(rule));
    return rules;
  }
  for (const Policy& policy : policies_) {
    if (!Selects(policy.selector, subject)) continue;
    for (const ApprovalRule& rule : policy.approvals)
      if (std::find(rule.classes.begin(), rule.classes.end(), blast) != rule.classes.end())
        rules.push_back(rule);
  }
  return rules;
}

int64_t PolicySet::DeleteBudget(int64_t recorded) const {
  if (!sides_.empty())
    return std::min(sides_[0].DeleteBudget(recorded), sides_[1].DeleteBudget(recorded));
  const auto share = [&](int64_t percent) { return recorded * percent / 100; };
  std::optional<int64_t> strictest;
  for (const Policy& policy : policies_) {
    std::optional<int64_t> allowed;
    if (policy.budget_count) allowed = *policy.budget_count;
    if (policy.budget_percent)
      allowed = std::max(allowed.value_or(0), share(*policy.budget_percent));
    if (allowed) strictest = std::min(strictest.value_or(*allowed), *allowed);
  }
  const int64_t budget = strictest.value_or(std::max<int64_t>(5, share(10)));
  return std::min(budget, std::max<int64_t>(0, recorded - 1));
}

PolicySet PolicySet::Stricter(const PolicySet& a, const PolicySet& b) {
  if (a.digest_ == b.digest_) return a;
  PolicySet result;
  result.policies_ = a.policies_;
  result.policies_.insert(result.policies_.end(), b.policies_.begin(), b.policies_.end());
  result.sides_ = {a, b};
  result.digest_ = DigestOf(List{a.digest_, b.digest_});
  return result;
}

}  // namespace tandem
