#include "engine/memory.h"

#include <set>
#include <utility>

namespace tandem {

const Condition* Resource::Find(std::string_view type) const {
  for (const Condition& condition : conditions)
    if (condition.type == type) return &condition;
  return nullptr;
}

bool Resource::SetCondition(std::string_view type, ConditionStatus status, std::string reason,
                            std::string message, Time now) {
  Condition* found = nullptr;
  for (Condition& condition : conditions)
    if (condition.type == type) found = &condition;
  if (found == nullptr) {
    conditions.emplace_back();
    found = &conditions.back();
    found->type = type;
    found->last_transition = now;
  } else if (found->status == status && found->reason == reason && found->message == message) {
    return false;
  }
  if (found->status != status) found->last_transition = now;
  found->status = status;
  found->reason = std::move(reason);
  found->message = std::move(message);
  found->observed_generation = record ? record->generation : 0;
  return true;
}

Resource& Memory::At(const Address& address) {
  std::string key = address.ToString();
  Resource& resource = resources[key];
  if (resource.key.empty()) {
    resource.key = std::move(key);
    resource.address = address;
  }
  return resource;
}

Resource* Memory::Find(const std::string& key) {
  const auto found = resources.find(key);
  return found == resources.end() ? nullptr : &found->second;
}

const Resource* Memory::Find(const std::string& key) const {
  const auto found = resources.find(key);
  return found == resources.end() ? nullptr : &found->second;
}

std::string IdentityKey(const std::string& account, const KindName& kind,
                        const std::string& identity) {
  return account + "/" + kind.ToString() + "/" + identity;
}

std::string UnappliedKey(const std::string& address) { return "unapplied/" + address; }

std::string ForgottenKey(const std::string& identity_key) { return "forgotten/" + identity_key; }

void Memory::Index(const Record& record) {
  const std::string key = record.address.ToString();
  if (!record.identity.empty())
    by_identity[IdentityKey(record.account, record.address.kind_name(), record.identity)] = key;
  for (const Deposed& deposed : record.deposed)
    by_identity[IdentityKey(record.account, record.address.kind_name(), deposed.identity)] = key;
}

void Memory::Unindex(const Record& record) {
  const auto drop = [&](const std::string& identity) {
    const auto found =
        by_identity.find(IdentityKey(record.account, record.address.kind_name(), identity));
    if (found != by_identity.end() && found->second == record.address.ToString())
      by_identity.erase(found);
  };
  drop(record.identity);
  for (const Deposed& deposed : record.deposed) drop(deposed.identity);
}

namespace {

// A member's text, "" unless it is plain and known.
std::string PlainText(const Value& fields, const std::string& path) {
  const Value* value = path.empty() ? nullptr : fields.At(path);
  if (value == nullptr) return "";
  if (value->is_int()) return std::to_string(value->as_int());
  if (!value->is_string() || value->as_string().find("${") != std::string::npos) return "";
  return value->as_string();
}

}  // namespace

std::string ExpectedIdentity(const Kind& kind, const Address& address,
                             const std::string& external_name, const Value& fields) {
  const Value* compose = kind.body().At("identity.compose");
  if (compose != nullptr && compose->is_string()) {
    const std::string& form = compose->as_string();
    std::string identity;
    for (size_t at = 0; at < form.size();) {
      if (form[at] != '{') {
        identity += form[at++];
        continue;
      }
      const size_t close = form.find('}', at);
      if (close == std::string::npos) return "";
      const std::string member = form.substr(at + 1, close - at - 1);
      const std::string text = PlainText(fields, member);
      // An absent member stands for nothing; one that is not known yet makes the identity unknown.
      const Value* value = fields.At(member);
      if (text.empty() && value != nullptr && !value->is_null()) return "";
      identity += text;
      at = close + 1;
    }
    return identity;
  }
  if (!external_name.empty()) return external_name;
  if (!kind.named()) return "";
  for (const std::string& field : {kind.name_field(), kind.identity_field()}) {
    const Value* value = field.empty() ? nullptr : fields.At(field);
    if (value == nullptr || value->is_null()) continue;
    return PlainText(fields, field);
  }
  return address.ns.empty() ? address.name : address.ns + "/" + address.name;
}

namespace {

void EraseSecrets(const Kind& kind, Value& value, Path& path) {
  if (value.is_map()) {
    for (auto member = value.as_map().begin(); member != value.as_map().end();) {
      path.push_back({member->first, -1});
      if (kind.RuleFor(path).secret) {
        member = value.as_map().erase(member);
      } else {
        EraseSecrets(kind, member->second, path);
        ++member;
      }
      path.pop_back();
    }
  } else if (value.is_list()) {
    for (size_t i = 0; i < value.as_list().size(); ++i) {
      path.push_back({"", static_cast<int64_t>(i)});
      EraseSecrets(kind, value.as_list()[i], path);
      path.pop_back();
    }
  }
}

}  // namespace

Value StorableFields(const Kind& kind, const Value& fields, const Value* owned, bool whole) {
  if (!fields.is_map()) return Value(Map{});
  const bool any_secret = !kind.SecretPaths().empty();
  std::set<std::string, std::less<>> declared;
  for (const FieldRule& rule : kind.rules()) {
    const Path path = ParsePath(rule.path);
    if (!path.empty()) declared.insert(path[0].key);
    else declared.insert(rule.path.substr(0, rule.path.find_first_of(".[")));
  }
  const Path identity = ParsePath(kind.identity_field());
  if (!identity.empty()) declared.insert(identity[0].key);
  Map kept;
  for (const auto& [key, member] : fields.as_map()) {
    const bool ours = owned != nullptr && owned->Find(key) != nullptr;
    if (whole || ours || declared.count(key) > 0) kept.emplace(key, member);
  }
  Value result(std::move(kept));
  if (any_secret) {
    Path path;
    EraseSecrets(kind, result, path);
  }
  return result;
}

}  // namespace tandem
