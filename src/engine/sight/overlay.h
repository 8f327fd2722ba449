// R4: the last write lies over reads that do not show it yet.
#pragma once

#include "tandem/codec/json.h"
#include "tandem/schema/kind.h"

namespace tandem {

/// Lays over `read`, what was read of an object, those values of `written` that it does not show yet. Of maps
/// that others fill too only what was written: what the cloud has put beside it stays to be seen. True if all of `written`
/// was there.
bool LayOver(const Kind& kind, const Value& written, Value& read);

}  // namespace tandem
