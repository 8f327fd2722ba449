// The part of mermaid's flowcharts that describes an architecture.
//
// Read: `flowchart` or `graph` with a direction, nested `subgraph`s, boxes of every shape, chains
// and
// `&` lists, `-->`, `<-->`, `-.->`, `==>` and open lines of any length, labels, comments, `;`.
// Styles, classes, clicks and inner directions are skipped with a warning. Pure; nothing throws.
#pragma once

#include <memory>
#include <optional>

#include "tandem/diagram/diagram.h"
#include "tandem/model/source.h"

namespace tandem {

/// Nullopt on errors. A dotted arrow is of type "failover"; a label that is one of
/// ConnectionTypes() is the type, another label is dropped with a warning. A box belongs to the
/// first group whose body mentions it. A name in an arrow is a box if one is declared with a shape,
/// else a group, else a box.
std::optional<Diagram> ParseMermaid(const std::shared_ptr<const SourceText>& source,
                                    Diagnostics& found);

}  // namespace tandem
