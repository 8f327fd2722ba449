// The half of the lint that proves calls: operations, templates, results, waits.
#pragma once

#include "schema/file_kind.h"

namespace tandem {

void LintCalls(const FileKind& kind, Diagnostics& found);
/// A path of a kind file with "[]" or "*" for any index or key, as one that leads into shapes.
Path AnyPath(std::string_view pattern);
/// The shape of a path of `spec` or of what reads answer, or null pointer.
const ApiShape* ShapeOfField(const FileKind& kind, std::string_view pattern);
/// True if `spec` or an answer has the path.
bool HasField(const FileKind& kind, std::string_view pattern);

}  // namespace tandem
