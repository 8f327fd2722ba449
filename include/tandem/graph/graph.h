// Who needs whom: names as dense ids, edges in compressed adjacency, order in linear time.
//
// Build once with GraphBuilder, then read: a Graph is immutable and safe to share. Nothing
// recurses, so chains of a million nodes are fine. Same input, same ids, same order.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tandem/base/interned.h"

namespace tandem {

/// Dense, in the order in which names were first given.
using NodeId = uint32_t;

class Graph {
 public:
  struct Link {
    NodeId node = 0;
    uint32_t label = 0;
  };

  size_t size() const { return names_.size(); }
  size_t edges() const { return needs_.links.size(); }
  const Interned& Name(NodeId node) const { return names_[node]; }
  std::optional<NodeId> Find(std::string_view name) const;

  /// What `node` needs, in the order in which the edges were given; each once.
  std::span<const Link> Dependencies(NodeId node) const { return needs_.Of(node); }
  /// Who needs `node`; each once, by id.
  std::span<const Link> Dependents(NodeId node) const { return needed_by_.Of(node); }
  const std::string& Label(const Link& link) const { return labels_[link.label]; }

  /// Every node after all that it needs; of nodes that become ready together, the lower id first.
  /// Nodes on a cycle, and those that need one, are left out: fewer than size() nodes mean that
  /// there is one.
  std::vector<NodeId> Order() const;
  /// A cycle as a loop without its repeated end, its lowest id first; each needs the next. Empty:
  /// none.
  std::vector<NodeId> FindCycle() const;
  /// "A → B (spec.x) → A (spec.y)": in parentheses the label of the edge that led there. The middle
  /// of a long loop is left out.
  std::string TellCycle(const std::vector<NodeId>& cycle) const;
  /// `roots` and all that they need, directly or not, by id.
  std::vector<NodeId> WithDependencies(std::span<const NodeId> roots) const;

 private:
  friend class GraphBuilder;

  struct Adjacency {
    std::vector<uint32_t> starts;  // size() + 1
    std::vector<Link> links;
    std::span<const Link> Of(NodeId node) const {
      return std::span(links).subspan(starts[node], starts[node + 1] - starts[node]);
    }
  };

  std::vector<Interned> names_;
  std::unordered_map<std::string_view, NodeId> ids_;  // looked up only; of names_
  std::vector<std::string> labels_;              // "" first
  Adjacency needs_;
  Adjacency needed_by_;
};

class GraphBuilder {
 public:
  GraphBuilder() { graph_.labels_.emplace_back(); }

  /// The id of `name`, new or known.
  NodeId Node(const Interned& name);
  /// `from` needs `to`; `label` says where that is written. The first of several equal edges stays.
  void Edge(NodeId from, NodeId to, std::string_view label = "");
  /// The builder is spent.
  Graph Build() &&;

 private:
  struct RawEdge {
    NodeId from = 0;
    NodeId to = 0;
    uint32_t label = 0;
  };

  Graph graph_;
  std::unordered_map<std::string, uint32_t> label_ids_;  // looked up only
  std::vector<RawEdge> edges_;
};

}  // namespace tandem
