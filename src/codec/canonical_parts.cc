// The parts of canonical JSON as text, without values of them.
#include <algorithm>

#include "codec/json_cursor.h"
#include "codec/plain_text.h"
#include "codec/quick_json.h"
#include "tandem/base/utf8.h"
#include "tandem/codec/json.h"

namespace tandem {
namespace {

class Checker : JsonCursor {
 public:
  using JsonCursor::JsonCursor;

  bool at_end() const { return at_ == end_; }

  /// Calls `part(key, text)` for each member.
  template <typename Part>
  bool Object(int depth, const Part& part) {
    if (depth >= kMaxJsonDepth || !Take('{')) return false;
    if (Take('}')) return true;
    std::string_view before;
    bool first = true;
    do {
      const char* from = at_;
      if (!String()) return false;
      const std::string_view key(from + 1, static_cast<size_t>(at_ - from) - 2);
      // Of a key with escapes the order is another than that of its text.
      if (key.find('\\') != std::string_view::npos || (!first && key <= before)) return false;
      before = key;
      first = false;
      if (!Take(':')) return false;
      from = at_;
      if (!Value(depth + 1)) return false;
      part(key, std::string_view(from, static_cast<size_t>(at_ - from)));
    } while (Take(','));
    return Take('}');
  }

  /// Calls `part(text)` for each item.
  template <typename Part>
  bool Array(int depth, const Part& part) {
    if (depth >= kMaxJsonDepth || !Take('[')) return false;
    if (Take(']')) return true;
    do {
      const char* from = at_;
      if (!Value(depth + 1)) return false;
      part(std::string_view(from, static_cast<size_t>(at_ - from)));
    } while (Take(','));
    return Take(']');
  }

 private:
  bool Value(int depth) {
    if (at_ == end_) return false;
    switch (*at_) {
      case '{': return Object(depth, [](std::string_view, std::string_view) {});
      case '[': return Array(depth, [](std::string_view) {});
      case '"': return String();
      case 't': return Word("true");
      case 'f': return Word("false");
      case 'n': return Word("null");
      default: return Number();
    }
  }

  bool String() {
    if (!Take('"')) return false;
    while ((at_ += PlainBytes(rest(), true)) < end_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return false;
      if (c == '\\') {
        // Others than these are rare, or not canonical.
        if (++at_ == end_ || std::string_view("\"\\nrtbf").find(*at_) == std::string_view::npos) return false;
        ++at_;
      } else {
        const size_t bytes = CharacterBytes(rest());
        if (bytes == 0) return false;
        at_ += bytes;
      }
    }
    return false;
  }

  /// Whole ones of at most 18 digits; all others are for the parser.
  bool Number() {
    const bool negative = Take('-');
    const char* first = at_;
    if (!Digits() || (*first == '0' && (negative || at_ - first > 1)) || at_ - first > 18) return false;
    return at_ == end_ || std::string_view(".eE").find(*at_) == std::string_view::npos;
  }
};

}  // namespace

std::optional<std::vector<JsonMember>> JsonMembers(std::string_view json) {
  std::vector<JsonMember> members;
  Checker checker(json);
  const auto add = [&](std::string_view key, std::string_view text) { members.push_back({key, text}); };
  if (!checker.Object(0, add) || !checker.at_end()) return std::nullopt;
  return members;
}

std::optional<std::vector<std::string_view>> JsonItems(std::string_view json) {
  std::vector<std::string_view> items;
  Checker checker(json);
  if (!checker.Array(0, [&](std::string_view text) { items.push_back(text); }) || !checker.at_end())
    return std::nullopt;
  return items;
}

}  // namespace tandem
