#include "engine/sight/masks.h"

#include <map>
#include <set>
#include <string>

#include "tandem/base/hash.h"
#include "tandem/compile/compile.h"

namespace tandem {
namespace {

class Masking {
 public:
  Masking(const Kind& kind, std::string_view key) : kind_(kind), key_(key) {}

  void Learn(const Value& form) {
    Path path;
    Learn(form, path);
  }
  bool knows_any() const { return !secrets_.empty(); }

  void Mask(Value& value) {
    Path path;
    Mask(value, path);
  }

 private:
  // "Variables[].Value": lists may have come back in another order.
  static std::string PatternOf(const Path& path) {
    std::string pattern;
    for (const PathStep& step : path) {
      pattern += step.index >= 0 ? "[]" : "." + step.key;
    }
    return pattern;
  }

  void Learn(const Value& form, Path& path) {
    if (form.is_sensitive()) {
      const Sensitive& secret = form.as_sensitive();
      if (!secret.digest.empty()) by_digest_.emplace(secret.digest, secret);
      secrets_.emplace(PatternOf(path), secret);
    } else if (form.is_map()) {
      for (const auto& [key, member] : form.as_map()) {
        path.push_back({key, -1});
        Learn(member, path);
        path.pop_back();
      }
    } else if (form.is_list()) {
      for (size_t i = 0; i < form.as_list().size(); ++i) {
        path.push_back({"", static_cast<int64_t>(i)});
        Learn(form.as_list()[i], path);
        path.pop_back();
      }
    } else if (form.is_string() && !path.empty()) {
      for (const PathStep& step : path)
        if (step.index >= 0) {
          plain_.insert({PatternOf(path), form.as_string()});
          break;
        }
    }
  }

  void Mask(Value& value, Path& path) {
    if (value.is_map()) {
      for (auto& [key, member] : value.edit_map()) {
        path.push_back({key, -1});
        Mask(member, path);
        path.pop_back();
      }
      return;
    }
    if (value.is_list()) {
      for (size_t i = 0; i < value.as_list().size(); ++i) {
        path.push_back({"", static_cast<int64_t>(i)});
        Mask(value.edit_list()[i], path);
        path.pop_back();
      }
      return;
    }
    if (value.is_null() || value.is_sensitive() || value.is_unknown()) return;
    const std::string pattern = PatternOf(path);
    const auto here = secrets_.find(pattern);
    if (here == secrets_.end() && !value.is_string()) return;
    const std::string text = value.is_string() ? value.as_string() : std::string();
    const std::string digest = "hmac:" + Hex(HmacSha256(key_, text)).substr(0, 32);
    if (const auto sent = by_digest_.find(digest); sent != by_digest_.end()) {
      // The same secret may stand at several paths under several recipes.
      value = here != secrets_.end() && here->second.digest == digest ? here->second : sent->second;
      return;
    }
    if (here == secrets_.end()) return;
    // Another entry of the list, which is no secret.
    if (plain_.count({pattern, text}) > 0) return;
    if (kind_.RuleFor(path).compare != CompareMode::kExact) {
      value = here->second;
      return;
    }
    value = Sensitive{{}, digest, ""};
  }

  const Kind& kind_;
  std::string_view key_;
  std::map<std::string, Sensitive> by_digest_;
  std::map<std::string, Sensitive> secrets_;             // by pattern; the first one there
  std::set<std::pair<std::string, std::string>> plain_;  // pattern and text, in lists
};

}  // namespace

Value MaskSecrets(const Kind& kind, Value fields, const std::vector<const Value*>& forms,
                  std::string_view key) {
  Masking masking(kind, key);
  for (const Value* form : forms)
    if (form != nullptr && form->HasSensitive()) masking.Learn(*form);
  if (masking.knows_any()) masking.Mask(fields);
  return fields;
}

Value MaskedFields(const Context& context, const Resource& resource, const Kind& kind,
                   const Packed& fields) {
  if (fields.empty()) return Value(Map{});
  Value found = fields.Unpack();
  const std::string& key = context.ports.secret_key;
  if (resource.record) {
    const auto unpack = [](const Packed& packed) { return packed.empty() ? Value() : packed.Unpack(); };
    const Value settled = unpack(resource.record->settled);
    const Value recorded = unpack(resource.record->recorded);
    return MaskSecrets(kind, std::move(found), {&recorded, &settled}, key);
  }
  const CompiledModel* model = context.memory.model.get();
  const ModelResource* wanted = model == nullptr ? nullptr : model->Find(resource.key());
  if (wanted == nullptr) return found;
  const Result<Value> desired = EvaluateSpec(
      *model, *wanted, [](const std::string& address, const Path& path) -> Result<Value> {
        return Value(Unknown{Type::kAny, address + "." + FormatPath(path)});
      });
  if (!desired.ok()) return found;
  return MaskSecrets(kind, std::move(found), {&*desired}, key);
}

}  // namespace tandem
