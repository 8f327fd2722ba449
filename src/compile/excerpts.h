// What diagnostics may quote of the texts (R15).
#pragma once

#include <memory>
#include <vector>

#include "tandem/config/parse.h"
#include "tandem/model/document.h"
#include "tandem/schema/kind.h"

namespace tandem {

/// `found` with what may be a secret blanked in every text that its items quote: texts written out at secret
/// paths and wherever else the same text stands, what stands in secret() and is no URI, and, in
/// documents that could not be read, all that follows the name of a secret member.
Diagnostics HideSecrets(const std::vector<std::shared_ptr<const Document>>& documents,
                        const std::vector<DocumentText>& unread, const Catalog& catalog,
                        const Diagnostics& found);

}  // namespace tandem
