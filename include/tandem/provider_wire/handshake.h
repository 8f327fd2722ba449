// How a daemon and its plugin find each other: what goes down in the environment, and the one line
// that comes back on standard output.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/base/status.h"

namespace tandem {

/// What the daemon tells a plugin it starts.
struct PluginInvitation {
  std::string socket;  // path of the unix socket to listen on, in a fresh 0700 folder
  int lowest = 0;      // protocol versions the daemon speaks
  int highest = 0;
  int pipe = -1;  // descriptor: its end means that the daemon is gone
  int lock = -1;  // descriptor: plugins/NAME.lock, locked

  /// "TANDEM_PLUGIN_…=…"
  std::vector<std::string> ToEnvironment() const;
  /// `get` looks up a variable, "" when it is not set. kFailedPrecondition: tandemd did not start
  /// this.
  template <typename Get>
  static Result<PluginInvitation> FromEnvironment(const Get& get) {
    return Parse(get("TANDEM_PLUGIN_SOCKET"), get("TANDEM_PLUGIN_PROTOCOLS"),
                 get("TANDEM_PLUGIN_PIPE"), get("TANDEM_PLUGIN_LOCK"));
  }
  static Result<PluginInvitation> Parse(const std::string& socket, const std::string& protocols,
                                        const std::string& pipe, const std::string& lock);
};

/// The plugin's one line.
struct PluginGreeting {
  int protocol = 0;
  std::string socket;

  std::string ToLine() const;  // without the line feed
  /// kDataLoss when it is no such line.
  static Result<PluginGreeting> FromLine(std::string_view line);
};

/// The highest version that both speak. kFailedPrecondition names both ranges.
Result<int> ChooseProtocol(int lowest, int highest);

}  // namespace tandem
