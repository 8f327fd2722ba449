// Where a JSON string may be copied as it stands: eight bytes at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tandem {

/// How many bytes at the front of `text` are neither a quote, a backslash nor a control character, nor,
/// for `ascii`, beyond ASCII.
inline size_t PlainBytes(std::string_view text, bool ascii) {
  static_assert(std::endian::native == std::endian::little);
  constexpr uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  // The lowest bit of the result that is set is at the first byte that is `c`: what a borrow sets lies above.
  const auto equal = [](uint64_t bytes, unsigned char c) {
    const uint64_t zero = bytes ^ kOnes * c;
    return (zero - kOnes) & ~zero;
  };
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, text.data() + at, 8);
    const uint64_t control = (bytes - kOnes * 0x20) & ~bytes;
    const uint64_t stops =
        (equal(bytes, '"') | equal(bytes, '\\') | control | (ascii ? bytes : 0)) & kHigh;
    if (stops != 0) return at + static_cast<size_t>(std::countr_zero(stops)) / 8;
  }
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == '"' || c == '\\' || c < 0x20 || (ascii && c >= 0x80)) break;
  }
  return at;
}

}  // namespace tandem
