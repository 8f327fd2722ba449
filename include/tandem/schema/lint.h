// Are the kind files of a catalog true? Run by a test over all that are shipped, and by `validate`
// for kinds that users add.
#pragma once

#include "tandem/model/source.h"
#include "tandem/schema/kind.h"

namespace tandem {

/// Loads every kind and gathers what is wrong in each file, and between them: references, parents
/// and cascades that name no kind or no field.
Diagnostics LintKinds(const Catalog& catalog);

}  // namespace tandem
