// A Kind made in a few lines, for tests of what stands on kinds. Header-only; links nothing but
// schema's names.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tandem/codec/json.h"
#include "tandem/schema/kind.h"

namespace tandem::testing_support {

class FakeKind final : public Kind {
 public:
  explicit FakeKind(std::string name) {
    const size_t slash = name.find('/');
    name_ = {name.substr(0, slash), name.substr(slash + 1)};
    digest_ = "sha256:" + name;
  }

  FakeKind& With(FieldRule rule) {
    rules_.push_back(std::move(rule));
    return *this;
  }

  // Set before use.
  bool is_protected = false;
  bool makes_first = false;
  bool is_named = false;
  bool marks = true;
  std::string digest_;
  std::vector<KindName> cascades_;

  const KindName& name() const override { return name_; }
  int64_t version() const override { return 1; }
  const std::string& digest() const override { return digest_; }
  const Value& body() const override { return body_; }

  FieldRule RuleFor(const Path& path) const override {
    FieldRule found;
    std::string pattern;
    for (size_t i = 0; i < path.size(); ++i) {
      pattern = path[i].index >= 0 ? pattern + "[]" : JoinPath(pattern, path[i].key);
      for (const FieldRule& rule : rules_) {
        if (rule.path != pattern) continue;
        if (i + 1 == path.size()) {
          const FieldRule parents = found;
          found = rule;
          Inherit(parents, found);
        } else {
          Inherit(rule, found);
        }
      }
    }
    return found;
  }
  const std::vector<FieldRule>& rules() const override { return rules_; }

  char create_class() const override { return is_named ? 'C' : 'B'; }
  const std::string& identity_field() const override { return identity_; }
  bool named() const override { return is_named; }
  const std::string& name_field() const override { return empty_; }
  bool can_mark() const override { return marks; }
  bool lists() const override { return true; }
  bool list_names_only() const override { return false; }
  const std::string& parent_field() const override { return empty_; }
  std::optional<KindName> parent_kind() const override { return std::nullopt; }
  Duration consistency() const override { return Duration(0); }
  Duration timeout() const override { return std::chrono::minutes(10); }
  const std::string& bucket() const override { return empty_; }
  bool protected_by_default() const override { return is_protected; }
  bool create_first() const override { return makes_first; }
  const std::vector<KindName>& cascades() const override { return cascades_; }

  std::vector<CallRule> CreateCalls(const Value&) const override { return {{"create", {}, {}}}; }
  std::vector<CallRule> UpdateCalls(const std::vector<std::string>& changed) const override {
    return {{"update:all", changed, {}}};
  }
  CallRule DeleteCall() const override { return {"delete", {}, {}}; }
  void Validate(const Document&, const Value&, Diagnostics&) const override {}
  std::optional<Type> TypeOf(const Path&) const override { return Type::kAny; }
  Result<std::string> Explain(std::string_view) const override { return std::string(); }

  Value Canonical(const Value& fields) const override {
    Value result = fields;
    for (const FieldRule& rule : rules_)
      if (rule.compare != CompareMode::kExact) Canonicalize(result, rule.path, rule.compare);
    return result;
  }

 private:
  static void Inherit(const FieldRule& parent, FieldRule& child) {
    child.replace |= parent.replace;
    child.computed |= parent.computed;
    child.secret |= parent.secret;
    child.opaque |= parent.opaque;
    child.write_only |= parent.write_only;
  }

  static void Canonicalize(Value& root, const std::string& path, CompareMode mode) {
    const Value* found = root.At(path);
    if (found == nullptr) return;
    Value value = *found;
    if (mode == CompareMode::kSet && value.is_list()) {
      std::sort(value.edit_list().begin(), value.edit_list().end(), [](const Value& a, const Value& b) {
        return ToCanonicalJson(a) < ToCanonicalJson(b);
      });
    } else if (mode == CompareMode::kJson && value.is_string()) {
      if (auto parsed = ParseJson(value.as_string()); parsed.ok()) value = ToCanonicalJson(*parsed);
    } else if ((mode == CompareMode::kCaseless || mode == CompareMode::kDomain) &&
               value.is_string()) {
      std::string text = value.as_string();
      std::transform(text.begin(), text.end(), text.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      value = text;
    }
    SetAt(root, ParsePath(path), std::move(value));
  }

  KindName name_;
  Value body_ = Map();
  std::string identity_ = "Id";
  std::string empty_;
  std::vector<FieldRule> rules_;
};

}  // namespace tandem::testing_support
