// JSON as services write it ↔ Value. Unlike codec/json.h, no key is reserved here, a duplicate key's
// last value counts, and integers outside int64 become doubles.
#pragma once

#include <string>
#include <string_view>

#include "tandem/base/status.h"
#include "tandem/model/value.h"

namespace tandem::aws {

/// kInvalidArgument on malformed text, bad UTF-8 and nesting deeper than 100.
Result<Value> ParseWireJson(std::string_view text);

void AppendJsonString(std::string_view text, std::string& out);
/// Keys sorted, no white space. Infinite numbers and NaN as texts. Unknown and sensitive values abort:
/// they are refused before anything is written.
void AppendWireJson(const Value& value, std::string& out);

}  // namespace tandem::aws
