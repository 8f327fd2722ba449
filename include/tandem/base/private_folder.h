// Folders in which nobody else can put, take away or exchange what we keep there.
#pragma once

#include <string>

#include "tandem/base/status.h"

namespace tandem {

/// What others may do in a folder.
enum class Others {
  kMayNotWrite,
  kMayAdd,  // where the sticky bit keeps them from what is not theirs, as in /tmp
};

/// OK when the folder `path`, and a link that it may be, belongs to this process's user or root, and others
/// can do no more than `others`. kPermissionDenied says what is wrong and how to cure it; kUnavailable when
/// it cannot be looked at, or is no folder.
Status CheckPrivateFolder(const std::string& path, Others others);

}  // namespace tandem
