// What tandem's own kinds take, told to people; Kind::Explain tells it of resources.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/status.h"

namespace tandem {

/// "tandem/Account" and so on, sorted.
std::vector<std::string> OwnKinds();

/// The members of `kind`, which is one of OwnKinds, or what is to be said of the member at `path`
/// ("objectives.rpo", "groups[0].id"; an index may be left out). kNotFound names the nearest.
Result<std::string> ExplainOwnKind(std::string_view kind, std::string_view path);

}  // namespace tandem
