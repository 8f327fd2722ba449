// Numbers as text, exactly as the reference implementation reads and writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tandem::expr {

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Decimal with an optional sign; nothing outside int64, no spaces, no underscores.
std::optional<int64_t> ReadInt(std::string_view text);
/// An int literal: decimal or 0x, `negative` for one written after a minus.
std::optional<int64_t> ReadIntLiteral(std::string_view digits, bool negative);
/// Decimal and hexadecimal floats, underscores between digits, inf, infinity and nan in any case.
/// Nothing where the value is too large; too small ones become zero.
std::optional<double> ReadDouble(std::string_view text);
/// The shortest digits that read back, with an exponent where it is below -4 or above 5: "1e+06",
/// "100000", "0.0001", "+Inf", "NaN".
std::string WriteDouble(double value);

}  // namespace tandem::expr
