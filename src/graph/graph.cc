#include "tandem/graph/graph.h"

#include <algorithm>
#include <utility>

#include "tandem/base/check.h"

namespace tandem {

NodeId GraphBuilder::Node(const Interned& name) {
  const auto [found, added] =
      graph_.ids_.try_emplace(name, static_cast<NodeId>(graph_.names_.size()));
  if (added) graph_.names_.push_back(name);
  return found->second;
}

void GraphBuilder::Edge(NodeId from, NodeId to, std::string_view label) {
  TANDEM_CHECK(from < graph_.names_.size() && to < graph_.names_.size());
  uint32_t id = 0;
  if (!label.empty()) {
    const auto [found, added] =
        label_ids_.try_emplace(std::string(label), static_cast<uint32_t>(graph_.labels_.size()));
    if (added) graph_.labels_.emplace_back(label);
    id = found->second;
  }
  edges_.push_back({from, to, id});
}

Graph GraphBuilder::Build() && {
  const size_t nodes = graph_.names_.size();
  // A counting sort by `from` keeps the order in which the edges of a node were given.
  std::vector<uint32_t> starts(nodes + 1, 0);
  for (const RawEdge& edge : edges_) ++starts[edge.from + 1];
  for (size_t i = 0; i < nodes; ++i) starts[i + 1] += starts[i];
  std::vector<Graph::Link> sorted(edges_.size());
  std::vector<uint32_t> next(starts.begin(), starts.end() - 1);
  for (const RawEdge& edge : edges_) sorted[next[edge.from]++] = {edge.to, edge.label};
  edges_ = {};

  Graph::Adjacency& needs = graph_.needs_;
  needs.starts.assign(nodes + 1, 0);
  needs.links.reserve(sorted.size());
  std::vector<uint32_t> seen(nodes, 0);  // 1 + the last node that had an edge there
  std::vector<uint32_t> counts(nodes + 1, 0);
  for (NodeId node = 0; node < nodes; ++node) {
    for (uint32_t i = starts[node]; i < starts[node + 1]; ++i) {
      if (std::exchange(seen[sorted[i].node], node + 1) == node + 1) continue;
      needs.links.push_back(sorted[i]);
      ++counts[sorted[i].node + 1];
    }
    needs.starts[node + 1] = static_cast<uint32_t>(needs.links.size());
  }

  Graph::Adjacency& back = graph_.needed_by_;
  for (size_t i = 0; i < nodes; ++i) counts[i + 1] += counts[i];
  back.starts = counts;
  back.links.resize(needs.links.size());
  for (NodeId node = 0; node < nodes; ++node)
    for (const Graph::Link& link : needs.Of(node))
      back.links[counts[link.node]++] = {node, link.label};
  return std::move(graph_);
}

std::optional<NodeId> Graph::Find(std::string_view name) const {
  const auto found = ids_.find(std::string(name));
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::vector<NodeId> Graph::Order() const {
  std::vector<uint32_t> waits(size());
  std::vector<NodeId> order;
  order.reserve(size());
  for (NodeId node = 0; node < size(); ++node) {
    waits[node] = static_cast<uint32_t>(Dependencies(node).size());
    if (waits[node] == 0) order.push_back(node);
  }
  for (size_t i = 0; i < order.size(); ++i)
    for (const Link& link : Dependents(order[i]))
      if (--waits[link.node] == 0) order.push_back(link.node);
  return order;
}

std::vector<NodeId> Graph::FindCycle() const {
  const std::vector<NodeId> order = Order();
  if (order.size() == size()) return {};
  std::vector<bool> done(size(), false);
  for (const NodeId node : order) done[node] = true;
  NodeId at = 0;
  while (done[at]) ++at;
  // Each node that is left needs another one that is left, so walking on must come back somewhere.
  std::vector<uint32_t> step(size(), 0);
  std::vector<NodeId> walk;
  while (step[at] == 0) {
    walk.push_back(at);
    step[at] = static_cast<uint32_t>(walk.size());
    for (const Link& link : Dependencies(at))
      if (!done[link.node]) {
        at = link.node;
        break;
      }
  }
  std::vector<NodeId> cycle(walk.begin() + (step[at] - 1), walk.end());
  std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
  return cycle;
}

std::string Graph::TellCycle(const std::vector<NodeId>& cycle) const {
  constexpr size_t kShown = 12;
  if (cycle.empty()) return "";
  std::string text = Name(cycle[0]);
  for (size_t i = 1; i <= cycle.size(); ++i) {
    if (cycle.size() > kShown && i == kShown / 2) {
      const size_t skipped = cycle.size() - kShown;
      text += " → … " + std::to_string(skipped) + " more …";
      i += skipped;
    }
    const NodeId to = cycle[i % cycle.size()];
    text += " → " + Name(to);
    for (const Link& link : Dependencies(cycle[i - 1])) {
      if (link.node != to) continue;
      if (!Label(link).empty()) text += " (" + Label(link) + ")";
      break;
    }
  }
  return text;
}

std::vector<NodeId> Graph::WithDependencies(std::span<const NodeId> roots) const {
  std::vector<bool> seen(size(), false);
  std::vector<NodeId> reached;
  const auto visit = [&](NodeId node) {
    if (seen[node]) return;
    seen[node] = true;
    reached.push_back(node);
  };
  for (const NodeId root : roots) visit(root);
  for (size_t i = 0; i < reached.size(); ++i)
    for (const Link& link : Dependencies(reached[i])) visit(link.node);
  std::sort(reached.begin(), reached.end());
  return reached;
}

}  // namespace tandem
