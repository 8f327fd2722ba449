// Runs a command to its end, for its output.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/status.h"

namespace tandem::aws {

/// The standard output of `command` (found on PATH), at most 64 KiB. It gets no input and no other
/// open descriptor of ours; its standard error is thrown away, because it may hold a secret. The
/// command and its children are killed when `timeout` ends (kDeadlineExceeded) or `stop` is
/// requested (kCancelled). kFailedPrecondition if it cannot start, or ends otherwise than with
/// status 0.
Result<std::string> RunProcess(const std::vector<std::string>& command, Duration timeout,
                               std::stop_token stop);

}  // namespace tandem::aws
