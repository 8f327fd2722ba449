#include "tandem/base/printable.h"

#include "tandem/base/utf8.h"

namespace tandem {
namespace {

bool IsControl(std::string_view character) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;  // C1
  return character.size() == 1 && (byte(0) < 0x20 || byte(0) == 0x7F);
}

std::string Replaced(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t bytes = CharacterBytes(text);
    const std::string_view character = text.substr(0, bytes);
    if (bytes == 0 || (IsControl(character) && character != "\t" && !(lines && character == "\n"))) {
      out += '?';
    } else {
      out += character == "\t" ? " " : character;
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return out;
}

}  // namespace

std::string Printable(std::string_view text) { return Replaced(text, false); }

std::string PrintableLines(std::string_view text) { return Replaced(text, true); }

}  // namespace tandem
