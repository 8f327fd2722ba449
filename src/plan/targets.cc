#include <fmt/format.h>

#include "plan/draft.h"
#include "tandem/graph/graph.h"

namespace tandem::plan {

std::set<std::string> Targeted(const PlanInput& input, const Graph& graph, Findings& findings) {
  std::set<std::string> targeted;
  std::vector<NodeId> roots;
  for (const std::string& target : input.targets) {
    if (const auto node = graph.Find(target)) {
      roots.push_back(*node);
    } else if (input.records.count(target) != 0) {
      targeted.insert(target);
    } else {
      findings.Refuse(PlanRefusal::kConfiguration, target,
                      fmt::format("the target '{}' is neither in the model nor recorded", target));
    }
  }
  for (const NodeId node : graph.WithDependencies(roots)) targeted.insert(graph.Name(node));
  return targeted;
}

}  // namespace tandem::plan
