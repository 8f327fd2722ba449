#include "compile/own_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compile/member_reader.h"
#include "tandem/base/spelling.h"
#include "tandem/diagram/diagram.h"

namespace tandem {

const std::vector<std::string>& ComponentLayers() {
  static const std::vector<std::string> kWords = {
      "access",      "network", "platform", "mesh",     "workload", "data", "observability",
      "replication", "cicd",    "iac",      "security", "incident", "slo",  "chaos"};
  return kWords;
}

const std::vector<std::string>& CredentialSources() {
  static const std::vector<std::string> kWords = {
      "default", "environment", "profile", "assume-role", "web-identity", "container", "instance"};
  return kWords;
}

namespace {

bool IsComponentName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '_';
  });
}

/// What to write instead of `word`, which is none of `known`.
std::string Suggestion(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = NearestWord(word, known);
  return near.empty() ? fmt::format("one of: {}", fmt::join(known, ", "))
                      : fmt::format("did you mean '{}'?", near);
}

void ReadConnections(const Document& document, const std::string& path, const std::string& from,
                     const List& list, CompiledModel& model, Diagnostics& found) {
  for (size_t i = 0; i < list.size(); ++i) {
    MemberReader reader(document, JoinPath(path, static_cast<int64_t>(i)), found);
    if (!reader.valid()) continue;
    ModelConnection connection;
    connection.from = from;
    connection.to = reader.String("to", true);
    const size_t before = static_cast<size_t>(found.errors());
    connection.type = reader.OneOf("type", ConnectionTypes());
    if (connection.type.empty() && !connection.to.empty() &&
        before == static_cast<size_t>(found.errors()))
      found.Warning(document.RangeOf(reader.PathOf("to")),
                    fmt::format("the connection to '{}' has no type", connection.to),
                    fmt::format("add type: with one of {}", fmt::join(ConnectionTypes(), ", ")),
                    document.address().ToString());
    connection.both = reader.OneOf("direction", {"to", "both"}) == "both";
    reader.Finish();
    if (!connection.to.empty()) model.connections.push_back(std::move(connection));
  }
}

}  // namespace

void ReadPlatform(const std::shared_ptr<const Document>& document, CompiledModel& model,
                  Diagnostics& found) {
  model.platform = document->name;
  MemberReader spec(*document, "spec", found);
  if (!spec.valid()) return;
  model.platform_spec = std::make_shared<const Value>(*document->body.Find("spec"));
  model.active_site = spec.String("activeSite", true);
  if (const Map* sites = spec.Object("sites")) {
    for (const auto& [name, site] : *sites) {
      model.sites.push_back(name);
      const std::string path = JoinPath("spec.sites", name);
      if (!site.is_map())
        found.Error(document->RangeOf(path),
                    fmt::format("the site '{}' must be a map, not {}", name, TypeName(site.type())),
                    "write {} for an empty one", document->address().ToString());
      else if (site.Find("active") != nullptr)
        found.Error(document->RangeOf(JoinPath(path, "active"), true),
                    fmt::format("the site '{}' may not set 'active'", name),
                    "it follows from spec.activeSite", document->address().ToString());
    }
    if (!model.active_site.empty() &&
        std::find(model.sites.begin(), model.sites.end(), model.active_site) == model.sites.end())
      spec.Error("activeSite",
                 fmt::format("'{}' is not a site of this platform", model.active_site),
                 Suggestion(model.active_site, model.sites));
  } else {
    spec.Error("", "'spec.sites' is missing", "write for example sites: {aws: {}, gcp: {}}");
  }
  spec.Any("values");
  if (spec.Object("objectives") != nullptr) {
    MemberReader objectives(*document, "spec.objectives", found);
    for (const char* key : {"rpo", "rto"}) {
      const std::string text = objectives.String(key);
      if (text.empty()) continue;
      if (const auto duration = ParseDuration(text); !duration.ok())
        objectives.Error(key, duration.status().message());
    }
    objectives.Finish();
  }
  if (const List* groups = spec.Array("groups")) {
    std::set<std::string> seen;
    for (size_t i = 0; i < groups->size(); ++i) {
      const std::string path = JoinPath("spec.groups", static_cast<int64_t>(i));
      MemberReader reader(*document, path, found);
      if (!reader.valid()) continue;
      ModelGroup group{reader.String("id", true), reader.String("title"), reader.String("parent")};
      if (const List* connections = reader.Array("connections"))
        ReadConnections(*document, JoinPath(path, "connections"), group.id, *connections, model,
                        found);
      if (!group.parent.empty() && seen.count(group.parent) == 0)
        reader.Error("parent",
                     fmt::format("the group '{}' is not listed before its child", group.parent),
                     "list it in spec.groups, above this entry");
      if (!group.id.empty() && !seen.insert(group.id).second)
        reader.Error("id", fmt::format("the group '{}' is listed twice", group.id));
      reader.Finish();
      model.groups.push_back(std::move(group));
    }
  }
  spec.Finish();
}

void ReadAccount(const std::shared_ptr<const Document>& document, CompiledModel& model,
                 Diagnostics& found) {
  MemberReader spec(*document, "spec", found);
  if (!spec.valid()) return;
  ModelAccount account;
  account.name = document->name;
  account.provider = spec.String("provider", true);
  account.site = spec.String("site");
  account.spec = *document->body.Find("spec");
  account.document = document;
  for (const char* key : {"region", "accountId", "project", "cluster", "endpoint"})
    spec.String(key);
  if (spec.Object("endpoints") != nullptr) {
    for (const auto& [service, url] : *spec.Object("endpoints"))
      if (!url.is_string())
        spec.Error("endpoints", fmt::format("the endpoint of '{}' must be a string", service));
  }
  if (spec.Object("credentials") != nullptr) {
    MemberReader credentials(*document, "spec.credentials", found);
    credentials.OneOf("source", CredentialSources());
    for (const char* key : {"profile", "roleArn", "externalId", "sessionName", "tokenFile"})
      credentials.String(key);
    credentials.Finish();
  }
  spec.Finish();
  model.accounts.emplace(account.name, std::move(account));
}

void ReadComponent(const std::shared_ptr<const Document>& document, CompiledModel& model,
                   Diagnostics& found) {
  if (!IsComponentName(document->name))
    found.Error(document->RangeOf("metadata.name"),
                fmt::format("'{}' is not a component name", document->name),
                "letters, digits and '_', starting with a letter", document->address().ToString());
  MemberReader spec(*document, "spec", found);
  if (!spec.valid()) return;
  ModelComponent component;
  component.name = document->name;
  component.title = spec.String("title");
  if (component.title.empty()) component.title = component.name;
  component.site = spec.String("site");
  component.layer = spec.OneOf("layer", ComponentLayers(), true);
  component.group = spec.String("group");
  component.document = document;
  if (const List* connections = spec.Array("connections"))
    ReadConnections(*document, "spec.connections", component.name, *connections, model, found);
  spec.Finish();
  model.components.push_back(std::move(component));
}

namespace {

void OrderComponents(CompiledModel& model) {
  // A group's rank is when its subtree ends in the listed nesting, so its own boxes come after
  // those of its subgroups; a component that is a group as well stands where that group begins.
  std::map<std::string, std::vector<size_t>> children;
  std::map<std::string, std::pair<size_t, size_t>> ranks;
  for (size_t i = 0; i < model.groups.size(); ++i) children[model.groups[i].parent].push_back(i);
  size_t rank = 0;
  std::vector<std::pair<std::string, size_t>> open{{"", 0}};
  while (!open.empty()) {
    auto& [id, next] = open.back();
    const auto found = children.find(id);
    if (found != children.end() && next < found->second.size()) {
      const std::string child = model.groups[found->second[next++]].id;
      if (ranks.count(child) > 0) continue;
      ranks[child].first = ++rank;
      open.emplace_back(child, 0);
    } else {
      if (!id.empty()) ranks[id].second = ++rank;
      open.pop_back();
    }
  }
  const auto key = [&](const ModelComponent& component) -> size_t {
    if (const auto own = ranks.find(component.name); own != ranks.end()) return own->second.first;
    const auto group = ranks.find(component.group);
    return group == ranks.end() ? rank + 1 : group->second.second;
  };
  std::stable_sort(
      model.components.begin(), model.components.end(),
      [&](const ModelComponent& a, const ModelComponent& b) { return key(a) < key(b); });
}

/// Every connection listed at `path` ends at one of `names`.
void CheckConnections(const Document& document, const std::string& path,
                      const std::vector<std::string>& names, Diagnostics& found) {
  const Value* list = document.body.At(path);
  if (list == nullptr || !list->is_list()) return;
  for (size_t i = 0; i < list->as_list().size(); ++i) {
    const std::string to = list->as_list()[i].StringOr("to", "");
    if (to.empty() || std::find(names.begin(), names.end(), to) != names.end()) continue;
    const std::string near = NearestWord(to, names);
    found.Error(document.RangeOf(JoinPath(JoinPath(path, static_cast<int64_t>(i)), "to")),
                fmt::format("the connection goes to '{}', which is no component or group", to),
                near.empty() ? "add a document with kind: Component and that name"
                             : fmt::format("did you mean '{}'?", near),
                document.address().ToString());
  }
}

}  // namespace

void CheckDiagram(bool partial, CompiledModel& model, Diagnostics& found) {
  std::set<std::string> groups;
  std::set<std::string> components;
  std::vector<std::string> names;
  for (const ModelGroup& group : model.groups) groups.insert(group.id);
  for (const ModelComponent& component : model.components) components.insert(component.name);
  names.assign(components.begin(), components.end());
  names.insert(names.end(), groups.begin(), groups.end());

  const auto known_site = [&](const std::string& site) {
    return site.empty() ||
           std::find(model.sites.begin(), model.sites.end(), site) != model.sites.end();
  };
  for (const ModelComponent& component : model.components) {
    const Document& document = *component.document;
    if (!known_site(component.site))
      found.Error(document.RangeOf("spec.site"),
                  fmt::format("'{}' is not a site of this platform", component.site),
                  Suggestion(component.site, model.sites), document.address().ToString());
    if (!component.group.empty() && !model.groups.empty() && groups.count(component.group) == 0) {
      const std::string near =
          NearestWord(component.group, std::vector<std::string>(groups.begin(), groups.end()));
      found.Error(document.RangeOf("spec.group"),
                  fmt::format("there is no group '{}' in Platform.spec.groups", component.group),
                  near.empty() ? "add it there" : fmt::format("did you mean '{}'?", near),
                  document.address().ToString());
    }
    if (!partial) CheckConnections(document, "spec.connections", names, found);
  }
  for (const auto& document : model.documents) {
    const Value* list = document->body.At("spec.groups");
    if (partial || document->kind != "Platform" || list == nullptr || !list->is_list()) continue;
    for (size_t i = 0; i < list->as_list().size(); ++i)
      CheckConnections(*document,
                       JoinPath(JoinPath("spec.groups", static_cast<int64_t>(i)), "connections"),
                       names, found);
  }
  for (const auto& [name, account] : model.accounts)
    if (!known_site(account.site))
      found.Error(account.document->RangeOf("spec.site"),
                  fmt::format("'{}' is not a site of this platform", account.site),
                  Suggestion(account.site, model.sites), account.document->address().ToString());
  OrderComponents(model);
}

}  // namespace tandem
