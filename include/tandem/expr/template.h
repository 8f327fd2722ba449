// A scalar of a document: literal text and `${…}` parts (R17).
//
// `$${` is a literal `${`. A scalar that is exactly one `${…}` keeps the type of its expression;
// any other mix is a string: its parts are converted (numbers and bools as string() does; null,
// lists and maps are errors) and joined. The closing brace is found by CEL's own tokens, so braces
// inside strings and maps do not end a part. Immutable; a copy shares the expressions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/expr/error.h"
#include "tandem/expr/expression.h"

namespace tandem {

class Template {
 public:
  struct Part {
    std::string text;  // literal text, unescaped; unused when `expression` is set
    std::optional<Expression> expression;
    size_t offset = 0;  // of the expression's first byte in the scalar
  };

  /// Offsets of errors are bytes within `text`. A part such as `${aws:username}` fails with the
  /// hint to write `$${`.
  static ExprResult<Template> Parse(std::string_view text);
  /// False when `text` is its own value: no `${` in it, escaped or not.
  static bool Concerns(std::string_view text) { return text.find("${") != std::string_view::npos; }

  /// No expression: the value is the text with its escapes removed.
  bool is_literal() const;
  /// Exactly one expression and nothing else: the value keeps its type.
  bool is_single() const { return parts_.size() == 1 && parts_[0].expression; }
  const std::vector<Part>& parts() const { return parts_; }

  bool uses_ref() const;
  bool uses_secret() const;
  bool UsesName(std::string_view name) const;

 private:
  std::vector<Part> parts_;
};

}  // namespace tandem
