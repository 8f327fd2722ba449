// Names and messages as a terminal may show them: what others wrote can neither move its cursor nor end a line.
#pragma once

#include <string>
#include <string_view>

namespace tandem {

/// `text` as one line: a tab as a space; every other control character (C0, DEL, C1) and every byte that is not UTF-8
/// as '?'. What takes the place of a character is one character wide.
std::string Printable(std::string_view text);

/// As Printable, of lines: '\n' stays.
std::string PrintableLines(std::string_view text);

}  // namespace tandem
