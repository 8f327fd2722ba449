// The source text of a scalar: where it ends, and which source byte gives which byte of its value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

enum class ScalarStyle { kPlain, kSingle, kDouble, kLiteral, kFolded };

ScalarStyle StyleAt(std::string_view text, size_t begin);

/// The end of the scalar at `begin` whose value is `value`, in text that the parser accepted; npos
/// for a quoted one that nothing closes, which yaml-cpp accepts at the end of the text.
size_t ScalarEnd(std::string_view text, size_t begin, std::string_view value);

/// A scalar's value decoded again from its text, and for each byte of it the offset that gave it.
struct ScalarMap {
  std::string value;
  std::vector<size_t> offsets;
  size_t end = 0;
};

/// Stops once more than `bytes` bytes are decoded. A block scalar's trailing line breaks are not
/// chomped, and a plain scalar runs on to the next indicator-like end; neither matters for offsets
/// inside the value.
ScalarMap DecodeScalar(std::string_view text, size_t begin, size_t bytes);

}  // namespace tandem
