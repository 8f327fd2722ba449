// Blanks and lines, as YAML counts them.
#pragma once

#include <cstddef>
#include <string_view>

namespace tandem {

inline bool IsBlank(char c) { return c == ' ' || c == '\t'; }
inline bool IsSpace(char c) { return IsBlank(c) || c == '\n' || c == '\r'; }

/// Where the line of `at` begins.
inline size_t LineStart(std::string_view text, size_t at) {
  const size_t newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

}  // namespace tandem
