// Text → tokens of CEL, one at a time, so that a Template can look for the brace that ends its
// part.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tandem/expr/error.h"
#include "tandem/model/value.h"

namespace tandem::expr {

struct Token {
  enum class Kind {
    kEnd,
    kIdentifier,   // text
    kQuotedName,   // `a-b`, only after a dot; text without the quotes
    kInt,          // text: the digits, "0x" included
    kDouble,       // text
    kString,       // text: the value
    kPunctuation,  // text: an operator, bracket, separator; also "in"
    kTrue,
    kFalse,
    kNull,
  };
  Kind kind = Kind::kEnd;
  size_t offset = 0;
  size_t end = 0;
  std::string text;

  bool Is(std::string_view punctuation) const {
    return kind == Kind::kPunctuation && text == punctuation;
  }
};

class Lexer {
 public:
  /// `text` must outlive the lexer.
  explicit Lexer(std::string_view text, size_t begin = 0) : text_(text), at_(begin) {}

  /// The next token; kEnd for ever at the end of the text.
  ExprResult<Token> Next();

 private:
  void SkipSpace();
  ExprResult<Token> Number(size_t begin);
  ExprResult<Token> String(size_t begin, bool raw);
  ExprResult<Token> QuotedName(size_t begin);
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool At(std::string_view expected) const { return text_.substr(at_).starts_with(expected); }

  std::string_view text_;
  size_t at_;
};

}  // namespace tandem::expr
