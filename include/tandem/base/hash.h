// SHA-256 and HMAC-SHA-256.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandem {

using Digest = std::array<uint8_t, 32>;

Digest Sha256(std::string_view bytes);
Digest HmacSha256(std::string_view key, std::string_view bytes);

/// Lower-case hexadecimal.
std::string Hex(std::string_view bytes);
std::string Hex(const Digest& digest);
std::string Base64(std::string_view bytes);
/// False if `text` is not standard base64 with padding.
bool FromBase64(std::string_view text, std::string* bytes);

}  // namespace tandem
