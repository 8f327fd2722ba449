// tandem's own documents, read and checked: Platform, Account, Component.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tandem/compile/compile.h"

namespace tandem {

/// The words that a member may be.
const std::vector<std::string>& ComponentLayers();
const std::vector<std::string>& CredentialSources();

void ReadPlatform(const std::shared_ptr<const Document>& document, CompiledModel& model,
                  Diagnostics& found);
void ReadAccount(const std::shared_ptr<const Document>& document, CompiledModel& model,
                 Diagnostics& found);
void ReadComponent(const std::shared_ptr<const Document>& document, CompiledModel& model,
                   Diagnostics& found);
/// What holds between them: sites, groups and the ends of connections exist; of a `partial` model
/// ends may be missing, which was reported where they stand. Puts components into the diagram's
/// order: groups as Platform.spec.groups nests them, a group's own boxes after its subgroups.
void CheckDiagram(bool partial, CompiledModel& model, Diagnostics& found);
/// Sites, components and kinds that policies select must be there; of a `partial` model components may be missing.
void CheckSelectors(bool partial, const CompiledModel& model, const Catalog& catalog, Diagnostics& found);

}  // namespace tandem
