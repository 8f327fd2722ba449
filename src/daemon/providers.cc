#include "daemon/providers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tandem/base/log.h"

namespace tandem {

Provider* Providers::Find(const std::string& account_provider) {
  const std::string name = settings_.sandbox ? "sim" : account_provider;
  const std::string program = settings_.providers + "/tandem-provider-" + name;
  int why = 0;
  Provider* const found = known_.With([&](Known& known) -> Provider* {
    const auto host = known.hosts.find(name);
    if (host != known.hosts.end()) return host->second.get();
    if (access(program.c_str(), X_OK) != 0) {
      const int error = errno;
      if (known.missing.insert(name).second) why = error;
      return nullptr;
    }
    return known.hosts.emplace(name, NewHost(name, program)).first->second.get();
  });
  if (why != 0)
    Log(LogLevel::kWarning, "a provider's program cannot be run; its accounts are blocked",
        {{"provider", name}, {"program", program}, {"why", std::strerror(why)}});
  return found;
}

std::unique_ptr<PluginHost> Providers::NewHost(const std::string& name, const std::string& program) const {
  PluginSettings plugin;
  plugin.name = name;
  plugin.program = program;
  plugin.state_dir = settings_.state_dir;
  plugin.hold = true;  // the engine flushes at the end of each turn
  plugin.arguments = {"--schemas", settings_.schemas};
  if (settings_.sandbox) {
    plugin.arguments.insert(plugin.arguments.end(),
                            {"--state", settings_.state_dir, "--seed", std::to_string(settings_.seed),
                             "--time-scale", fmt::format("{}", settings_.time_scale)});
  }
  return std::make_unique<PluginHost>(std::move(plugin), &clock_);
}

void Providers::Stop(std::chrono::milliseconds patience) {
  // Taken out of the map first: stopping waits, and nothing waits under a lock.
  std::map<std::string, PluginHost*> running = known_.With([](Known& known) {
    std::map<std::string, PluginHost*> pointers;
    for (const auto& [name, host] : known.hosts) pointers.emplace(name, host.get());
    return pointers;
  });
  for (const auto& [name, host] : running) host->Stop(patience);
}

}  // namespace tandem
