// Value ↔ canonical JSON (DESIGN.md section 2, "Value").
//
// Canonical: UTF-8 as given, keys sorted by bytes, no white space, integers decimal, integral doubles
// below 2^53 as integers, other doubles as std::to_chars writes them; NaN and infinities are refused.
// Unknown and sensitive values are objects under the reserved key "$tandem"; a user's key of
// one or more "$" and "tandem…" gets one more "$" in front, and loses it on the way back.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/base/copy_on_write.h"
#include "tandem/base/status.h"
#include "tandem/model/value.h"

namespace tandem {

/// Aborts on NaN and infinities: they are refused where a Value is made.
std::string ToCanonicalJson(const Value& value);
/// The same, indented by two for people.
std::string ToPrettyJson(const Value& value);
/// Adds to `json` what ToCanonicalJson makes of a text.
void AppendJsonText(std::string_view text, std::string* json);
/// kInvalidArgument with the byte offset on malformed text, duplicate keys, integers outside int64,
/// bad UTF-8, and nesting deeper than 200. Numbers without fraction or exponent are ints.
Result<Value> ParseJson(std::string_view text);

struct JsonMember {
  std::string_view key;
  std::string_view text;
};
/// The members of an object and the items of an array, each as the text that it has in `json`, which is looked
/// through to its end. nullopt when that is no such thing, or is not written as ToCanonicalJson writes: ParseJson
/// says what is wrong with it, if anything is.
std::optional<std::vector<JsonMember>> JsonMembers(std::string_view json);
std::optional<std::vector<std::string_view>> JsonItems(std::string_view json);

/// The first 16 bytes of SHA-256, in hexadecimal.
std::string Fingerprint(std::string_view canonical_json);
std::string FingerprintOf(const Value& value);
/// "sha256:" and 64 digits.
std::string DigestOf(const Value& value);

/// A Value at rest: canonical JSON and the 16 bytes of its fingerprint. Copies share them.
class Packed {
 public:
  /// Holds nothing.
  Packed() = default;
  static Packed From(const Value& value);
  /// As it came from elsewhere: nobody has looked at `json` yet.
  static Packed Unread(std::string json);

  const std::string& json() const { return held_->json; }
  using Print = std::array<unsigned char, 16>;
  /// What Fingerprint() makes of its JSON, as bytes; zeros when it holds nothing.
  const Print& fingerprint() const { return held_->fingerprint; }
  /// Aborts if the JSON is malformed: a Packed is only made from a Value or checked input.
  Value Unpack() const;
  /// What Unpack() has at `path`, without unpacking what lies beside it.
  std::optional<Value> At(const Path& path) const;
  bool empty() const { return json().empty(); }
  /// Keeps `other`'s bytes in place of its own where they are the same.
  void ShareWith(const Packed& other) {
    if (*this == other) held_ = other.held_;
  }
  friend bool operator==(const Packed& a, const Packed& b) {
    return a.fingerprint() == b.fingerprint();
  }

 private:
  struct Held {
    std::string json;
    Print fingerprint{};
  };
  CopyOnWrite<Held> held_;
};

}  // namespace tandem
