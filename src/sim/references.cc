#include "sim/references.h"

#include "sim/members.h"

namespace tandem {
namespace {

void Put(std::map<std::string, std::set<SimKey>>& values, const std::string& value,
         const SimKey& key, bool add) {
  if (add) {
    values[value].insert(key);
    return;
  }
  const auto found = values.find(value);
  if (found == values.end()) return;
  found->second.erase(key);
  if (found->second.empty()) values.erase(found);
}

}  // namespace

void References::Attach(World* world) {
  world_ = world;
  for (const auto& [key, object] : world->objects()) Index(object, true);
  world->Watch([this](const SimObject* before, const SimObject* after) { Changed(before, after); });
}

std::vector<SimReference> References::Of(const Kind& kind, const Value& fields) const {
  std::vector<SimReference> found;
  const auto add = [&](const KindName& target, std::string field, const std::string& path) {
    const std::shared_ptr<const Kind> named = catalog_->Find(target);
    if (named == nullptr) return;
    if (field == named->identity_field()) field.clear();
    EachTextAt(fields, path, [&](const std::string& value) {
      if (!value.empty()) found.push_back({target, field, value, path});
    });
  };
  bool parent_ruled = false;
  for (const FieldRule& rule : kind.rules()) {
    if (!rule.ref) continue;
    parent_ruled = parent_ruled || rule.path == kind.parent_field();
    add(*rule.ref, rule.ref_field, rule.path);
  }
  // Those that only the sandbox checks.
  const Value* more = kind.body().At("sandbox.references");
  if (more != nullptr && more->is_list()) {
    for (const Value& item : more->as_list()) {
      const std::string target = item.StringOr("kind", "");
      const size_t slash = target.find('/');
      if (slash == std::string::npos) continue;
      const size_t dot = target.find('.', slash);
      const std::string field = dot == std::string::npos ? "" : target.substr(dot + 1);
      add({target.substr(0, slash), target.substr(slash + 1, dot - slash - 1)}, field,
          item.StringOr("field", ""));
    }
  }
  if (const std::optional<KindName> parent = kind.parent_kind();
      parent && !parent_ruled && !kind.parent_field().empty()) {
    add(*parent, "", kind.parent_field());
  }
  return found;
}

std::vector<std::string> References::Texts(const SimObject& object, const Value& fields,
                                           const std::string& field) {
  std::vector<std::string> texts;
  if (field.empty()) {
    texts.push_back(object.key.identity);
    return texts;
  }
  EachTextAt(fields, field, [&](const std::string& text) { texts.push_back(text); });
  return texts;
}

void References::Index(const SimObject& object, bool add) {
  const SimKey& key = object.key;
  if (!object.token.empty()) {
    const std::tuple slot(key.account, key.kind, object.token);
    if (add) {
      tokens_.insert_or_assign(slot, key);
    } else {
      tokens_.erase(slot);
    }
  }
  if (!object.name.empty()) {
    std::set<SimKey>& slot = names_[{key.account, key.kind, object.name}];
    if (add) {
      slot.insert(key);
    } else {
      slot.erase(key);
    }
    if (slot.empty()) names_.erase({key.account, key.kind, object.name});
  }
  const std::shared_ptr<const Kind> kind = catalog_->Find(key.kind);
  const Value fields = object.fields().Unpack();
  if (kind != nullptr) {
    for (const SimReference& reference : Of(*kind, fields)) {
      Put(naming_[{reference.kind, reference.field}], reference.value, key, add);
    }
  }
  for (auto at = having_.lower_bound({key.kind, ""});
       at != having_.end() && at->first.first == key.kind; ++at) {
    for (const std::string& text : Texts(object, fields, at->first.second)) {
      Put(at->second, text, key, add);
    }
  }
}

void References::Changed(const SimObject* before, const SimObject* after) {
  if (before != nullptr) Index(*before, false);
  if (after != nullptr) Index(*after, true);
}

std::vector<const SimObject*> References::Targets(const SimReference& reference) {
  const Field field(reference.kind, reference.field);
  auto index = having_.find(field);
  if (index == having_.end()) {
    index = having_.emplace(field, std::map<std::string, std::set<SimKey>>()).first;
    for (const auto& [key, object] : world_->objects()) {
      if (key.kind != reference.kind) continue;
      for (const std::string& text : Texts(object, object.fields().Unpack(), reference.field)) {
        index->second[text].insert(key);
      }
    }
  }
  std::vector<const SimObject*> targets;
  if (const auto found = index->second.find(reference.value); found != index->second.end()) {
    for (const SimKey& key : found->second) targets.push_back(world_->Find(key));
  }
  return targets;
}

std::set<SimKey> References::Naming(const SimObject& object) const {
  std::set<SimKey> naming;
  const KindName& kind = object.key.kind;
  auto at = naming_.lower_bound({kind, ""});
  if (at == naming_.end() || at->first.first != kind) return naming;
  const Value fields = object.fields().Unpack();
  for (; at != naming_.end() && at->first.first == kind; ++at) {
    for (const std::string& text : Texts(object, fields, at->first.second)) {
      if (const auto found = at->second.find(text); found != at->second.end()) {
        naming.insert(found->second.begin(), found->second.end());
      }
    }
  }
  naming.erase(object.key);
  return naming;
}

const SimObject* References::WithToken(const std::string& account, const KindName& kind,
                                       const std::string& token) const {
  const auto found = tokens_.find({account, kind, token});
  return found == tokens_.end() ? nullptr : world_->Find(found->second);
}

std::vector<const SimObject*> References::WithName(const std::string& account, const KindName& kind,
                                                   const std::string& name) const {
  std::vector<const SimObject*> found;
  if (const auto at = names_.find({account, kind, name}); at != names_.end()) {
    for (const SimKey& key : at->second) found.push_back(world_->Find(key));
  }
  return found;
}

}  // namespace tandem
