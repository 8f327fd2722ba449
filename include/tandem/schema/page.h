// The reference page of a kind, docs/kinds/<group>/<Kind>.md, made from its kind file and its API.
#pragma once

#include <string>

#include "tandem/schema/kind.h"

namespace tandem {

/// Markdown. Aborts for a Kind that no catalog made.
std::string KindPage(const Kind& kind);

}  // namespace tandem
