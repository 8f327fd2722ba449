#include "engine/sight/partial_sight.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace tandem {
namespace {

constexpr size_t kListed = 10;  // addresses by name in one diagnostic

std::string AccountOf(const std::string& address, const CompiledModel& model,
                      const Resource& resource) {
  if (resource.record) return resource.record->account;
  const ModelResource* wanted = model.Find(address);
  return wanted == nullptr ? "" : wanted->account;
}

}  // namespace

Diagnostics TellUnobserved(const Plan& plan, const CompiledModel& model, const Memory& memory) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> groups;
  for (const std::string& address : plan.unobserved) {
    const auto found = memory.resources.find(address);
    // What only needs something unobserved is told with that.
    if (found == memory.resources.end() || found->second.blind.empty()) continue;
    groups[{AccountOf(address, model, found->second), found->second.blind}].push_back(address);
  }
  Diagnostics found;
  for (const auto& [group, addresses] : groups) {
    const auto& [name, why] = group;
    const auto account = model.accounts.find(name);
    const bool known = account != model.accounts.end() && account->second.document != nullptr;
    std::string listed;
    for (size_t i = 0; i < std::min(addresses.size(), kListed); ++i)
      listed += (i == 0 ? "" : ", ") + addresses[i];
    if (addresses.size() > kListed)
      listed += fmt::format(" and {} more", addresses.size() - kListed);
    found.Warning(known ? account->second.document->RangeOf("metadata.name") : SourceRange(),
                  fmt::format("account '{}': {}", name, why),
                  fmt::format("so these could not be observed, and are left out with all that needs "
                              "them: {}\nplan again once that is repaired",
                              listed),
                  "");
  }
  return found;
}

}  // namespace tandem
