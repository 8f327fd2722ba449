// What a compile of everything and one of what changed have in common.
#pragma once

#include <memory>
#include <string>

#include "tandem/compile/compile.h"

namespace tandem {

/// `known` as it stands at another place, its parse reused.
std::shared_ptr<const Document> MoveTo(const std::shared_ptr<const Document>& known,
                                       const DocumentText& text);

/// A model's digest, of CompiledModel::digests.
std::string DigestOfAll(const std::string& digests);

/// The model that `known` becomes by `changes`, by looking at the changed documents alone; everything
/// else is shared. Null pointer where that cannot be told from them: anything is wrong, an address goes,
/// documents of tandem itself or under for-each are among them, and so on.
std::shared_ptr<const CompiledModel> CompileFew(const CompiledModel& known,
                                                const ModelChanges& changes, const Catalog& catalog,
                                                const CompileOptions& options);

}  // namespace tandem
