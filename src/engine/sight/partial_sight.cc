#include "engine/sight/partial_sight.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
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

struct Reason {
  std::string why;
  std::string then;  // what to do
  friend auto operator<=>(const Reason&, const Reason&) = default;
};

// Nullopt: it only needs something unobserved, and is told with that.
std::optional<Reason> ReasonOf(const Resource& resource) {
  if (!resource.blind.empty()) return Reason{resource.blind, "plan again once that is repaired"};
  if (resource.quarantine)
    return Reason{"nobody knows whether their create was done", "see tandem describe, and plan again when that is decided"};
  if (!resource.looked || !resource.seen) return Reason{"a run is at work on them", "plan again when it has ended"};
  return std::nullopt;
}

}  // namespace

Diagnostics TellUnobserved(const Plan& plan, const CompiledModel& model, const Memory& memory) {
  std::map<std::pair<std::string, Reason>, std::vector<std::string>> groups;
  for (const std::string& address : plan.unobserved) {
    const auto found = memory.resources.find(address);
    if (found == memory.resources.end()) continue;
    if (std::optional<Reason> reason = ReasonOf(found->second))
      groups[{AccountOf(address, model, found->second), *std::move(reason)}].push_back(address);
  }
  Diagnostics found;
  for (const auto& [group, addresses] : groups) {
    const auto& [name, reason] = group;
    const auto account = model.accounts.find(name);
    const bool known = account != model.accounts.end() && account->second.document != nullptr;
    std::string listed;
    for (size_t i = 0; i < std::min(addresses.size(), kListed); ++i)
      listed += (i == 0 ? "" : ", ") + addresses[i];
    if (addresses.size() > kListed)
      listed += fmt::format(" and {} more", addresses.size() - kListed);
    found.Warning(known ? account->second.document->RangeOf("metadata.name") : SourceRange(),
                  fmt::format("account '{}': {}", name, reason.why),
                  fmt::format("so these could not be observed, and are left out with all that needs "
                              "them: {}\n{}",
                              listed, reason.then),
                  "");
  }
  return found;
}

}  // namespace tandem
