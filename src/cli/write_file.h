// Files that the command line leaves behind.
#pragma once

#include <sys/types.h>

#include <string>

#include "tandem/base/status.h"

namespace tandem {

/// Puts `text` in the place of `path`, whole or not at all, with `mode`. It is written beside it first, under a name
/// that nothing else has. A symbolic link is replaced, not followed; what is neither a file nor a link to one stays.
Status WriteFile(const std::string& path, const std::string& text, mode_t mode);

}  // namespace tandem
