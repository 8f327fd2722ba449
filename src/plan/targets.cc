#include <fmt/format.h>

#include "plan/draft.h"
#include "tandem/graph/graph.h"

namespace tandem::plan {
namespace {

/// The resource of the model that `target` names in the other form, with or without "@account" (R11); "" for none, or
/// for one of several.
std::string OtherForm(const PlanInput& input, const std::string& target) {
  const Result<Address> parsed = Address::Parse(target);
  if (!parsed.ok()) return "";
  std::string found;
  for (const PlannedResource& resource : input.resources) {
    if (resource.address.WithAccount("") != parsed->WithAccount("") ||
        (!parsed->account().empty() && resource.account != parsed->account()))
      continue;
    if (!found.empty()) return "";
    found = resource.address.ToString();
  }
  return found;
}

}  // namespace

std::set<std::string> Targeted(const PlanInput& input, const Graph& graph, Findings& findings) {
  std::set<std::string> targeted;
  std::vector<NodeId> roots;
  for (const std::string& target : input.targets) {
    if (const auto node = graph.Find(target)) {
      roots.push_back(*node);
    } else if (input.records.count(target) != 0) {
      targeted.insert(target);
    } else if (const auto other = graph.Find(OtherForm(input, target))) {
      roots.push_back(*other);
    } else {
      findings.Refuse(PlanRefusal::kConfiguration, target,
                      fmt::format("the target '{}' is neither in the model nor recorded", target));
    }
  }
  for (const NodeId node : graph.WithDependencies(roots)) targeted.insert(graph.Name(node));
  return targeted;
}

}  // namespace tandem::plan
