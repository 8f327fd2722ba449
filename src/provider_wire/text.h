// Vendor texts made fit for a protobuf string: UTF-8, and no longer than a reader needs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tandem {

/// `text` with every byte that is not UTF-8 as '?', cut to `limit` bytes at a character's edge.
std::string CleanText(std::string_view text, size_t limit = 4096);

/// Bytes of an identity, a handle or a name.
inline constexpr size_t kIdentityBytes = 16 << 10;

/// True if `text` crosses the wire as it is. What names an object must: cut or cleaned, it would name
/// another.
bool CrossesWhole(std::string_view text);

}  // namespace tandem
