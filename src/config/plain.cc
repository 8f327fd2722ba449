#include "config/plain.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace tandem {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

PlainScalar Fault(std::string summary, std::string detail) {
  PlainScalar result;
  result.error = std::move(summary);
  result.detail = std::move(detail);
  return result;
}

PlainScalar OutOfRange(std::string_view text) {
  return Fault(fmt::format("the integer {} does not fit into 64 bits", text),
               "quote it if it is a name or an identifier");
}

PlainScalar Integer(std::string_view text, std::string_view digits, int base) {
  int64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, base);
  if (error != std::errc() || stop != end) return OutOfRange(text);
  PlainScalar result;
  result.value = number;
  return result;
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?` without its sign.
bool IsFloat(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at - begin;
  };
  const size_t whole = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

bool IsTrue(std::string_view text) {
  return text.size() == 4 && (text == "true" || text == "True" || text == "TRUE");
}
bool IsFalse(std::string_view text) {
  return text.size() == 5 && (text == "false" || text == "False" || text == "FALSE");
}

PlainScalar String(std::string_view text) {
  PlainScalar result;
  result.value = text;
  return result;
}

PlainScalar Number(std::string_view text) {
  std::string_view digits = text;
  const bool negative = digits[0] == '-';
  const bool sign = negative || digits[0] == '+';
  if (sign) digits.remove_prefix(1);
  if (digits.empty()) return String(text);
  if (AllDigits(digits)) {
    PlainScalar result = Integer(text, negative ? text : digits, 10);
    if (digits.size() > 1 && digits[0] == '0' && result.error.empty()) {
      result.warning =
          fmt::format("the number {} is read as decimal {}", text, result.value.as_int());
      result.detail =
          "quote it if it is an identifier; octal is written 0o" +
          std::string(digits.substr(digits.find_first_not_of('0') == std::string_view::npos
                                        ? digits.size() - 1
                                        : digits.find_first_not_of('0')));
    }
    return result;
  }
  if (!sign && digits.size() > 2 && digits[0] == '0' && (digits[1] == 'o' || digits[1] == 'x')) {
    const bool octal = digits[1] == 'o';
    const std::string_view rest = digits.substr(2);
    const bool fits = std::all_of(rest.begin(), rest.end(), [&](char c) {
      return octal ? c >= '0' && c <= '7' : std::isxdigit(static_cast<unsigned char>(c)) != 0;
    });
    return fits ? Integer(text, rest, octal ? 8 : 16) : String(text);
  }
  if (digits == ".inf" || digits == ".Inf" || digits == ".INF")
    return Fault("an infinity is not a value", "quote it if it is a text");
  if (!sign && (digits == ".nan" || digits == ".NaN" || digits == ".NAN"))
    return Fault("'not a number' is not a value", "quote it if it is a text");
  if (!IsFloat(digits)) return String(text);
  double number = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc::result_out_of_range || !std::isfinite(number))
    return Fault(fmt::format("the number {} is outside what a double holds", text),
                 "quote it if it is a text");
  if (error != std::errc() || stop != digits.data() + digits.size()) return String(text);
  PlainScalar result;
  result.value = negative ? -number : number;
  return result;
}

}  // namespace

bool IsPlainNull(std::string_view text) {
  return text.empty() || text == "~" ||
         (text.size() == 4 && (text == "null" || text == "Null" || text == "NULL"));
}

bool IsPlainWord(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && is_letter(text[0]) && !IsPlainNull(text) && !IsTrue(text) && !IsFalse(text);
}

PlainScalar ResolvePlain(std::string_view text) {
  if (IsPlainNull(text)) return {};
  if (IsTrue(text) || IsFalse(text)) {
    PlainScalar result;
    result.value = IsTrue(text);
    return result;
  }
  const char first = text[0];
  return first == '-' || first == '+' || first == '.' || IsDigit(first) ? Number(text) : String(text);
}

}  // namespace tandem
