// Proves a kind file against its API description.
#pragma once

#include "schema/file_kind.h"

namespace tandem {

/// False when `found` got errors.
bool LintKind(const FileKind& kind, Diagnostics& found);

}  // namespace tandem
