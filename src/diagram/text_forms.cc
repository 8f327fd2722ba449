// The diagram as mermaid, dot and JSON text.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "diagram/state_style.h"
#include "tandem/codec/json.h"
#include "tandem/diagram/diagram.h"

namespace tandem {
namespace {

using Children = std::map<std::string, std::vector<DiagramChild>, std::less<>>;

/// A title inside mermaid's double quotes.
std::string MermaidText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"') {
      out += "#quot;";
    } else if (c == '#') {
      out += "#35;";
    } else if (c == '&') {
      out += "#amp;";
    } else if (c == '<') {
      out += "#lt;";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

std::string DotText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}

/// Calls `open(group, depth)`, `box(node, depth)` and `close(depth)` in drawing order.
template <typename Open, typename Box, typename Close>
void Walk(const Diagram& diagram, const Children& children, std::string_view id, size_t depth,
          const Open& open, const Box& box, const Close& close) {
  const auto list = children.find(id);
  if (list == children.end()) return;
  for (const DiagramChild& child : list->second) {
    if (!child.is_group) {
      box(diagram.nodes[child.index], depth);
      continue;
    }
    const DiagramGroup& group = diagram.groups[child.index];
    open(group, depth);
    Walk(diagram, children, group.id, depth + 1, open, box, close);
    close(depth);
  }
}

}  // namespace

std::string WriteMermaid(const Diagram& diagram, const DiagramStates& states) {
  std::string text = "flowchart TB\n";
  const auto indent = [](size_t depth) { return std::string(4 * (depth + 1), ' '); };
  std::set<std::string_view> used;
  Walk(
      diagram, ChildrenOf(diagram), "", 0,
      [&](const DiagramGroup& group, size_t depth) {
        text += fmt::format("{}subgraph {} [\"{}\"]\n", indent(depth), group.id,
                            MermaidText(group.title));
      },
      [&](const DiagramNode& node, size_t depth) {
        text += fmt::format("{}{}[\"{}\"]", indent(depth), node.id, MermaidText(node.title));
        if (const std::string_view state = StateOf(states, node.id); !state.empty()) {
          const StateStyle& style = StyleOf(state);
          used.insert(style.name);
          text += fmt::format(":::{}", style.name);
        }
        text += '\n';
      },
      [&](size_t depth) { text += indent(depth) + "end\n"; });
  for (const DiagramConnection& connection : diagram.connections) {
    const bool dotted = connection.type == "failover";
    const std::string_view arrow =
        dotted ? (connection.both ? "<-.->" : "-.->") : (connection.both ? "<-->" : "-->");
    text += fmt::format("    {} {}{} {}\n", connection.from, arrow,
                        dotted || connection.type.empty() ? "" : "|" + connection.type + "|",
                        connection.to);
  }
  for (const StateStyle& style : kStateStyles)
    if (used.count(style.name) > 0)
      text +=
          fmt::format("    classDef {} fill:{},stroke:{}\n", style.name, style.fill, style.stroke);
  return text;
}

std::string WriteDot(const Diagram& diagram, const DiagramStates& states) {
  std::string text =
      "digraph platform {\n"
      "  compound=true; rankdir=TB; newrank=true;\n"
      "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n";
  const auto indent = [](size_t depth) { return std::string(2 * (depth + 1), ' '); };
  const Children children = ChildrenOf(diagram);
  Walk(
      diagram, children, "", 0,
      [&](const DiagramGroup& group, size_t depth) {
        text +=
            fmt::format("{}subgraph {} {{\n{}label={}; style=rounded;\n", indent(depth),
                        DotText("cluster_" + group.id), indent(depth + 1), DotText(group.title));
        if (diagram.FindNode(group.id) != nullptr && !StateOf(states, group.id).empty()) {
          const StateStyle& style = StyleOf(StateOf(states, group.id));
          text += fmt::format("{}color={};\n", indent(depth + 1), DotText(style.stroke));
        }
        // An edge of Graphviz ends at a box: this point stands for the group.
        text += fmt::format("{}{} [shape=point, style=invis];\n", indent(depth + 1),
                            DotText("group_" + group.id));
      },
      [&](const DiagramNode& node, size_t depth) {
        text += fmt::format("{}{} [label={}", indent(depth), DotText(node.id), DotText(node.title));
        if (const std::string_view state = StateOf(states, node.id); !state.empty()) {
          const StateStyle& style = StyleOf(state);
          text +=
              fmt::format(", fillcolor={}, color={}", DotText(style.fill), DotText(style.stroke));
        }
        text += "];\n";
      },
      [&](size_t depth) { text += indent(depth) + "}\n"; });
  std::set<std::string_view> groups;
  for (const DiagramGroup& group : diagram.groups) groups.insert(group.id);
  for (const DiagramConnection& connection : diagram.connections) {
    std::vector<std::string> attributes;
    const auto end = [&](const std::string& id, std::string_view clip) {
      if (groups.count(id) == 0) return DotText(id);
      attributes.push_back(fmt::format("{}={}", clip, DotText("cluster_" + id)));
      return DotText("group_" + id);
    };
    const std::string from = end(connection.from, "ltail");
    const std::string to = end(connection.to, "lhead");
    if (connection.both) attributes.push_back("dir=both");
    if (connection.type == "failover") attributes.push_back("style=dashed");
    if (!connection.type.empty()) attributes.push_back("label=" + DotText(connection.type));
    text += fmt::format("  {} -> {}{}{}{};\n", from, to, attributes.empty() ? "" : " [",
                        fmt::join(attributes, ", "), attributes.empty() ? "" : "]");
  }
  return text + "}\n";
}

std::string WriteDiagramJson(const Diagram& diagram, const DiagramStates& states) {
  const auto or_null = [](std::string_view text) { return text.empty() ? Value() : Value(text); };
  List nodes;
  for (const DiagramNode& node : diagram.nodes) {
    Value item;
    item.Set("id", node.id);
    item.Set("title", node.title);
    item.Set("group", or_null(node.group));
    item.Set("site", or_null(node.site));
    item.Set("layer", or_null(node.layer));
    item.Set("state", or_null(StateOf(states, node.id)));
    nodes.push_back(std::move(item));
  }
  List groups;
  for (const DiagramGroup& group : diagram.groups) {
    Value item;
    item.Set("id", group.id);
    item.Set("title", group.title);
    item.Set("parent", or_null(group.parent));
    groups.push_back(std::move(item));
  }
  List edges;
  for (const DiagramConnection& connection : diagram.connections) {
    Value item;
    item.Set("from", connection.from);
    item.Set("to", connection.to);
    item.Set("type", or_null(connection.type));
    item.Set("direction", connection.both ? "both" : "to");
    edges.push_back(std::move(item));
  }
  Value whole;
  whole.Set("nodes", std::move(nodes));
  whole.Set("groups", std::move(groups));
  whole.Set("edges", std::move(edges));
  return ToPrettyJson(whole) + "\n";
}

}  // namespace tandem
