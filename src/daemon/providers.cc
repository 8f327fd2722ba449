#include "daemon/providers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

namespace tandem {

Provider* Providers::Find(const std::string& account_provider) {
  const std::string name = settings_.sandbox ? "sim" : account_provider;
  return hosts_.With([&](auto& hosts) -> Provider* {
    const auto found = hosts.find(name);
    if (found != hosts.end()) return found->second.get();
    PluginSettings plugin;
    plugin.name = name;
    plugin.program = settings_.providers + "/tandem-provider-" + name;
    if (access(plugin.program.c_str(), X_OK) != 0) return nullptr;
    plugin.state_dir = settings_.state_dir;
    plugin.hold = true;  // the engine flushes at the end of each turn
    plugin.arguments = {"--schemas", settings_.schemas};
    if (settings_.sandbox) {
      plugin.arguments.insert(plugin.arguments.end(),
                              {"--state", settings_.state_dir, "--seed", std::to_string(settings_.seed),
                               "--time-scale", fmt::format("{}", settings_.time_scale)});
    }
    auto host = std::make_unique<PluginHost>(std::move(plugin), &clock_);
    return hosts.emplace(name, std::move(host)).first->second.get();
  });
}

void Providers::Stop(std::chrono::milliseconds patience) {
  // Taken out of the map first: stopping waits, and nothing waits under a lock.
  std::map<std::string, PluginHost*> running = hosts_.With([](auto& hosts) {
    std::map<std::string, PluginHost*> pointers;
    for (const auto& [name, host] : hosts) pointers.emplace(name, host.get());
    return pointers;
  });
  for (const auto& [name, host] : running) host->Stop(patience);
}

}  // namespace tandem
