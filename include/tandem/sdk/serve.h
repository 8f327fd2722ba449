// Serves one Provider as a plugin process of tandemd (docs/provider-protocol.md).
//
// The process ends at once when the pipe that only tandemd writes to comes to its end, whatever it
// is doing: a plugin never outlives its daemon. It keeps the inherited, locked descriptor of
// plugins/NAME.lock open, and so do the programs it starts.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tandem/base/status.h"
#include "tandem/provider/provider.h"

namespace tandem {

struct ServeSettings {
  /// Threads on which the provider's methods are called, so that one that blocks holds up at most
  /// itself. A quarter, one at the least, is kept for Apply and Poll.
  int workers = 16;
  /// Calls that may wait for a worker, of those two and of the others; more are refused as kNotDone.
  int waiting = 1024;
};

/// Made once the handshake is done; a failure is said on standard error and ends the process.
using ProviderFactory = std::function<Result<std::shared_ptr<Provider>>()>;

/// The main function of a provider: handshake, serve, until SIGTERM or the end of the pipe. Returns
/// the exit code: 0 after SIGTERM, 1 when something failed, 2 when tandemd did not start it.
int ServeProvider(const std::string& name, const std::string& version,
                  const ProviderFactory& factory, const ServeSettings& settings = {});

}  // namespace tandem
