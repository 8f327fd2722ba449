// Secrets in what is read of live objects: told by what was sent, kept as digests (R4, R15).
#pragma once

#include <string_view>
#include <vector>

#include "engine/context.h"
#include "tandem/model/value.h"
#include "tandem/schema/kind.h"

namespace tandem {

/// `fields` with no plaintext where one of `forms` (desired, settled, recorded; null pointers are skipped) has a
/// secret: a text that is what was sent becomes that Sensitive itself; another text there becomes a
/// Sensitive with its digest under `key` and no recipe, so that it differs from whatever is wanted.
/// A text that equals a sent secret is masked wherever it stands. Paths that the vendor writes in a form of
/// its own (`compare` other than exact) pass for what was sent.
Value MaskSecrets(const Kind& kind, Value fields, const std::vector<const Value*>& forms,
                  std::string_view key);

/// What a read of `resource` gave, masked by its record; without one, by the accepted model.
Value MaskedFields(const Context& context, const Resource& resource, const Kind& kind,
                   const Packed& fields);

}  // namespace tandem
