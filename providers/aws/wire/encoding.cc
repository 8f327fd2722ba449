#include "providers/aws/wire/encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "providers/aws/wire/message.h"
#include "tandem/base/clock.h"
#include "tandem/base/hash.h"

namespace tandem::aws {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kFirst = -62'135'596'800 * kSecond;  // 0001-01-01T00:00:00Z
constexpr int64_t kLast = 253'402'300'799 * kSecond;   // 9999-12-31T23:59:59Z
constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = Lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Whole seconds since 1970, rounded down, and the rest in microseconds.
std::pair<int64_t, int64_t> Split(int64_t micros) {
  int64_t seconds = micros / kSecond;
  int64_t rest = micros % kSecond;
  if (rest < 0) {
    --seconds;
    rest += kSecond;
  }
  return {seconds, rest};
}

Value SecondsValue(int64_t micros) {
  if (micros % kSecond == 0) return micros / kSecond;
  return static_cast<double>(micros) / static_cast<double>(kSecond);
}

/// std::from_chars knows no plus sign.
std::string_view WithoutPlus(std::string_view text) {
  return text.size() > 1 && text[0] == '+' && text[1] != '-' ? text.substr(1) : text;
}

/// "Tue, 29 Apr 2014 18:30:38[.123] GMT", the weekday unchecked.
std::optional<int64_t> ParseRfc822(const std::string& text) {
  int day = 0;
  char month[4] = {};
  int year = 0;
  std::tm parts{};
  int read = 0;
  if (std::sscanf(text.c_str(), "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d%n", &day, month, &year,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &read) != 6)
    return std::nullopt;
  const auto* found = std::find_if(std::begin(kMonths), std::end(kMonths), [&](const char* name) {
    return EqualsIgnoringCase(name, month);
  });
  if (found == std::end(kMonths)) return std::nullopt;
  std::string_view rest = std::string_view(text).substr(read);
  int64_t micros = 0;
  if (!rest.empty() && rest[0] == '.') {
    int64_t scale = kSecond / 10;
    for (rest.remove_prefix(1); !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; scale /= 10) {
      micros += (rest[0] - '0') * scale;
      rest.remove_prefix(1);
    }
  }
  rest = Trimmed(rest);
  if (rest != "GMT" && rest != "UTC" && rest != "+0000") return std::nullopt;
  parts.tm_mday = day;
  parts.tm_mon = static_cast<int>(found - std::begin(kMonths));
  parts.tm_year = year - 1900;
  return static_cast<int64_t>(timegm(&parts)) * kSecond + micros;
}

}  // namespace

const std::string* FindHeader(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (EqualsIgnoringCase(key, name)) return &value;
  return nullptr;
}

std::string PercentEncode(std::string_view text, std::string_view safe) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' ||
                       safe.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4];
      out += "0123456789ABCDEF"[byte & 15];
    }
  }
  return out;
}

std::string PercentDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool IsUtf8(std::string_view bytes) {
  size_t i = 0;
  while (i < bytes.size()) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    size_t more = 0;
    uint32_t point = first;
    if (first >= 0xF0 && first <= 0xF4) {
      more = 3;
      point = first & 0x07;
    } else if (first >= 0xE0 && first < 0xF0) {
      more = 2;
      point = first & 0x0F;
    } else if (first >= 0xC2 && first < 0xE0) {
      more = 1;
      point = first & 0x1F;
    } else if (first >= 0x80) {
      return false;
    }
    if (bytes.size() - i <= more) return false;
    for (size_t j = 1; j <= more; ++j) {
      const auto next = static_cast<unsigned char>(bytes[i + j]);
      if ((next & 0xC0) != 0x80) return false;
      point = point << 6 | (next & 0x3F);
    }
    const bool overlong = (more == 2 && point < 0x800) || (more == 3 && point < 0x10000);
    if (overlong || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    i += more + 1;
  }
  return true;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

Result<std::string> BlobBytes(const Value& value) {
  if (value.is_string()) return value.as_string();
  std::string bytes;
  const Value* encoded = value.Find("$base64");
  if (encoded == nullptr || !encoded->is_string() || !FromBase64(encoded->as_string(), &bytes))
    return InvalidArgument("a blob is a text, or {\"$base64\": TEXT}");
  return bytes;
}

Value BlobValue(std::string bytes) {
  if (IsUtf8(bytes)) return bytes;
  return Map{{"$base64", Base64(bytes)}};
}

Result<int64_t> TimeMicros(const Value& value) {
  int64_t micros = 0;
  if (value.is_int() || value.is_double()) {
    const double seconds =
        value.is_int() ? static_cast<double>(value.as_int()) : value.as_double();
    if (!(seconds >= -6.3e10 && seconds <= 2.6e11))
      return InvalidArgument(fmt::format("time {} is out of range", seconds));
    micros = value.is_int() ? value.as_int() * kSecond
                            : static_cast<int64_t>(std::llround(seconds * kSecond));
  } else if (value.is_string()) {
    TANDEM_ASSIGN_OR_RETURN(const Time time, ParseTime(value.as_string()));
    micros = time.time_since_epoch().count();
  } else {
    return InvalidArgument("a time is a number of seconds or an RFC 3339 text");
  }
  if (micros < kFirst || micros > kLast) return InvalidArgument("time is out of range");
  return micros;
}

std::string FormatTimestamp(int64_t micros, TimestampFormat format) {
  const auto [seconds, rest] = Split(micros);
  if (format == TimestampFormat::kUnix) {
    if (rest == 0) return std::to_string(seconds);
    return DoubleText(static_cast<double>(micros) / static_cast<double>(kSecond));
  }
  const std::time_t whole = seconds;
  std::tm parts{};
  gmtime_r(&whole, &parts);
  if (format == TimestampFormat::kRfc822) {
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday],
                       parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                       parts.tm_min, parts.tm_sec);
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     rest == 0 ? "" : fmt::format(".{:06}", rest));
}

std::optional<Value> TimestampFromSeconds(double seconds) {
  if (!(seconds >= -6.3e10 && seconds <= 2.6e11)) return std::nullopt;
  return SecondsValue(std::llround(seconds * kSecond));
}

std::optional<Value> ParseTimestamp(std::string_view text) {
  text = Trimmed(text);
  if (const auto time = ParseTime(text); time.ok())
    return SecondsValue(time->time_since_epoch().count());
  if (const auto micros = ParseRfc822(std::string(text))) return SecondsValue(*micros);
  if (const auto number = ParseFloat(text)) {
    if (number->is_double()) return TimestampFromSeconds(number->as_double());
  }
  return std::nullopt;
}

std::string DoubleText(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string ScalarText(const Value& value) {
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_double()) return DoubleText(value.as_double());
  return value.is_string() ? value.as_string() : "";
}

std::optional<int64_t> ParseInt(std::string_view text) {
  text = Trimmed(text);
  text = WithoutPlus(text);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::optional<Value> ParseFloat(std::string_view text) {
  text = Trimmed(text);
  if (text == "NaN" || text == "Infinity" || text == "-Infinity") return Value(text);
  if (text.empty() || text.find_first_not_of("0123456789+-.eE") != std::string_view::npos)
    return std::nullopt;
  text = WithoutPlus(text);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Value(number);
}

}  // namespace tandem::aws
