// The composition of tandemd: everything is made here, in order, and stopped in the opposite one.
#pragma once

#include "daemon/settings.h"

namespace tandem {

/// Serves until SIGTERM or SIGINT, then stops in order; a second signal quits at once. Returns the exit
/// code: 0, or 2 for a configuration, 1 for anything else that keeps it from serving. Says why on
/// standard error.
int RunDaemon(const Settings& settings);

}  // namespace tandem
