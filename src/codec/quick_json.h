// Reads JSON as we write it ourselves, fast. What it does not take is for the parser that explains.
#pragma once

#include <optional>
#include <string_view>

#include "tandem/model/value.h"

namespace tandem {

/// Makes the value of an object whose members are all there: markers and escaped keys (codec/json.h).
using ObjectMaker = Value (*)(Map map);

/// Nesting beyond this is refused.
constexpr int kMaxJsonDepth = 200;

/// False for anything that is no JSON in good UTF-8, and for some that is: then `value` means nothing.
bool ParseQuickly(std::string_view text, ObjectMaker object, Value* value);

/// The value at `path` of canonical JSON, or nothing. False for some that this does not read: then `value`
/// means nothing.
bool FindQuickly(std::string_view text, const Path& path, ObjectMaker object, std::optional<Value>* value);

}  // namespace tandem
