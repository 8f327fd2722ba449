#include "expr/numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace tandem::expr {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool IsHexDigit(char c) { return IsDigit(c) || (Lower(c) >= 'a' && Lower(c) <= 'f'); }

std::string LowerCase(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = Lower(c);
  return out;
}

/// Each underscore stands between two digits; a base prefix counts as one.
bool UnderscoresSeparateDigits(std::string_view number, bool hex) {
  char previous = hex ? '0' : '^';
  for (const char c : number.substr(hex ? 2 : 0)) {
    if (IsDigit(c) || (hex && IsHexDigit(c))) {
      previous = '0';
    } else if (c == '_') {
      if (previous != '0') return false;
      previous = '_';
    } else {
      if (previous == '_') return false;
      previous = '!';
    }
  }
  return previous != '_';
}

/// Digits, an optional point, an optional exponent (needed after 0x): nothing else, underscores
/// anywhere.
bool IsFloatSyntax(std::string_view number, bool hex) {
  size_t i = hex ? 2 : 0;
  bool point = false;
  bool digits = false;
  for (; i < number.size(); ++i) {
    const char c = number[i];
    if (c == '_') continue;
    if (c == '.') {
      if (point) return false;
      point = true;
    } else if (IsDigit(c) || (hex && IsHexDigit(c))) {
      digits = true;
    } else {
      break;
    }
  }
  if (!digits) return false;
  if (i == number.size()) return !hex;
  if (Lower(number[i]) != (hex ? 'p' : 'e')) return false;
  ++i;
  if (i < number.size() && (number[i] == '+' || number[i] == '-')) ++i;
  if (i >= number.size() || !IsDigit(number[i])) return false;
  for (; i < number.size(); ++i)
    if (!IsDigit(number[i]) && number[i] != '_') return false;
  return true;
}

}  // namespace

std::optional<int64_t> ReadInt(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> ReadIntLiteral(std::string_view digits, bool negative) {
  const bool hex = digits.starts_with("0x");
  std::string text = negative ? "-" : "";
  text += digits.substr(hex ? 2 : 0);
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ReadDouble(std::string_view text) {
  bool negative = false;
  std::string_view number = text;
  if (number.starts_with('-') || number.starts_with('+')) {
    negative = number[0] == '-';
    number.remove_prefix(1);
  }
  const std::string word = LowerCase(number);
  if (word == "inf" || word == "infinity") {
    const double infinity = std::numeric_limits<double>::infinity();
    return negative ? -infinity : infinity;
  }
  if (word == "nan" && number.size() == text.size())
    return std::numeric_limits<double>::quiet_NaN();
  const bool hex = number.size() > 2 && number[0] == '0' && Lower(number[1]) == 'x';
  if (!IsFloatSyntax(number, hex)) return std::nullopt;
  std::string plain;
  plain.reserve(number.size());
  bool underscores = false;
  for (const char c : number) {
    if (c == '_') {
      underscores = true;
    } else {
      plain += c;
    }
  }
  if (underscores && !UnderscoresSeparateDigits(number, hex)) return std::nullopt;
  // strtod never sees a locale here: the process keeps the C locale.
  const double value = std::strtod(plain.c_str(), nullptr);
  if (std::isinf(value)) return std::nullopt;
  return negative ? -value : value;
}

std::string WriteDouble(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[64];
  const auto result =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<size_t>(result.ptr - buffer));
  const size_t e = text.find('e');
  int exponent = 0;
  const bool plus = text[e + 1] == '+';
  std::from_chars(text.data() + e + (plus ? 2 : 1), text.data() + text.size(), exponent);
  std::string digits;
  for (const char c : text.substr(0, e))
    if (IsDigit(c)) digits += c;
  std::string out = std::signbit(value) ? "-" : "";
  const int count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 6) {
    out += digits[0];
    if (count > 1) out += "." + digits.substr(1);
    return out + fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0)
    return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  if (count <= exponent + 1)
    return out + digits + std::string(static_cast<size_t>(exponent + 1 - count), '0');
  return out + digits.substr(0, static_cast<size_t>(exponent + 1)) + "." +
         digits.substr(static_cast<size_t>(exponent + 1));
}

}  // namespace tandem::expr
