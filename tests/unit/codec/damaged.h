// Texts with bytes changed, cut out and doubled at random.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tandem/base/random.h"

namespace tandem {

/// `text` with one to three such changes; never empty. The bytes are those that JSON is made of, and broken UTF-8.
inline std::string Damaged(std::string text, SeededRandom& random) {
  constexpr std::string_view kBytes = "{}[]\",:\\ntf0123456789.eE+- \xc3\xa9\xed\xa0\x80\xf0";
  for (uint64_t i = 0, changes = 1 + random.Below(3); i < changes; ++i) {
    const size_t at = random.Below(text.size());
    const char byte = kBytes[random.Below(kBytes.size())];
    switch (random.Below(3)) {
      case 0: text[at] = byte; break;
      case 1: text.erase(at, 1 + random.Below(3)); break;
      default: text.insert(at, 1, byte);
    }
    if (text.empty()) text = "0";
  }
  return text;
}

}  // namespace tandem
