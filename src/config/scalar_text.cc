#include "config/scalar_text.h"

#include <algorithm>
#include <string>

#include "config/characters.h"
#include "tandem/config/scalar.h"

namespace tandem {
namespace {

/// The line break at `at` ("\n" or "\r\n"): its size, or 0.
size_t BreakAt(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  if (text[at] == '\n') return 1;
  return text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n' ? 2 : 0;
}

size_t SkipBlanks(std::string_view text, size_t at) {
  while (at < text.size() && IsBlank(text[at])) ++at;
  return at;
}

/// Whether tags and anchors are all that lies between `at` and `end`; not so where they belong to a key.
bool OnlyProperties(std::string_view text, size_t at, size_t end) {
  while (at < end && (text[at] == '!' || text[at] == '&')) {
    while (at < end && !IsSpace(text[at])) ++at;
    at = SkipBlanks(text, at);
  }
  return at >= end;
}

/// The column of the innermost block collection that holds the block scalar at `begin`, or -1 at
/// the top: what an indentation indicator counts from.
int ParentIndent(std::string_view text, size_t begin) {
  size_t start = LineStart(text, begin);
  size_t at = SkipBlanks(text, start);
  // A scalar on a line of its own belongs to the last line before it that is less indented.
  while (OnlyProperties(text, at, begin)) {
    if (start == 0) return -1;
    begin = start - 1;
    start = LineStart(text, begin);
    at = SkipBlanks(text, start);
    if (at < begin && text[at] == '#') begin = at;
  }
  if (text.substr(start, 3) == "---") return -1;
  int indent = static_cast<int>(at - start);
  while (at + 1 < begin && (text[at] == '-' || text[at] == '?' || text[at] == ':') &&
         IsBlank(text[at + 1])) {
    indent = static_cast<int>(at - start);
    at = SkipBlanks(text, at + 1);
    // `- |2`: the list's own column; `- key: |2`: the key's, with its properties.
    if (!OnlyProperties(text, at, begin)) indent = static_cast<int>(at - start);
  }
  return indent;
}

class Decoder {
 public:
  Decoder(std::string_view text, size_t begin, size_t bytes)
      : text_(text), at_(begin), bytes_(bytes) {}

  ScalarMap Run() {
    switch (StyleAt(text_, at_)) {
      case ScalarStyle::kPlain:
        Flow('\0');
        break;
      case ScalarStyle::kSingle:
        Flow('\'');
        break;
      case ScalarStyle::kDouble:
        Flow('"');
        break;
      case ScalarStyle::kLiteral:
        Block(false);
        break;
      case ScalarStyle::kFolded:
        Block(true);
        break;
    }
    map_.end = at_;
    return std::move(map_);
  }

 private:
  bool Full() const { return map_.value.size() > bytes_; }
  void Put(char c, size_t from) {
    map_.value += c;
    map_.offsets.push_back(from);
  }

  void Flow(char quote) {
    if (quote != '\0') ++at_;
    while (at_ < text_.size() && !Full()) {
      const char c = text_[at_];
      if (quote != '\0' && c == quote) {
        if (quote == '\'' && at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
          Put('\'', at_);
          at_ += 2;
          continue;
        }
        ++at_;
        return;
      }
      if (quote == '\0' && PlainEnds()) return;
      if (quote == '"' && c == '\\') {
        Escape();
      } else if (IsSpace(c)) {
        Fold(quote == '\0');
      } else {
        Put(c, at_++);
      }
    }
  }

  bool PlainEnds() const {
    const char c = text_[at_];
    if (c == ':') return at_ + 1 >= text_.size() || IsSpace(text_[at_ + 1]);
    return c == '#' && IsSpace(text_[at_ - 1]);
  }

  /// Blanks stay; a line break and the blanks around it become one space, or a break for each
  /// further.
  void Fold(bool plain) {
    const size_t begin = at_;
    at_ = SkipBlanks(text_, at_);
    if (BreakAt(text_, at_) == 0) {
      for (size_t i = begin; i < at_; ++i) Put(text_[i], i);
      return;
    }
    const size_t first = at_;
    at_ += BreakAt(text_, at_);
    bool more = false;
    while (true) {
      const size_t next = SkipBlanks(text_, at_);
      const size_t size = BreakAt(text_, next);
      if (size == 0) {
        at_ = next;
        break;
      }
      Put('\n', next);
      more = true;
      at_ = next + size;
    }
    if (!more) Put(' ', first);
    if (plain && at_ >= text_.size()) at_ = begin;
  }

  void Escape() {
    const size_t from = at_++;
    if (at_ >= text_.size()) return;
    if (const size_t size = BreakAt(text_, at_); size != 0) {
      at_ += size;
      while (true) {
        const size_t next = SkipBlanks(text_, at_);
        const size_t blank = BreakAt(text_, next);
        at_ = next;
        if (blank == 0) return;
        Put('\n', next);
        at_ += blank;
      }
    }
    const char c = text_[at_++];
    const auto point = [&](uint32_t code) { PutCodePoint(code, from); };
    switch (c) {
      case '0':
        return point(0);
      case 'a':
        return point(7);
      case 'b':
        return point(8);
      case 't':
      case '\t':
        return point(9);
      case 'n':
        return point(10);
      case 'v':
        return point(11);
      case 'f':
        return point(12);
      case 'r':
        return point(13);
      case 'e':
        return point(27);
      case 'N':
        return point(0x85);
      case '_':
        return point(0xA0);
      case 'L':
        return point(0x2028);
      case 'P':
        return point(0x2029);
      case 'x':
        return point(HexDigits(2));
      case 'u':
        return point(HexDigits(4));
      case 'U':
        return point(HexDigits(8));
      default:
        return Put(c, from);
    }
  }

  uint32_t HexDigits(int count) {
    uint32_t code = 0;
    for (int i = 0; i < count && at_ < text_.size(); ++i, ++at_) {
      const char c = text_[at_];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return code;
      code = code * 16 + static_cast<uint32_t>(digit);
    }
    return code;
  }

  void PutCodePoint(uint32_t code, size_t from) {
    if (code < 0x80) {
      Put(static_cast<char>(code), from);
    } else if (code < 0x800) {
      Put(static_cast<char>(0xC0 | code >> 6), from);
      Put(static_cast<char>(0x80 | (code & 0x3F)), from);
    } else if (code < 0x10000) {
      Put(static_cast<char>(0xE0 | code >> 12), from);
      Put(static_cast<char>(0x80 | (code >> 6 & 0x3F)), from);
      Put(static_cast<char>(0x80 | (code & 0x3F)), from);
    } else {
      Put(static_cast<char>(0xF0 | code >> 18), from);
      Put(static_cast<char>(0x80 | (code >> 12 & 0x3F)), from);
      Put(static_cast<char>(0x80 | (code >> 6 & 0x3F)), from);
      Put(static_cast<char>(0x80 | (code & 0x3F)), from);
    }
  }

  void Block(bool folded) {
    const size_t header = at_;
    int explicit_indent = 0;
    for (++at_; at_ < text_.size() && !IsSpace(text_[at_]); ++at_)
      if (text_[at_] >= '1' && text_[at_] <= '9') explicit_indent = text_[at_] - '0';
    at_ = std::min(text_.find('\n', at_), text_.size());
    if (at_ < text_.size()) ++at_;
    const int parent = ParentIndent(text_, header);
    const size_t indent = explicit_indent > 0
                              ? static_cast<size_t>(std::max(0, parent) + explicit_indent)
                              : DetectIndent(parent);
    std::vector<size_t> breaks;  // not yet written, by their offsets
    bool started = false;
    bool was_deeper = false;
    size_t end = at_;
    while (at_ < text_.size() && !Full()) {
      const size_t stop = std::min(text_.find('\n', at_), text_.size());
      size_t line_end = stop;
      if (line_end > at_ && text_[line_end - 1] == '\r') --line_end;
      size_t content = at_;
      while (content < line_end && content - at_ < indent && text_[content] == ' ') ++content;
      if (content < line_end) {
        if (content - at_ < indent) break;
        const bool deeper = IsBlank(text_[content]);
        WriteBreaks(breaks, folded && started && !deeper && !was_deeper);
        for (size_t i = content; i < line_end; ++i) Put(text_[i], i);
        started = true;
        was_deeper = deeper;
        end = line_end;
      }
      if (stop >= text_.size()) {
        at_ = stop;
        break;
      }
      breaks.push_back(line_end);
      at_ = stop + 1;
    }
    if (!Full()) WriteBreaks(breaks, false);
    at_ = end;
  }

  void WriteBreaks(std::vector<size_t>& breaks, bool fold) {
    if (fold && breaks.size() == 1) {
      Put(' ', breaks[0]);
    } else {
      for (size_t i = fold && !breaks.empty() ? 1 : 0; i < breaks.size(); ++i) Put('\n', breaks[i]);
    }
    breaks.clear();
  }

  /// The column of the first line that is not blank, if that belongs to the scalar.
  size_t DetectIndent(int parent) const {
    size_t at = at_;
    while (at < text_.size()) {
      size_t spaces = at;
      while (spaces < text_.size() && text_[spaces] == ' ') ++spaces;
      if (spaces < text_.size() && BreakAt(text_, spaces) == 0)
        return std::max<size_t>(spaces - at, static_cast<size_t>(parent + 1));
      at = text_.find('\n', spaces);
      if (at == std::string_view::npos) break;
      ++at;
    }
    return static_cast<size_t>(parent + 1);
  }

  std::string_view text_;
  size_t at_;
  size_t bytes_;
  ScalarMap map_;
};

/// The end of a plain scalar, walking its text and its value together.
size_t PlainEnd(std::string_view text, size_t begin, std::string_view value) {
  if (text.substr(begin, value.size()) == value) return begin + value.size();
  size_t at = begin;
  size_t done = 0;
  while (done < value.size() && at < text.size()) {
    if (IsSpace(text[at])) {
      size_t next = at;
      size_t breaks = 0;
      for (; next < text.size() && IsSpace(text[next]); ++next)
        breaks += text[next] == '\n' ? 1 : 0;
      done += breaks == 0 ? next - at : std::max<size_t>(1, breaks - 1);
      at = next;
    } else {
      ++at;
      ++done;
    }
  }
  return at;
}

}  // namespace

ScalarStyle StyleAt(std::string_view text, size_t begin) {
  if (begin >= text.size()) return ScalarStyle::kPlain;
  switch (text[begin]) {
    case '"':
      return ScalarStyle::kDouble;
    case '\'':
      return ScalarStyle::kSingle;
    case '|':
      return ScalarStyle::kLiteral;
    case '>':
      return ScalarStyle::kFolded;
    default:
      return ScalarStyle::kPlain;
  }
}

size_t ScalarEnd(std::string_view text, size_t begin, std::string_view value) {
  switch (StyleAt(text, begin)) {
    case ScalarStyle::kPlain:
      return PlainEnd(text, begin, value);
    case ScalarStyle::kSingle: {
      size_t at = begin + 1;
      while (true) {
        at = text.find('\'', at);
        if (at == std::string_view::npos) return at;
        if (at + 1 >= text.size() || text[at + 1] != '\'') return at + 1;
        at += 2;
      }
    }
    case ScalarStyle::kDouble: {
      size_t at = begin + 1;
      while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
      return at < text.size() ? at + 1 : std::string_view::npos;
    }
    case ScalarStyle::kLiteral:
    case ScalarStyle::kFolded:
      return DecodeScalar(text, begin, std::string_view::npos).end;
  }
  return begin;
}

ScalarMap DecodeScalar(std::string_view text, size_t begin, size_t bytes) {
  return Decoder(text, begin, bytes).Run();
}

size_t OffsetInScalar(const SourceText& source, size_t value_begin, size_t decoded_offset) {
  if (value_begin >= source.text.size()) return source.text.size();
  const ScalarMap map = DecodeScalar(source.text, value_begin, decoded_offset);
  if (decoded_offset < map.offsets.size()) return map.offsets[decoded_offset];
  return map.end;
}

}  // namespace tandem
