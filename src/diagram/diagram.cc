#include "tandem/diagram/diagram.h"

#include <algorithm>
#include <functional>

namespace tandem {

const DiagramNode* Diagram::FindNode(std::string_view id) const {
  for (const DiagramNode& node : nodes)
    if (node.id == id) return &node;
  return nullptr;
}

const DiagramGroup* Diagram::FindGroup(std::string_view id) const {
  for (const DiagramGroup& group : groups)
    if (group.id == id) return &group;
  return nullptr;
}

const std::vector<std::string>& ConnectionTypes() {
  static const std::vector<std::string> types = {"traffic", "data",       "control",  "evidence",
                                                 "notify",  "replicates", "failover", "link"};
  return types;
}

std::map<std::string, std::vector<DiagramChild>, std::less<>> ChildrenOf(const Diagram& diagram) {
  constexpr size_t kNone = SIZE_MAX;
  std::map<std::string, size_t, std::less<>> group_index;
  for (size_t i = 0; i < diagram.groups.size(); ++i) group_index.emplace(diagram.groups[i].id, i);
  // The first box inside a group, however deep.
  std::vector<size_t> first(diagram.groups.size(), kNone);
  for (size_t i = 0; i < diagram.nodes.size(); ++i) {
    if (group_index.count(diagram.nodes[i].id) > 0) continue;
    auto at = group_index.find(diagram.nodes[i].group);
    while (at != group_index.end() && first[at->second] == kNone) {
      first[at->second] = i;
      at = group_index.find(diagram.groups[at->second].parent);
    }
  }
  // An empty group takes the place of its next sibling that has a box.
  std::map<std::string, size_t, std::less<>> next_sibling;
  for (size_t i = diagram.groups.size(); i-- > 0;) {
    const auto [next, added] = next_sibling.try_emplace(diagram.groups[i].parent, kNone);
    if (first[i] == kNone) first[i] = next->second;
    next->second = first[i];
  }
  struct Placed {
    size_t key;
    DiagramChild child;
  };
  std::map<std::string, std::vector<Placed>, std::less<>> placed;
  placed[""];
  for (size_t i = 0; i < diagram.groups.size(); ++i) {
    placed[diagram.groups[i].id];
    placed[diagram.groups[i].parent].push_back({first[i], {true, i}});
  }
  for (size_t i = 0; i < diagram.nodes.size(); ++i)
    if (group_index.count(diagram.nodes[i].id) == 0)
      placed[diagram.nodes[i].group].push_back({i, {false, i}});
  std::map<std::string, std::vector<DiagramChild>, std::less<>> children;
  for (auto& [id, list] : placed) {
    std::stable_sort(list.begin(), list.end(),
                     [](const Placed& a, const Placed& b) { return a.key < b.key; });
    std::vector<DiagramChild>& sorted = children[id];
    for (const Placed& one : list) sorted.push_back(one.child);
  }
  return children;
}

void Canonicalize(Diagram& diagram) {
  const auto children = ChildrenOf(diagram);
  std::vector<DiagramNode> nodes;
  std::vector<DiagramGroup> groups;
  std::vector<DiagramChild> stack;
  const auto push = [&](std::string_view id) {
    const auto found = children.find(id);
    if (found == children.end()) return;
    for (auto child = found->second.rbegin(); child != found->second.rend(); ++child)
      stack.push_back(*child);
  };
  push("");
  while (!stack.empty()) {
    const DiagramChild child = stack.back();
    stack.pop_back();
    if (!child.is_group) {
      nodes.push_back(diagram.nodes[child.index]);
      continue;
    }
    const DiagramGroup& group = diagram.groups[child.index];
    groups.push_back(group);
    // A box that stands for the group comes before those in it.
    if (const DiagramNode* node = diagram.FindNode(group.id)) nodes.push_back(*node);
    push(group.id);
  }
  diagram.nodes = std::move(nodes);
  diagram.groups = std::move(groups);
}

}  // namespace tandem
