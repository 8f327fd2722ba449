// How single values are written on the wire: escapes, times, numbers, bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tandem/base/status.h"
#include "tandem/model/value.h"
#include "tandem/schema/api_model.h"

namespace tandem::aws {

/// Everything outside A-Z a-z 0-9 - . _ ~ and `safe` as %XX, in upper case.
std::string PercentEncode(std::string_view text, std::string_view safe = "");
/// %XX undone; a stray % stays.
std::string PercentDecode(std::string_view text);

inline constexpr size_t kMaxNesting = 100;  // of elements, maps and lists in each other

/// `text`, or where it is empty `otherwise`.
inline std::string_view TextOr(std::string_view text, std::string_view otherwise) {
  return text.empty() ? otherwise : text;
}

bool IsUtf8(std::string_view bytes);
bool EqualsIgnoringCase(std::string_view a, std::string_view b);
std::string_view Trimmed(std::string_view text);

/// The bytes that a blob's Value stands for: a text, or {"$base64": TEXT}.
Result<std::string> BlobBytes(const Value& value);
/// The inverse: a text where the bytes are UTF-8.
Value BlobValue(std::string bytes);

/// Microseconds since 1970 of a number of seconds or an RFC 3339 text, between the years 1 and 9999.
Result<int64_t> TimeMicros(const Value& value);
/// "2026-01-31T12:00:00Z", "Sat, 31 Jan 2026 12:00:00 GMT" or "1769860800"; a fraction of a second is
/// kept by the first and the last.
std::string FormatTimestamp(int64_t micros, TimestampFormat format);
/// Seconds since 1970 (int, or double with a fraction) from any of these forms.
std::optional<Value> ParseTimestamp(std::string_view text);
std::optional<Value> TimestampFromSeconds(double seconds);

/// A bool, number or text as it stands in a URI, a header or an XML element.
std::string ScalarText(const Value& value);
std::string DoubleText(double number);
std::optional<int64_t> ParseInt(std::string_view text);
/// A double; or the text itself for "NaN", "Infinity" and "-Infinity", which no Value holds as a number.
std::optional<Value> ParseFloat(std::string_view text);

}  // namespace tandem::aws
