// SHA-256 and HMAC-SHA-256.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandem {

using Digest = std::array<uint8_t, 32>;

Digest Sha256(std::string_view bytes);

/// The same of bytes that come in pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void Add(std::string_view bytes);
  /// Of all that was added. Once.
  Digest Finish();

 private:
  void* context_;
};

Digest HmacSha256(std::string_view key, std::string_view bytes);

/// Lower-case hexadecimal.
std::string Hex(std::string_view bytes);
std::string Hex(const Digest& digest);
std::string Base64(std::string_view bytes);
/// False if `text` is not standard base64 with padding.
bool FromBase64(std::string_view text, std::string* bytes);

}  // namespace tandem
