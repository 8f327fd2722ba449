// A `kind: Policy` document as a Policy, with everything that is wrong in it.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "tandem/base/spelling.h"
#include "tandem/policy/policy.h"

namespace tandem {
namespace {

template <typename T>
using Words = std::vector<std::pair<std::string_view, T>>;

const Words<FieldPolicy>& FieldPolicies() {
  static const Words<FieldPolicy> kWords = {{"enforce", FieldPolicy::kEnforce},
                                            {"observe", FieldPolicy::kObserve},
                                            {"ignore", FieldPolicy::kIgnore},
                                            {"initial-only", FieldPolicy::kInitialOnly}};
  return kWords;
}

const Words<DriftAction>& DriftActions() {
  static const Words<DriftAction> kWords = {{"heal", DriftAction::kHeal},
                                            {"approve", DriftAction::kApprove},
                                            {"report", DriftAction::kReport},
                                            {"ignore", DriftAction::kIgnore}};
  return kWords;
}

const Words<BlastClass>& BlastClasses() {
  static const Words<BlastClass> kWords = [] {
    Words<BlastClass> words;
    for (const BlastClass blast :
         {BlastClass::kRoleChange, BlastClass::kDestroy, BlastClass::kReplace,
          BlastClass::kDataLoss, BlastClass::kGovernance, BlastClass::kDisruptive,
          BlastClass::kCreate, BlastClass::kSafe})
      words.emplace_back(BlastClassName(blast), blast);
    return words;
  }();
  return kWords;
}

class Reader {
 public:
  Reader(const Document& document, Diagnostics& found) : document_(document), found_(found) {}

  Policy Read() {
    Policy policy;
    policy.name = document_.name;
    const Value* spec = document_.body.Find("spec");
    if (spec == nullptr || spec->is_null()) {
      Error("", "a Policy needs a spec", "");
      return policy;
    }
    Members("spec", *spec,
            {{"selector",
              [&](const auto& path, const Value& v) { Selector(path, v, policy.selector); }},
             {"fields", [&](const auto& path, const Value& v) { FieldRules(path, v, policy); }},
             {"drift", [&](const auto& path, const Value& v) { Drift(path, v, policy); }},
             {"approvals", [&](const auto& path, const Value& v) { Approvals(path, v, policy); }},
             {"deleteBudget", [&](const auto& path, const Value& v) { Budget(path, v, policy); }}});
    return policy;
  }

 private:
  using Take = std::function<void(const std::string& path, const Value& value)>;

  void Error(const std::string& path, std::string summary, std::string detail,
             bool of_key = false) {
    found_.Error(document_.RangeOf(path, of_key), std::move(summary), std::move(detail),
                 document_.address().ToString());
  }

  /// Null counts as not written.
  void Members(const std::string& path, const Value& value,
               const std::vector<std::pair<std::string, Take>>& known) {
    if (!value.is_map()) return Expected(path, "an object", value);
    for (const auto& [name, member] : value.as_map()) {
      const std::string& key = name;
      const auto found = std::find_if(known.begin(), known.end(),
                                      [&](const auto& take) { return take.first == key; });
      if (found == known.end()) {
        std::vector<std::string> names;
        for (const auto& take : known) names.push_back(take.first);
        Error(JoinPath(path, key), fmt::format("unknown field '{}'", key), DidYouMean(key, names),
              true);
      } else if (!member.is_null()) {
        found->second(JoinPath(path, key), member);
      }
    }
  }

  void Each(const std::string& path, const Value& value, const Take& take) {
    if (!value.is_list()) return Expected(path, "a list", value);
    for (size_t i = 0; i < value.as_list().size(); ++i)
      take(JoinPath(path, static_cast<int64_t>(i)), value.as_list()[i]);
  }

  void Expected(const std::string& path, std::string_view what, const Value& value) {
    Error(path, fmt::format("expected {}, not {}", what, TypeName(value.type())), "");
  }

  static std::string DidYouMean(const std::string& word, const std::vector<std::string>& known) {
    const std::string near = NearestWord(word, known);
    if (!near.empty()) return fmt::format("did you mean '{}'?", near);
    std::string all;
    for (const std::string& name : known) all += (all.empty() ? "" : ", ") + name;
    return "known here: " + all;
  }

  std::optional<std::string> Text(const std::string& path, const Value& value) {
    if (value.is_string() && !value.as_string().empty()) return value.as_string();
    if (value.is_string()) {
      Error(path, "expected a text that is not empty", "");
    } else {
      Expected(path, "a string", value);
    }
    return std::nullopt;
  }

  template <typename T>
  std::optional<T> Word(const std::string& path, const Value& value, std::string_view what,
                        const Words<T>& words, bool of_key = false) {
    const auto text = Text(path, value);
    if (!text) return std::nullopt;
    std::vector<std::string> names;
    for (const auto& [name, meaning] : words) {
      if (name == *text) return meaning;
      names.emplace_back(name);
    }
    Error(path, fmt::format("'{}' is no {}", *text, what), DidYouMean(*text, names), of_key);
    return std::nullopt;
  }

  std::optional<int64_t> Number(const std::string& path, const Value& value, int64_t least,
                                int64_t most) {
    if (!value.is_int()) {
      Expected(path, "an integer", value);
      return std::nullopt;
    }
    if (value.as_int() < least || value.as_int() > most) {
      Error(path, fmt::format("{} is outside {} to {}", value.as_int(), least, most), "");
      return std::nullopt;
    }
    return value.as_int();
  }

  Take Texts(std::vector<std::string>& out) {
    return [this, &out](const std::string& path, const Value& value) {
      Each(path, value, [&](const std::string& at, const Value& item) {
        if (auto text = Text(at, item)) out.push_back(*text);
      });
    };
  }

  void Selector(const std::string& path, const Value& value, PolicySelector& selector) {
    Members(path, value,
            {{"sites", Texts(selector.sites)},
             {"kinds",
              [&](const auto& at, const Value& v) {
                Each(at, v, [&](const std::string& item, const Value& kind) {
                  const auto text = Text(item, kind);
                  if (!text) return;
                  const size_t slash = text->find('/');
                  if (slash == 0 || slash == std::string::npos || slash + 1 == text->size() ||
                      text->find('/', slash + 1) != std::string::npos)
                    return Error(item, fmt::format("'{}' is no kind", *text),
                                 "write group/Kind, or group/* for every kind of a group");
                  selector.kinds.push_back(*text);
                });
              }},
             {"components", Texts(selector.components)},
             {"labels", [&](const auto& at, const Value& v) {
                if (!v.is_map()) return Expected(at, "an object", v);
                for (const auto& [key, label] : v.as_map())
                  if (const auto text = Text(JoinPath(at, key), label))
                    selector.labels[key] = *text;
              }}});
  }

  void FieldRules(const std::string& path, const Value& value, Policy& policy) {
    Each(path, value, [&](const std::string& at, const Value& item) {
      std::string field;
      std::optional<FieldPolicy> word;
      Members(at, item,
              {{"path",
                [&](const auto& where, const Value& v) {
                  const auto text = Text(where, v);
                  if (!text) return;
                  // Placeholders for any index are no part of a path's grammar.
                  std::string plain = *text;
                  for (size_t any; (any = plain.find("[]")) != std::string::npos;)
                    plain.replace(any, 2, "[0]");
                  const Path parsed = ParsePath(plain);
                  if (parsed.size() < 2 || parsed[0].key != "spec")
                    return Error(where, fmt::format("'{}' is no path of a field", *text),
                                 "a path begins with 'spec.', for instance spec.Tags[].Value");
                  field = text->substr(text->size() > 4 && (*text)[4] == '.' ? 5 : 4);
                }},
               {"policy", [&](const auto& where, const Value& v) {
                  word = Word(where, v, "field policy", FieldPolicies());
                }}});
      if (!item.is_map()) return;
      if (Missing(item, "path")) Error(at, "a field policy needs a path", "");
      if (Missing(item, "policy")) Error(at, "a field policy needs a policy", "");
      if (!field.empty() && word) policy.fields.emplace_back(field, *word);
    });
  }

  static bool Missing(const Value& object, std::string_view key) {
    const Value* member = object.Find(key);
    return member == nullptr || member->is_null();
  }

  void Drift(const std::string& path, const Value& value, Policy& policy) {
    if (!value.is_map()) return Expected(path, "an object", value);
    for (const auto& [key, word] : value.as_map()) {
      const std::string at = JoinPath(path, key);
      const auto blast = Word(at, Value(key), "class of change", BlastClasses(), true);
      const auto action = Word(at, word, "answer to drift", DriftActions());
      if (!blast || !action) continue;
      if (*action == DriftAction::kHeal && *blast <= BlastClass::kDataLoss) {
        Error(at, fmt::format("'{}' never heals unattended", key),
              "write approve, report or ignore");
        continue;
      }
      policy.drift[*blast] = *action;
    }
  }

  void Approvals(const std::string& path, const Value& value, Policy& policy) {
    Each(path, value, [&](const std::string& at, const Value& item) {
      ApprovalRule rule;
      Members(
          at, item,
          {{"classes",
            [&](const auto& where, const Value& v) {
              Each(where, v, [&](const std::string& one, const Value& word) {
                if (const auto blast = Word(one, word, "class of change", BlastClasses()))
                  rule.classes.push_back(*blast);
              });
            }},
           {"count", [&](const auto& where,
                         const Value& v) { rule.count = Number(where, v, 1, 100).value_or(1); }},
           {"by", Texts(rule.by)},
           {"notAuthor", [&](const auto& where, const Value& v) {
              if (!v.is_bool()) return Expected(where, "a bool", v);
              rule.not_author = v.as_bool();
            }}});
      if (!item.is_map()) return;
      if (Missing(item, "classes")) Error(at, "an approval rule needs classes", "");
      if (!rule.by.empty() && rule.count > static_cast<int64_t>(rule.by.size()))
        Error(at,
              fmt::format("{} approvals are asked for, but only {} may give one", rule.count,
                          rule.by.size()),
              "raise the number of principals or lower the count");
      std::sort(rule.classes.begin(), rule.classes.end());
      policy.approvals.push_back(std::move(rule));
    });
  }

  void Budget(const std::string& path, const Value& value, Policy& policy) {
    Members(
        path, value,
        {{"count", [&](const auto& at,
                       const Value& v) { policy.budget_count = Number(at, v, 0, 1'000'000'000); }},
         {"percent",
          [&](const auto& at, const Value& v) { policy.budget_percent = Number(at, v, 0, 100); }}});
  }

  const Document& document_;
  Diagnostics& found_;
};

}  // namespace

Policy ReadPolicy(const Document& document, Diagnostics& found) {
  return Reader(document, found).Read();
}

}  // namespace tandem
