// Well-formed UTF-8 (RFC 3629): nothing longer than needed, no surrogates, nothing beyond U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace tandem {

/// Bytes of the character at the start of `text`; 0 if it is not well-formed or there is none.
size_t CharacterBytes(std::string_view text);

/// How many bytes at the front of `text` are well-formed.
size_t WellFormedBytes(std::string_view text);

}  // namespace tandem
