#include "expr/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "expr/numbers.h"

namespace tandem::expr {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void AppendUtf8(std::string& out, uint32_t rune) {
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xC0 | (rune >> 6));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xE0 | (rune >> 12));
    out += static_cast<char>(0x80 | ((rune >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (rune >> 18));
    out += static_cast<char>(0x80 | ((rune >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((rune >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  }
}

/// The rune of the escape sequence at the start of `text` (after the backslash); `used` its length.
/// False on a sequence that CEL does not have.
bool Escape(std::string_view text, uint32_t* rune, size_t* used) {
  if (text.empty()) return false;
  const char c = text[0];
  *used = 1;
  switch (c) {
    case 'a': *rune = '\a'; return true;
    case 'b': *rune = '\b'; return true;
    case 'f': *rune = '\f'; return true;
    case 'n': *rune = '\n'; return true;
    case 'r': *rune = '\r'; return true;
    case 't': *rune = '\t'; return true;
    case 'v': *rune = '\v'; return true;
    case '\\':
    case '\'':
    case '"':
    case '`':
    case '?': *rune = static_cast<unsigned char>(c); return true;
    default: break;
  }
  size_t digits = 0;
  if (c == 'x' || c == 'X') digits = 2;
  if (c == 'u') digits = 4;
  if (c == 'U') digits = 8;
  if (digits > 0) {
    if (text.size() < digits + 1) return false;
    uint32_t value = 0;
    for (size_t i = 1; i <= digits; ++i) {
      const int digit = HexDigit(text[i]);
      if (digit < 0) return false;
      value = value << 4 | static_cast<uint32_t>(digit);
    }
    *rune = value;
    *used = digits + 1;
    return true;
  }
  if (c >= '0' && c <= '3' && text.size() >= 3 && text[1] >= '0' && text[1] <= '7' &&
      text[2] >= '0' && text[2] <= '7') {
    *rune = static_cast<uint32_t>((c - '0') * 64 + (text[1] - '0') * 8 + (text[2] - '0'));
    *used = 3;
    return true;
  }
  return false;
}

Token Make(Token::Kind kind, size_t begin, size_t end, std::string text) {
  Token token;
  token.kind = kind;
  token.offset = begin;
  token.end = end;
  token.text = std::move(text);
  return token;
}

}  // namespace

void Lexer::SkipSpace() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') {
      ++at_;
    } else if (At("//")) {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else {
      return;
    }
  }
}

ExprResult<Token> Lexer::Next() {
  SkipSpace();
  const size_t begin = at_;
  if (at_ >= text_.size()) return Make(Token::Kind::kEnd, at_, at_, "");
  const char c = text_[at_];
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number(begin);
  if (c == '"' || c == '\'') return String(begin, false);
  if ((c == 'r' || c == 'R') && (Peek(1) == '"' || Peek(1) == '\'')) {
    ++at_;
    return String(begin, true);
  }
  if ((c == 'b' || c == 'B') &&
      (Peek(1) == '"' || Peek(1) == '\'' ||
       ((Peek(1) == 'r' || Peek(1) == 'R') && (Peek(2) == '"' || Peek(2) == '\''))))
    return ExprError{"bytes are not part of the expression language", begin, "", {}};
  if (c == '`') return QuotedName(begin);
  if (IsLetter(c)) {
    while (IsLetter(Peek()) || IsDigit(Peek())) ++at_;
    std::string word(text_.substr(begin, at_ - begin));
    Token::Kind kind = Token::Kind::kIdentifier;
    if (word == "true") kind = Token::Kind::kTrue;
    if (word == "false") kind = Token::Kind::kFalse;
    if (word == "null") kind = Token::Kind::kNull;
    if (word == "in") kind = Token::Kind::kPunctuation;
    return Make(kind, begin, at_, std::move(word));
  }
  static constexpr std::array<std::string_view, 6> kLong = {"==", "!=", "<=", ">=", "&&", "||"};
  for (const std::string_view op : kLong) {
    if (At(op)) {
      at_ += op.size();
      return Make(Token::Kind::kPunctuation, begin, at_, std::string(op));
    }
  }
  if (std::string_view("<>[]{}().,-!?:+*/%").find(c) != std::string_view::npos) {
    ++at_;
    return Make(Token::Kind::kPunctuation, begin, at_, std::string(1, c));
  }
  if (c == '=') return ExprError{"'=' is not an operator; equality is '=='", begin, "", {}};
  if (c == '&' || c == '|')
    return ExprError{fmt::format("'{}' is not an operator; write '{}{}'", c, c, c), begin, "", {}};
  if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F)
    return ExprError{"unexpected character", begin, "", {}};
  return ExprError{fmt::format("unexpected character '{}'", c), begin, "", {}};
}

ExprResult<Token> Lexer::Number(size_t begin) {
  if (At("0x") && HexDigit(Peek(2)) >= 0) {
    at_ += 2;
    while (HexDigit(Peek()) >= 0) ++at_;
  } else {
    bool is_double = false;
    while (IsDigit(Peek())) ++at_;
    if (Peek() == '.' && IsDigit(Peek(1))) {
      is_double = true;
      ++at_;
      while (IsDigit(Peek())) ++at_;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      const size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
      if (IsDigit(Peek(1 + sign))) {
        is_double = true;
        at_ += 1 + sign;
        while (IsDigit(Peek())) ++at_;
      }
    }
    if (is_double)
      return Make(Token::Kind::kDouble, begin, at_, std::string(text_.substr(begin, at_ - begin)));
  }
  if (Peek() == 'u' || Peek() == 'U')
    return ExprError{"unsigned integers are not part of the expression language", begin, "", {}};
  return Make(Token::Kind::kInt, begin, at_, std::string(text_.substr(begin, at_ - begin)));
}

ExprResult<Token> Lexer::String(size_t begin, bool raw) {
  const char quote = text_[at_];
  const std::string triple(3, quote);
  const bool is_triple = At(triple);
  at_ += is_triple ? 3 : 1;
  std::string value;
  while (true) {
    if (at_ >= text_.size()) return ExprError{"the string has no closing quote", begin, "", {}};
    const char c = text_[at_];
    if (is_triple ? At(triple) : c == quote) break;
    if (!is_triple && (c == '\n' || c == '\r'))
      return ExprError{"the string has no closing quote on its line",
                       begin,
                       "write \\n for a new line, or use triple quotes",
                       {}};
    if (c == '\\' && !raw) {
      uint32_t rune = 0;
      size_t used = 0;
      if (!Escape(text_.substr(at_ + 1), &rune, &used))
        return ExprError{"unknown escape sequence in a string",
                         at_,
                         "write \\\\ for a backslash, or put r before the quote",
                         {}};
      if (rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000))
        return ExprError{"the escape sequence is no Unicode code point", at_, "", {}};
      AppendUtf8(value, rune);
      at_ += 1 + used;
      continue;
    }
    if (c == '\r') {  // line ends become \n, in raw strings too
      value += '\n';
      at_ += Peek(1) == '\n' ? 2 : 1;
      continue;
    }
    value += c;
    ++at_;
  }
  at_ += is_triple ? 3 : 1;
  return Make(Token::Kind::kString, begin, at_, std::move(value));
}

ExprResult<Token> Lexer::QuotedName(size_t begin) {
  ++at_;
  while (IsLetter(Peek()) || IsDigit(Peek()) || Peek() == '.' || Peek() == '-' || Peek() == '/' ||
         Peek() == ' ')
    ++at_;
  if (Peek() != '`' || at_ == begin + 1)
    return ExprError{
        "a name in backquotes may hold letters, digits and _ . - / and spaces", begin, "", {}};
  ++at_;
  return Make(Token::Kind::kQuotedName, begin, at_,
              std::string(text_.substr(begin + 1, at_ - begin - 2)));
}

}  // namespace tandem::expr
