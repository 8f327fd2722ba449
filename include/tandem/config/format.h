// The canonical layout of YAML text, by editing lines: nothing is written anew.
//
// Blocks are indented by two, an item's content stands one space behind its '-', lines have no
// trailing blanks and end with LF, one blank line at most separates others, and none begins or ends
// a document. Comments, quotes, flow collections, key order and the inside of texts stay as they
// are.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tandem/config/parse.h"
#include "tandem/model/source.h"

namespace tandem {

/// The text in canonical layout, or nullopt with errors in `found`: it does not parse, or (our own
/// doubt) the YAML events before and after would differ. Formatting a result again changes nothing.
std::optional<std::string> FormatYaml(const std::shared_ptr<const SourceText>& source,
                                      const ParseLimits& limits, Diagnostics& found);

}  // namespace tandem
