// The provider processes of a daemon: started when an account first needs one, ended with it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "daemon/settings.h"
#include "tandem/base/synchronized.h"
#include "tandem/provider/provider.h"
#include "tandem/provider_host/plugin_host.h"

namespace tandem {

class Providers {
 public:
  Providers(const Settings& settings, const Clock& clock) : settings_(settings), clock_(clock) {}

  /// The provider that serves accounts of `name`; in the sandbox one simulates all of them. Null pointer
  /// when there is no such program, which is logged once for each name. Thread-safe.
  Provider* Find(const std::string& name);
  /// Ends all of them: end of their pipe, then SIGTERM, then SIGKILL.
  void Stop(std::chrono::milliseconds patience);

 private:
  struct Known {
    std::map<std::string, std::unique_ptr<PluginHost>> hosts;
    std::set<std::string> missing;
  };
  std::unique_ptr<PluginHost> NewHost(const std::string& name, const std::string& program) const;

  const Settings& settings_;
  const Clock& clock_;
  Synchronized<Known> known_;
};

}  // namespace tandem
