// What calls do to the members of an object.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/model/value.h"
#include "tandem/schema/kind.h"

namespace tandem {

/// Every string at `path`, where "[]" stands for any index; a list of strings at its end counts
/// too.
void EachTextAt(const Value& value, std::string_view path,
                const std::function<void(const std::string&)>& each);

/// The first step of a path's text: "Tags" of "Tags[0].Key".
std::string TopMember(const std::string& path);

/// `live` after a call carried `desired` there: maps and keyed lists are merged entry by entry,
/// entries in `recorded` that `desired` lacks are removed, everything else is replaced. Null
/// pointers: absent.
Value Merged(const Kind& kind, const Path& path, const Value* live, const Value& desired,
             const Value* recorded);

/// Removes what no answer carries.
void StripWriteOnly(const Kind& kind, Value& fields);
/// Fills in the API's own defaults where the request said nothing.
void FillDefaults(const Kind& kind, Value& fields);
/// `spec` with literals at secret paths as secrets, the way documents spell them.
Value WithSecretsHidden(const Kind& kind, const Value& spec);

/// The first path at or below `path` that is immutable and differs between `live` and `desired` in
/// the kind's canonical form, or "".
std::string ImmutableChange(const Kind& kind, const Path& path, const Value& live_fields,
                            const Value& desired_fields);

}  // namespace tandem
