// What the commands that need no daemon share.
#pragma once

#include <memory>

#include "cli/client.h"
#include "tandem/compile/compile.h"
#include "tandem/schema/kind.h"

namespace tandem {

/// The catalog of --schemas, else of `../share/tandem/schemas` beside the program, else of the source
/// tree; null pointer with a message printed.
std::unique_ptr<Catalog> LoadCatalog(const Flags& flags, const Console& console);
/// The model that -f names, compiled, its diagnostics printed (as JSON when asked); null pointer with the
/// exit code 2 to be returned.
std::shared_ptr<const CompiledModel> CompileModel(const Sources& sources, const Catalog& catalog,
                                                  Diagnostics& found);

}  // namespace tandem
