// Value ↔ canonical JSON (DESIGN.md section 2, "Value").
//
// Canonical: UTF-8 as given, keys sorted by bytes, no white space, integers decimal, integral doubles
// below 2^53 as integers, other doubles as std::to_chars writes them; NaN and infinities are refused.
// Unknown and sensitive values are objects under the reserved key "$tandem"; a user's key of
// one or more "$" and "tandem…" gets one more "$" in front, and loses it on the way back.
#pragma once

#include <string>
#include <string_view>

#include "tandem/base/status.h"
#include "tandem/model/value.h"

namespace tandem {

/// Aborts on NaN and infinities: they are refused where a Value is made.
std::string ToCanonicalJson(const Value& value);
/// The same, indented by two for people.
std::string ToPrettyJson(const Value& value);
/// kInvalidArgument with the byte offset on malformed text, duplicate keys, integers outside int64,
/// bad UTF-8, and nesting deeper than 200. Numbers without fraction or exponent are ints.
Result<Value> ParseJson(std::string_view text);

/// The first 16 bytes of SHA-256, in hexadecimal.
std::string Fingerprint(std::string_view canonical_json);
std::string FingerprintOf(const Value& value);
/// "sha256:" and 64 digits.
std::string DigestOf(const Value& value);

/// A Value at rest.
struct Packed {
  std::string json;
  std::string fingerprint;

  static Packed From(const Value& value);
  /// Aborts if `json` is malformed: a Packed is only made from a Value or checked input.
  Value Unpack() const;
  bool empty() const { return json.empty(); }
  friend bool operator==(const Packed& a, const Packed& b) { return a.fingerprint == b.fingerprint; }
};

}  // namespace tandem
