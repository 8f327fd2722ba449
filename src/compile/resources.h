// Documents that a provider realises → ModelResources: kind, account, for-each, what they need.
#pragma once

#include <memory>

#include "tandem/compile/compile.h"

namespace tandem {

/// Adds the resources of `document` (several under tandem/for-each) to the model, in which Platform,
/// accounts and components have been read. Spec and references are checked later, by CheckResources.
void ReadResource(const std::shared_ptr<const Document>& document, const Catalog& catalog,
                  CompiledModel& model, Diagnostics& found);

/// References of accounts, then of resources: fills `needs`, reports dangling ones and cycles, and
/// checks every evaluated spec against its kind.
void CheckResources(const Catalog& catalog, const ParallelFor& parallel, CompiledModel& model,
                    Diagnostics& found);

}  // namespace tandem
