#include "engine/planning/settled.h"

#include <utility>

namespace tandem {

std::shared_ptr<const Settled> Settle(std::shared_ptr<const CompiledModel> model,
                                      const std::vector<Interned>& quiet,
                                      const std::vector<Interned>& recorded) {
  auto settled = std::make_shared<Settled>();
  settled->model = std::move(model);
  const std::set<Interned> at_rest(quiet.begin(), quiet.end());
  settled->quiet = static_cast<int64_t>(at_rest.size());
  for (const auto& [address, resource] : settled->model->resources) {
    if (at_rest.count(address) == 0) settled->loud.insert(address);
    settled->kinds.emplace(resource.kind->name().ToString(), resource.kind->digest());
    for (const std::string& need : resource.needs) settled->dependents[need].push_back(&address);
  }
  for (const std::string& address : recorded)
    if (settled->model->resources.count(address) == 0) settled->loud.insert(address);
  return settled;
}

bool Reach(const Settled& settled, const std::vector<const std::set<std::string>*>& seeds,
           const std::vector<std::string>& more, size_t most, std::set<std::string>* reached) {
  std::vector<std::string> open;
  const auto reach = [&](const std::string& address) {
    if (reached->insert(address).second) open.push_back(address);
  };
  for (const std::set<std::string>* some : seeds) {
    if (some->size() > most) return false;
    for (const std::string& address : *some) reach(address);
  }
  for (const std::string& address : more) reach(address);
  while (!open.empty()) {
    if (reached->size() > most) return false;
    const std::string address = std::move(open.back());
    open.pop_back();
    const auto standing = settled.dependents.find(address);
    if (standing == settled.dependents.end()) continue;
    for (const Interned* dependent : standing->second) reach(*dependent);
  }
  return reached->size() <= most;
}

}  // namespace tandem
