#include "config/plain_lines.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "config/plain.h"

namespace tandem {
namespace {

constexpr size_t kDeepest = 48;
constexpr size_t kLongestKey = 256;  // well below what yaml-cpp takes for a simple key

enum : uint8_t { kKey = 1, kFirst = 2, kInside = 4 };

/// What a byte may be: part of a key, the first of a plain text, inside of one.
constexpr std::array<uint8_t, 256> kBytes = [] {
  std::array<uint8_t, 256> bytes{};
  for (int c = ' '; c < 0x7f; ++c) bytes[c] = kInside;
  for (int c = '0'; c <= '9'; ++c) bytes[c] = kKey | kFirst | kInside;
  for (int c = 'a'; c <= 'z'; ++c) bytes[c] = kKey | kFirst | kInside;
  for (int c = 'A'; c <= 'Z'; ++c) bytes[c] = kKey | kFirst | kInside;
  for (const char c : {'_', '/', '.'}) bytes[static_cast<uint8_t>(c)] = kKey | kFirst | kInside;
  for (const char c : {'$', '+', '(', '=', '^', '<'})
    bytes[static_cast<uint8_t>(c)] = kFirst | kInside;
  bytes['-'] = kKey | kInside;
  return bytes;
}();

bool Is(char c, uint8_t what) { return (kBytes[static_cast<uint8_t>(c)] & what) != 0; }

struct Step {
  enum Kind : uint8_t { kMapStart, kMapEnd, kListStart, kListEnd, kPlain, kQuoted };
  Kind kind;
  uint32_t at = 0;     // where the node begins
  uint32_t begin = 0;  // of the text
  uint32_t end = 0;
};

class LineReader {
 public:
  explicit LineReader(std::string_view text) : text_(text) { steps_.reserve(text.size() / 8); }

  bool Read() {
    for (size_t at = 0; at < text_.size();) {
      const size_t end = std::min(text_.find('\n', at), text_.size());
      if (!Line(at, end)) return false;
      at = end + 1;
    }
    if (waiting_ || open_.empty()) return false;
    while (!open_.empty()) Leave();
    return true;
  }

  void Tell(YamlSink& sink) const {
    std::string text;
    for (const Step& step : steps_) {
      NodeTraits node;
      node.at = step.at;
      if (step.kind == Step::kPlain || step.kind == Step::kQuoted) {
        text.assign(text_.substr(step.begin, step.end - step.begin));
        node.quoted = step.kind == Step::kQuoted;
        const bool null = !node.quoted && IsPlainNull(text);
        if (!(null ? sink.OnNull(node) : sink.OnScalar(node, text))) return;
        continue;
      }
      const bool more = step.kind == Step::kMapStart    ? sink.OnMapStart(node)
                        : step.kind == Step::kListStart ? sink.OnListStart(node)
                        : step.kind == Step::kMapEnd    ? sink.OnMapEnd()
                                                        : sink.OnListEnd();
      if (!more) return;
    }
  }

 private:
  struct Open {
    size_t column;
    bool map;
  };

  void Enter(bool map, size_t column, size_t at) {
    open_.push_back({column, map});
    Add(map ? Step::kMapStart : Step::kListStart, at, at, at);
  }
  void Leave() {
    Add(open_.back().map ? Step::kMapEnd : Step::kListEnd, 0, 0, 0);
    open_.pop_back();
  }
  void Add(Step::Kind kind, size_t at, size_t begin, size_t end) {
    steps_.push_back({kind, static_cast<uint32_t>(at), static_cast<uint32_t>(begin),
                      static_cast<uint32_t>(end)});
  }

  bool Line(size_t line, size_t end) {
    size_t at = line;
    while (at < end && text_[at] == ' ') ++at;
    if (at == end || text_[at] == '#') {
      for (; at < end; ++at)
        if (!Is(text_[at], kInside)) return false;
      return true;
    }
    size_t column = at - line;
    const bool item = text_[at] == '-';
    if (item && (at + 1 >= end || text_[at + 1] != ' ')) return false;
    if (waiting_) {
      // The value of the key before this: deeper, or a list below the key itself.
      const Open& top = open_.back();
      if (item ? column < top.column : column <= top.column) return false;
      waiting_ = false;
      if (open_.size() >= kDeepest) return false;
      Enter(!item, column, at);
    } else if (open_.empty()) {
      if (item) return false;
      Enter(true, column, at);
    } else {
      // A list may stand as deep as the key it belongs to: the next key ends it.
      while (!open_.empty() &&
             (open_.back().column > column ||
              (open_.back().column == column && !open_.back().map && !item)))
        Leave();
      if (open_.empty() || open_.back().column != column || open_.back().map == item) return false;
    }
    if (item) {
      do ++at;
      while (at < end && text_[at] == ' ');
      column = at - line;
      const size_t colon = KeyEnd(at, end);
      if (colon == 0) return Text(at, end);
      if (open_.size() >= kDeepest) return false;
      Enter(true, column, at);
      return Member(at, colon, end);
    }
    const size_t colon = KeyEnd(at, end);
    return colon != 0 && Member(at, colon, end);
  }

  /// The colon behind a key at `at`, or 0.
  size_t KeyEnd(size_t at, size_t end) const {
    if (at >= end || !Is(text_[at], kFirst)) return 0;
    size_t colon = at;
    while (colon < end && Is(text_[colon], kKey)) ++colon;
    const bool key = colon < end && text_[colon] == ':' && colon - at <= kLongestKey &&
                     (colon + 1 == end || text_[colon + 1] == ' ');
    return key ? colon : 0;
  }

  bool Member(size_t at, size_t colon, size_t end) {
    Add(Step::kPlain, at, at, colon);
    size_t value = colon + 1;
    while (value < end && text_[value] == ' ') ++value;
    if (value < end && text_[value] != '#') return Text(value, end);
    for (; value < end; ++value)
      if (!Is(text_[value], kInside)) return false;
    waiting_ = true;
    return true;
  }

  bool Text(size_t at, size_t end) {
    if (at >= end) return false;
    const char quote = text_[at];
    if (quote == '"' || quote == '\'') {
      size_t close = at + 1;
      for (; close < end && text_[close] != quote; ++close)
        if (!Is(text_[close], kInside) || text_[close] == '\\') return false;
      if (close == end) return false;
      Add(Step::kQuoted, at, at + 1, close);
      size_t rest = close + 1;
      while (rest < end && text_[rest] == ' ') ++rest;
      return rest == end;
    }
    if (!Is(quote, kFirst)) return false;
    size_t last = at;  // behind the last byte that is not blank
    for (size_t i = at; i < end; ++i) {
      const char c = text_[i];
      if (c == ' ') continue;
      if (!Is(c, kInside)) return false;
      if (c == '#' && text_[i - 1] == ' ') return false;
      if (c == ':' && (i + 1 == end || text_[i + 1] == ' ')) return false;
      last = i + 1;
    }
    Add(Step::kPlain, at, at, last);
    return true;
  }

  std::string_view text_;
  std::vector<Step> steps_;
  std::vector<Open> open_;
  bool waiting_ = false;  // the last key has no value yet
};

}  // namespace

bool ReadPlainLines(std::string_view text, YamlSink& sink) {
  LineReader reader(text);
  if (!reader.Read()) return false;
  reader.Tell(sink);
  return true;
}

}  // namespace tandem
