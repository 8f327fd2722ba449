#include "codec/quick_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "codec/json_cursor.h"
#include "codec/plain_text.h"
#include "tandem/base/utf8.h"

namespace tandem {
namespace {

class Reader : JsonCursor {
 public:
  Reader(std::string_view text, ObjectMaker object) : JsonCursor(text), object_(object) {}

  /// What is at `path`; false: for the parser that reads everything.
  bool Find(const Path& path, std::optional<Value>* value) {
    for (const PathStep& step : path) {
      Skip();
      if (at_ == end_ || *at_ != (step.index >= 0 ? '[' : '{')) return true;
      bool there = false;
      if (!(step.index >= 0 ? Item(step.index, &there) : Member(step.key, &there))) return false;
      if (!there) return true;
    }
    Value found;
    if (!Read(&found, 0)) return false;
    *value = std::move(found);
    return true;
  }

  bool Whole(Value* value) {
    if (!Read(value, 0)) return false;
    Skip();
    return at_ == end_;
  }

 private:
  void Skip() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  bool Read(Value* value, int depth) {
    Skip();
    if (at_ == end_) return false;
    switch (*at_) {
      case '{': return Object(value, depth);
      case '[': return Array(value, depth);
      case '"': {
        std::string text;
        if (!String(&text)) return false;
        *value = std::move(text);
        return true;
      }
      case 't': *value = true; return Word("true");
      case 'f': *value = false; return Word("false");
      case 'n': *value = Value(); return Word("null");
      default: return Number(value);
    }
  }

  /// To the value of a member. Not for objects of which a key stands for something else.
  bool Member(std::string_view name, bool* there) {
    ++at_;
    Skip();
    if (Take('}')) return true;
    do {
      Skip();
      if (!Take('"')) return false;
      const size_t size = PlainBytes(rest(), false);
      const std::string_view key(at_, size);
      at_ += size;
      if (!Take('"') || key.starts_with('$')) return false;
      Skip();
      if (!Take(':')) return false;
      // Sorted: a key that is reserved would have come before.
      if ((*there = key == name)) return true;
      if (!Pass()) return false;
      Skip();
    } while (Take(','));
    return Take('}');
  }

  /// To an item of an array.
  bool Item(int64_t index, bool* there) {
    ++at_;
    Skip();
    if (Take(']')) return true;
    for (int64_t i = 0;; ++i) {
      if ((*there = i == index)) return true;
      if (!Pass()) return false;
      Skip();
      if (!Take(',')) return Take(']');
    }
  }

  /// Behind a value that nobody wants.
  bool Pass() {
    int open = 0;
    do {
      Skip();
      if (at_ == end_) return false;
      switch (*at_++) {
        case '"':
          while ((at_ += PlainBytes(rest(), false)) < end_ && *at_ != '"')
            at_ += *at_ == '\\' ? std::min<ptrdiff_t>(2, end_ - at_) : 1;
          if (at_++ == end_) return false;
          break;
        case '{': case '[': ++open; break;
        case '}': case ']': --open; break;
        case ',': case ':': break;
        default:
          while (at_ < end_ && std::string_view(",]} \n\t\r").find(*at_) == std::string_view::npos) ++at_;
      }
    } while (open > 0);
    return open == 0;
  }

  bool Object(Value* value, int depth) {
    if (depth >= kMaxJsonDepth) return false;
    ++at_;
    Map map;
    Skip();
    if (!Take('}')) {
      do {
        Skip();
        std::string key;
        Value member;
        if (!String(&key)) return false;
        Skip();
        if (!Take(':') || !Read(&member, depth + 1)) return false;
        // Mostly they come sorted, and each goes to the end.
        const size_t before = map.size();
        map.emplace_hint(map.end(), std::move(key), std::move(member));
        if (map.size() == before) return false;  // a key that comes twice
        Skip();
      } while (Take(','));
      if (!Take('}')) return false;
    }
    *value = object_(std::move(map));
    return true;
  }

  bool Array(Value* value, int depth) {
    if (depth >= kMaxJsonDepth) return false;
    ++at_;
    List list;
    Skip();
    if (!Take(']')) {
      do {
        list.emplace_back();
        if (!Read(&list.back(), depth + 1)) return false;
        Skip();
      } while (Take(','));
      if (!Take(']')) return false;
    }
    *value = std::move(list);
    return true;
  }

  bool String(std::string* text) {
    if (!Take('"')) return false;
    const char* from = at_;
    while ((at_ += PlainBytes(rest(), true)) < end_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        text->append(from, at_);
        ++at_;
        return true;
      }
      if (c < 0x20) return false;
      if (c == '\\') {
        text->append(from, at_);
        if (++at_ == end_) return false;
        switch (*at_) {
          case '"': *text += '"'; break;
          case '\\': *text += '\\'; break;
          case '/': *text += '/'; break;
          case 'n': *text += '\n'; break;
          case 'r': *text += '\r'; break;
          case 't': *text += '\t'; break;
          case 'b': *text += '\b'; break;
          case 'f': *text += '\f'; break;
          default: return false;  // \u: rare
        }
        from = ++at_;
      } else {
        const size_t bytes = CharacterBytes(rest());
        if (bytes == 0) return false;
        at_ += bytes;
      }
    }
    return false;
  }

  bool Number(Value* value) {
    const char* from = at_;
    (void)Take('-');
    const char* first = at_;
    if (!Digits() || (*first == '0' && at_ - first > 1)) return false;
    bool whole = true;
    if (Take('.')) {
      whole = false;
      if (!Digits()) return false;
    }
    if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
      whole = false;
      ++at_;
      if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!Digits()) return false;
    }
    if (whole) {
      int64_t number = 0;
      const auto [end, error] = std::from_chars(from, at_, number);
      if (error != std::errc() || end != at_) return false;
      *value = number;
      return true;
    }
    double number = 0;
    const auto [end, error] = std::from_chars(from, at_, number);
    if (error != std::errc() || end != at_ || !std::isfinite(number)) return false;
    *value = number;
    return true;
  }

  ObjectMaker object_;
};

}  // namespace

bool FindQuickly(std::string_view text, const Path& path, ObjectMaker object,
                 std::optional<Value>* value) {
  return Reader(text, object).Find(path, value);
}

bool ParseQuickly(std::string_view text, ObjectMaker object, Value* value) {
  return Reader(text, object).Whole(value);
}

}  // namespace tandem
