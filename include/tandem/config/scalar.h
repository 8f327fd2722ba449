// Where the characters of a YAML scalar are written, for carets inside expressions.
#pragma once

#include <cstddef>

#include "tandem/model/source.h"

namespace tandem {

/// The offset in `source` of the character that gives byte `decoded_offset` of the scalar whose
/// text (quote, `|`, `>` or first character) is at `value_begin`: plain, single- or double-quoted,
/// literal or folded, on one line or several. An offset past the scalar's value gives its end; one
/// inside an escape gives the escape's start.
size_t OffsetInScalar(const SourceText& source, size_t value_begin, size_t decoded_offset);

}  // namespace tandem
