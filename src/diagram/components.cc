#include "tandem/diagram/components.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "diagram/limits.h"
#include "tandem/base/spelling.h"

namespace tandem {
namespace {


bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// `id` as [A-Za-z][A-Za-z0-9_]*.
std::string ComponentName(std::string_view id) {
  std::string name;
  for (const char c : id) {
    if (IsLetter(c) || IsDigit(c) || c == '_') {
      name += c;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      name += '_';
    }
  }
  if (name.empty() || !IsLetter(name[0])) name.insert(0, "C");
  return name;
}

/// A YAML double-quoted string; `${` as `$${`, so that it is no expression.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else if (c == '$' && i + 1 < text.size() && text[i + 1] == '{') {
      out += "$$";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

/// Plain where YAML reads it back as the same string, else quoted.
std::string Word(std::string_view text) {
  static const std::set<std::string, std::less<>> words = {"true", "false", "null", "yes", "no",
                                                           "on",   "off",   "y",    "n"};
  std::string lower;
  bool plain = !text.empty() && IsLetter(text[0]) && text.back() != '-';
  for (const char c : text) {
    plain = plain && (IsLetter(c) || IsDigit(c) || c == '_' || c == '-');
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return plain && words.count(lower) == 0 ? std::string(text) : Quoted(text);
}

std::string Unescaped(std::string text) {
  for (size_t at = 0; (at = text.find("$${", at)) != std::string::npos; at += 2) text.erase(at, 1);
  return text;
}

/// The entries of `connections` by where they start, each a line of YAML without its indentation.
std::map<std::string, std::vector<std::string>, std::less<>> Entries(const Diagram& diagram) {
  std::map<std::string, std::vector<std::string>, std::less<>> entries;
  for (const DiagramConnection& connection : diagram.connections) {
    std::string entry = fmt::format("- {{to: {}", Word(connection.to));
    if (!connection.type.empty()) entry += fmt::format(", type: {}", Word(connection.type));
    if (connection.both) entry += ", direction: both";
    entries[connection.from].push_back(entry + "}");
  }
  return entries;
}

std::string Indented(const std::vector<std::string>& lines, std::string_view indent) {
  std::string text;
  for (const std::string& line : lines) text += fmt::format("\n{}{}", indent, line);
  return text.empty() ? " []" : text;
}

void ReadConnections(const Value* list, const std::string& from, Diagram& diagram) {
  if (list == nullptr || !list->is_list()) return;
  for (const Value& item : list->as_list()) {
    const std::string to = item.StringOr("to", "");
    if (to.empty()) continue;
    diagram.connections.push_back(
        {from, to, item.StringOr("type", ""), item.StringOr("direction", "to") == "both"});
  }
}

}  // namespace

bool PrepareImport(Diagram& diagram, const ImportOptions& options, Diagnostics& found) {
  const int errors = found.errors();
  // Names. Two ids that become one name cannot be told apart in the model.
  std::map<std::string, std::string, std::less<>> renamed;
  std::map<std::string, std::string, std::less<>> taken;
  for (DiagramNode& node : diagram.nodes) {
    std::string name = ComponentName(node.id);
    const auto [first, added] = taken.emplace(name, node.id);
    if (!added)
      found.Error({},
                  fmt::format("the boxes '{}' and '{}' would both be named '{}'", first->second,
                              node.id, name),
                  "rename one of them in the diagram");
    if (name == node.id) continue;
    if (diagram.FindGroup(name) != nullptr)
      found.Error({}, fmt::format("the box '{}' would be named '{}' like a group", node.id, name),
                  "rename one of them in the diagram");
    found.Warning({}, fmt::format("the box '{}' becomes the Component '{}'", node.id, name),
                  "a name is letters, digits and '_', and starts with a letter");
    renamed[node.id] = name;
    node.id = name;
  }
  for (DiagramConnection& connection : diagram.connections)
    for (std::string* end : {&connection.from, &connection.to})
      if (const auto to = renamed.find(*end); to != renamed.end()) *end = to->second;

  for (const std::string& id : options.component_groups) {
    const DiagramGroup* group = diagram.FindGroup(id);
    if (group == nullptr) {
      std::vector<std::string> known;
      for (const DiagramGroup& other : diagram.groups) known.push_back(other.id);
      const std::string nearest = NearestWord(id, known);
      found.Error({}, fmt::format("the diagram has no group '{}'", id),
                  nearest.empty() ? "a group's id is its title with '_' for spaces"
                                  : fmt::format("did you mean '{}'?", nearest));
    } else if (ComponentName(id) != id) {
      found.Error(
          {}, fmt::format("the group '{}' cannot be a Component", id),
          "a name is letters, digits and '_', and starts with a letter: give the group such an "
          "id with 'subgraph ID [Title]'");
    } else if (diagram.FindNode(id) == nullptr) {
      diagram.nodes.push_back({id, group->title, group->parent, "", ""});
    }
  }
  Canonicalize(diagram);

  std::map<std::string, const DiagramGroup*, std::less<>> groups;
  for (const DiagramGroup& group : diagram.groups) groups.emplace(group.id, &group);
  for (DiagramNode& node : diagram.nodes) {
    // From the inside out, its own title first where it stands for a group.
    auto at = groups.find(node.id);
    if (at == groups.end()) at = groups.find(node.group);
    for (; at != groups.end(); at = groups.find(at->second->parent)) {
      if (node.site.empty()) node.site = GuessSite(at->second->title);
      if (node.layer.empty()) node.layer = GuessLayer(at->second->title);
    }
    if (node.layer.empty()) node.layer = "platform";
  }
  return found.errors() == errors;
}

std::string WriteComponents(const Diagram& diagram, const ImportOptions& options) {
  std::vector<std::string> sites;
  for (const DiagramNode& node : diagram.nodes)
    if (!node.site.empty() && std::find(sites.begin(), sites.end(), node.site) == sites.end())
      sites.push_back(node.site);
  if (sites.empty()) sites.push_back("aws");
  std::string site_list;
  for (const std::string& site : sites)
    site_list += fmt::format("{}{}: {{}}", site_list.empty() ? "" : ", ", Word(site));
  std::string text = fmt::format(
      "apiVersion: tandem/v1\nkind: Platform\nmetadata: {{name: {}}}\nspec:\n  activeSite: {}\n"
      "  sites: {{{}}}\n",
      Word(options.platform), Word(sites[0]), site_list);
  auto entries = Entries(diagram);
  text += diagram.groups.empty() ? "  groups: []\n" : "  groups:\n";
  for (const DiagramGroup& group : diagram.groups) {
    text += fmt::format("    - id: {}\n      title: {}\n", Word(group.id), Quoted(group.title));
    if (!group.parent.empty()) text += fmt::format("      parent: {}\n", Word(group.parent));
    // Where a box stands for the group, the arrows are the box's.
    text += fmt::format("      connections:{}\n", diagram.FindNode(group.id) != nullptr
                                                      ? " []"
                                                      : Indented(entries[group.id], "        "));
  }
  for (const DiagramNode& node : diagram.nodes) {
    text +=
        fmt::format("---\napiVersion: tandem/v1\nkind: Component\nmetadata: {{name: {}}}\nspec:\n",
                    Word(node.id));
    text += fmt::format("  title: {}\n", Quoted(node.title));
    if (!node.site.empty()) text += fmt::format("  site: {}\n", Word(node.site));
    if (!node.layer.empty()) text += fmt::format("  layer: {}\n", Word(node.layer));
    if (!node.group.empty()) text += fmt::format("  group: {}\n", Word(node.group));
    text += fmt::format("  connections:{}\n", Indented(entries[node.id], "    "));
  }
  return text;
}

Diagram DiagramOf(const std::vector<std::shared_ptr<const Document>>& documents) {
  Diagram diagram;
  Diagram of_groups;  // their connections come last
  for (const auto& document : documents) {
    if (document->group != "tandem") continue;
    const Value* spec = document->body.Find("spec");
    if (document->kind == "Platform") {
      const Value* groups = spec == nullptr ? nullptr : spec->Find("groups");
      if (groups == nullptr || !groups->is_list()) continue;
      for (const Value& group : groups->as_list()) {
        const std::string id = group.StringOr("id", "");
        if (id.empty()) continue;
        diagram.groups.push_back(
            {id, Unescaped(group.StringOr("title", id)), group.StringOr("parent", "")});
        ReadConnections(group.Find("connections"), id, of_groups);
      }
    } else if (document->kind == "Component") {
      DiagramNode node;
      node.id = document->name;
      node.title = node.id;
      if (spec != nullptr) {
        node.title = Unescaped(spec->StringOr("title", node.id));
        node.group = spec->StringOr("group", "");
        node.site = spec->StringOr("site", "");
        node.layer = spec->StringOr("layer", "");
        ReadConnections(spec->Find("connections"), node.id, diagram);
      }
      diagram.nodes.push_back(std::move(node));
    }
  }
  diagram.connections.insert(diagram.connections.end(), of_groups.connections.begin(),
                             of_groups.connections.end());
  // What lies in a group that is not there, or in a circle of groups, is drawn at the top.
  std::map<std::string, std::string, std::less<>> parents;
  for (const DiagramGroup& group : diagram.groups) parents.emplace(group.id, group.parent);
  for (DiagramGroup& group : diagram.groups) {
    auto at = parents.find(group.parent);
    for (size_t steps = 0; at != parents.end() && !at->second.empty(); ++steps) {
      if (at->first == group.id || steps >= kMaxGroupDepth) break;
      at = parents.find(at->second);
    }
    if (at == parents.end() || at->first == group.id || !at->second.empty()) {
      group.parent.clear();
      parents[group.id].clear();
    }
  }
  for (DiagramNode& node : diagram.nodes)
    if (parents.count(node.group) == 0) node.group.clear();
  return diagram;
}

}  // namespace tandem
