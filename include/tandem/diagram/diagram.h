// The architecture diagram as a value: boxes, nested groups, arrows.
//
// Ids are unique among boxes and among groups; a box may share its id with a group, and then stands
// for it. `group` and `parent` name groups of the same diagram or are "". Orders are those of the
// diagram's text, with what belongs to one group together (Canonicalize).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

struct DiagramNode {
  std::string id;
  std::string title;
  std::string group;
  std::string site;   // "" when it lies in none
  std::string layer;  // "" when not known
  friend bool operator==(const DiagramNode&, const DiagramNode&) = default;
};

struct DiagramGroup {
  std::string id;
  std::string title;
  std::string parent;
  friend bool operator==(const DiagramGroup&, const DiagramGroup&) = default;
};

struct DiagramConnection {
  std::string from;  // a box, else a group
  std::string to;
  std::string type;  // one of ConnectionTypes(), or ""
  bool both = false;
  friend bool operator==(const DiagramConnection&, const DiagramConnection&) = default;
};

struct Diagram {
  std::vector<DiagramNode> nodes;
  std::vector<DiagramGroup> groups;
  std::vector<DiagramConnection> connections;

  const DiagramNode* FindNode(std::string_view id) const;
  const DiagramGroup* FindGroup(std::string_view id) const;
  friend bool operator==(const Diagram&, const Diagram&) = default;
};

/// traffic, data, control, evidence, notify, replicates, failover, link.
const std::vector<std::string>& ConnectionTypes();

/// One child of a group (or of the whole, ""), for walking the nesting in order.
struct DiagramChild {
  bool is_group = false;
  size_t index = 0;  // in nodes or groups
};
/// The children of every group by its id, each list in drawing order: a group stands where its
/// first box does, an empty one before the group that follows it. Boxes that stand for a group are
/// left out.
std::map<std::string, std::vector<DiagramChild>, std::less<>> ChildrenOf(const Diagram& diagram);

/// Sorts boxes and groups so that what belongs to one group is together. Idempotent.
void Canonicalize(Diagram& diagram);

/// What is known of a box's live state, by id: "ready", "not ready", "unknown", or other words.
using DiagramStates = std::map<std::string, std::string, std::less<>>;

/// A mermaid flowchart that ParseMermaid reads back.
std::string WriteMermaid(const Diagram& diagram, const DiagramStates& states = {});
/// For Graphviz.
std::string WriteDot(const Diagram& diagram, const DiagramStates& states = {});
/// A picture of its own: boxes in rows by rank inside nested groups, coloured by state.
std::string WriteSvg(const Diagram& diagram, const DiagramStates& states = {});
/// {"nodes": [{"id", "title", "group", "site", "layer", "state"}], "groups": [{"id", "title",
/// "parent"}], "edges": [{"from", "to", "type", "direction": "to" | "both"}]}; what is not known is
/// null.
std::string WriteDiagramJson(const Diagram& diagram, const DiagramStates& states = {});

}  // namespace tandem
