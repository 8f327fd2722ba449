#include "tandem/schema/identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "tandem/schema/calls.h"

namespace tandem {
namespace {

// A member's text, "" unless it is plain and known.
std::string PlainText(const Value& fields, const std::string& path) {
  const Value* value = path.empty() ? nullptr : fields.At(path);
  if (value == nullptr) return "";
  if (value->is_int()) return std::to_string(value->as_int());
  if (!value->is_string() || value->as_string().find("${") != std::string::npos) return "";
  return value->as_string();
}

bool IsHome(const FieldRule& rule) {
  return rule.replace && rule.ref && rule.path.find_first_of(".[") == std::string::npos;
}

}  // namespace

bool SharesNames(const Kind& kind) {
  const Value* form = kind.body().At("identity.kind");
  return form != nullptr && *form == Value("assigned") && !kind.name_field().empty() && kind.create_class() != 'C';
}

std::string ExpectedIdentity(const Kind& kind, const Address& address,
                             const std::string& external_name, const Value& fields) {
  const Value* compose = kind.body().At("identity.compose");
  if (compose != nullptr && compose->is_string()) {
    // An absent member stands for nothing; one that is not known yet makes the identity unknown.
    const std::string& form = compose->as_string();
    for (size_t at = form.find('{'); at != std::string::npos; at = form.find('{', at + 1)) {
      const std::string member = form.substr(at + 1, form.find('}', at) - at - 1);
      const Value* value = fields.At(member);
      if (value != nullptr && !value->is_null() && PlainText(fields, member).empty()) return "";
    }
    const Result<std::string> identity = IdentityOf(kind, fields);
    return identity.ok() ? *identity : "";
  }
  const Value* form = kind.body().At("identity.kind");
  const bool assigned = form != nullptr && *form == Value("assigned");
  // The name of such an object is not where it is found.
  if (assigned && (external_name.empty() || !kind.name_field().empty())) return "";
  if (!external_name.empty()) return external_name;
  return ExpectedName(kind, address, external_name, fields);
}

bool NamedByExpression(const Kind& kind, const Value& fields) {
  if (kind.body().At("identity.compose") != nullptr) return true;  // its members may have names from elsewhere
  for (const std::string& field : {kind.name_field(), kind.identity_field()}) {
    const Value* value = field.empty() ? nullptr : fields.At(field);
    if (value != nullptr && value->is_string() && value->as_string().find("${") != std::string::npos) return true;
  }
  return false;
}

std::string ExpectedName(const Kind& kind, const Address& address, const std::string& external_name,
                         const Value& fields) {
  if (kind.body().At("identity.compose") != nullptr)
    return ExpectedIdentity(kind, address, external_name, fields);
  if (!external_name.empty()) return external_name;
  if (kind.name_field().empty() && !kind.named()) return "";
  for (const std::string& field : {kind.name_field(), kind.identity_field()}) {
    const Value* value = field.empty() ? nullptr : fields.At(field);
    if (value == nullptr || value->is_null()) continue;
    const std::string text = PlainText(fields, field);
    if (text.empty()) return "";
    const Value canonical = kind.Canonical(Map{{field, text}});
    return canonical.StringOr(field, text);
  }
  if (address.ns().empty()) return std::string(address.name());
  return fmt::format("{}/{}", address.ns(), address.name());
}

std::vector<std::string> IdentityFields(const Kind& kind) {
  std::vector<std::string> fields;
  if (const Value* compose = kind.body().At("identity.compose"); compose != nullptr) {
    const std::string& text = compose->as_string();
    for (size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1))
      fields.push_back(text.substr(open + 1, text.find('}', open) - open - 1));
    return fields;
  }
  if (kind.name_field().empty()) return fields;
  fields.push_back(kind.name_field());
  if (!kind.parent_field().empty()) fields.push_back(kind.parent_field());
  if (!SharesNames(kind)) return fields;
  const size_t names = fields.size();
  for (const FieldRule& rule : kind.rules())
    if (IsHome(rule)) fields.push_back(rule.path);
  if (fields.size() == names) fields.clear();
  return fields;
}

Map HomeOf(const Kind& kind, const Value& spec) {
  Map home;
  if (!SharesNames(kind) || !spec.is_map()) return home;
  for (const FieldRule& rule : kind.rules())
    if (const Value* value = IsHome(rule) ? spec.Find(rule.path) : nullptr; value != nullptr && !value->is_null())
      home[rule.path] = *value;
  return home;
}

bool LivesByExpression(const Kind& kind, const Value& spec) {
  const Map home = HomeOf(kind, spec);
  return std::any_of(home.begin(), home.end(), [](const auto& member) {
    return member.second.is_string() && member.second.as_string().find("${") != std::string::npos;
  });
}

bool LivesIn(const Kind& kind, const Map& home, const Value& fields) {
  if (home.empty()) return true;
  const Value here = kind.Canonical(home);
  const Value there = kind.Canonical(fields);
  return std::all_of(home.begin(), home.end(), [&](const auto& member) {
    if (member.second.is_unknown()) return false;
    const Value* shown = there.Find(member.first);
    return shown == nullptr || shown->is_null() || *shown == *here.Find(member.first);
  });
}

std::vector<KindName> HomeKinds(const Kind& kind) {
  std::vector<KindName> kinds;
  if (const auto parent = kind.parent_kind()) kinds.push_back(*parent);
  if (SharesNames(kind))
    for (const FieldRule& rule : kind.rules())
      if (IsHome(rule)) kinds.push_back(*rule.ref);
  return kinds;
}

}  // namespace tandem
