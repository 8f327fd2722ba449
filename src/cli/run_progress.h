// Following a run until it ends: plain lines off a terminal, a display that redraws itself on one.
#pragma once

#include <optional>
#include <string>

#include "cli/client.h"

namespace tandem {

/// Waits for `run`: its name, every step that ends and how it ends are written as they come. The first Ctrl-C
/// cancels it, the second detaches. `timeout` ends the waiting, not the run. Returns the exit code: 0 succeeded,
/// 4 a step failed, 8 cancelled, 9 time-out.
int FollowRun(Client& client, const std::string& run, size_t steps, std::optional<Duration> timeout,
              const Console& console);

}  // namespace tandem
