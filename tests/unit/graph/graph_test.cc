#include "tandem/graph/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>

namespace tandem {
namespace {

/// "a:b,c" lines: a needs b and c; "b=label" labels the edge.
Graph Make(const std::string& text) {
  GraphBuilder builder;
  std::istringstream lines(text);
  for (std::string line; lines >> line;) {
    const size_t colon = line.find(':');
    const NodeId from = builder.Node(line.substr(0, colon));
    if (colon == std::string::npos) continue;
    std::istringstream targets(line.substr(colon + 1));
    for (std::string to; std::getline(targets, to, ',');) {
      const size_t equals = to.find('=');
      builder.Edge(from, builder.Node(to.substr(0, equals)),
                   equals == std::string::npos ? "" : to.substr(equals + 1));
    }
  }
  return std::move(builder).Build();
}

std::string Names(const Graph& graph, const std::vector<NodeId>& nodes) {
  std::string text;
  for (const NodeId node : nodes) text += (text.empty() ? "" : " ") + graph.Name(node);
  return text;
}

TEST(Graph, OrdersAndTellsCycles) {
  struct Case {
    const char* name;
    const char* text;
    const char* order;
    const char* cycle;
  };
  const std::vector<Case> cases = {
      {"empty", "", "", ""},
      {"no edges", "a b c", "a b c", ""},
      {"chain", "a:b b:c", "c b a", ""},
      {"diamond", "a:b,c b:d c:d", "d b c a", ""},
      {"ties by first mention", "z y x:z,y w:y", "z y x w", ""},
      {"equal edges count once", "a:b,b,b b", "b a", ""},
      {"self", "a:a=spec.x b", "b", "a → a (spec.x)"},
      {"two", "a:b=spec.x b:a=spec.y c", "c", "a → b (spec.x) → a (spec.y)"},
      {"no labels", "a:b b:c c:a", "", "a → b → c → a"},
      {"behind a cycle", "x:a a:b b:a y", "y", "a → b → a"},
      {"the first label stays", "a:b=one,b=two b:a", "", "a → b (one) → a"},
      {"starts at the lowest id of the loop", "q:c c:b b:a a:c", "", "c → b → a → c"},
  };
  for (const Case& test : cases) {
    const Graph graph = Make(test.text);
    EXPECT_EQ(Names(graph, graph.Order()), test.order) << test.name;
    EXPECT_EQ(graph.TellCycle(graph.FindCycle()), test.cycle) << test.name;
  }
}

TEST(Graph, KnowsBothDirections) {
  const Graph graph = Make("a:c,b b:c d:a");
  EXPECT_EQ(graph.size(), 4u);
  EXPECT_EQ(graph.edges(), 4u);
  std::vector<NodeId> needs;
  for (const auto& link : graph.Dependencies(*graph.Find("a"))) needs.push_back(link.node);
  EXPECT_EQ(Names(graph, needs), "c b") << "in the order given";
  std::vector<NodeId> back;
  for (const auto& link : graph.Dependents(*graph.Find("c"))) back.push_back(link.node);
  EXPECT_EQ(Names(graph, back), "a b");
  const std::vector<NodeId> b = {*graph.Find("b")};
  EXPECT_EQ(Names(graph, graph.WithDependencies(b)), "c b");
  EXPECT_FALSE(graph.Find("e"));
}

TEST(Graph, AMillionInAChain) {
  constexpr int kNodes = 1'000'000;
  GraphBuilder builder;
  for (int i = 0; i < kNodes; ++i) builder.Node(std::to_string(i));
  for (int i = 0; i + 1 < kNodes; ++i) builder.Edge(i, i + 1);
  const Graph graph = std::move(builder).Build();
  const std::vector<NodeId> order = graph.Order();
  ASSERT_EQ(order.size(), static_cast<size_t>(kNodes));
  EXPECT_EQ(order.front(), kNodes - 1u);
  EXPECT_EQ(order.back(), 0u);
  const std::vector<NodeId> first = {0};
  EXPECT_EQ(graph.WithDependencies(first).size(), static_cast<size_t>(kNodes));
}

TEST(Graph, AMillionInALoop) {
  constexpr int kNodes = 1'000'000;
  GraphBuilder builder;
  for (int i = 0; i < kNodes; ++i) builder.Node(std::to_string(i));
  for (int i = 0; i < kNodes; ++i) builder.Edge(i, (i + 1) % kNodes);
  const Graph graph = std::move(builder).Build();
  const std::vector<NodeId> cycle = graph.FindCycle();
  EXPECT_EQ(cycle.size(), static_cast<size_t>(kNodes));
  EXPECT_EQ(
      graph.TellCycle(cycle),
      "0 → 1 → 2 → 3 → 4 → 5 → … 999988 more … → 999994 → 999995 → 999996 → 999997 → 999998 → "
      "999999 → 0");
}

TEST(Graph, RandomOrdersHoldEveryEdge) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const int nodes = 1 + static_cast<int>(random() % 30);
    const bool acyclic = round % 2 == 0;
    GraphBuilder builder;
    for (int i = 0; i < nodes; ++i) builder.Node("n" + std::to_string(i));
    for (int i = 0; i < nodes * 2; ++i) {
      NodeId a = random() % nodes;
      NodeId b = random() % nodes;
      if (acyclic && a == b) continue;
      if (acyclic && a < b) std::swap(a, b);
      builder.Edge(a, b);
    }
    const Graph graph = std::move(builder).Build();
    const std::vector<NodeId> order = graph.Order();
    std::vector<int> place(nodes, -1);
    for (size_t i = 0; i < order.size(); ++i) place[order[i]] = static_cast<int>(i);
    for (const NodeId node : order)
      for (const auto& link : graph.Dependencies(node)) {
        EXPECT_GE(place[link.node], 0);
        EXPECT_LT(place[link.node], place[node]);
      }
    const std::vector<NodeId> cycle = graph.FindCycle();
    EXPECT_EQ(cycle.empty(), order.size() == graph.size()) << round;
    EXPECT_TRUE(!acyclic || cycle.empty());
    for (size_t i = 0; i < cycle.size(); ++i) {
      const auto links = graph.Dependencies(cycle[i]);
      EXPECT_TRUE(std::any_of(links.begin(), links.end(), [&](const Graph::Link& link) {
        return link.node == cycle[(i + 1) % cycle.size()];
      }));
    }
  }
}

}  // namespace
}  // namespace tandem
