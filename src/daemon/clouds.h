// Whether a state directory is about simulated clouds or real ones: the file DIR/clouds says it in a word.
#pragma once

#include <string>

#include "tandem/base/status.h"

namespace tandem {

/// kInvalidArgument when what the directory remembers is of the other clouds: what is true of these would be
/// looked for, or made, in those. OK where nothing is remembered yet.
Status CheckClouds(const std::string& state_dir, bool sandbox);

/// Remembers which they are, unless it is known. kUnavailable when it cannot be written.
Status RememberClouds(const std::string& state_dir, bool sandbox);

}  // namespace tandem
