// One parsed expression: the documented subset of CEL (docs/expressions.md) with ref() and
// secret().
//
// Immutable; a copy shares the tree. Parsing never evaluates, and needs no names: what a name means
// is a Scope's business. Nesting is bounded as in the reference implementation (250 levels), and so
// is the text (100,000 code points), so neither parsing nor evaluating can exhaust the stack.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "tandem/expr/error.h"

namespace tandem {

namespace expr {
struct Node;
}

/// Which functions an expression may call.
enum class Functions {
  kKnown,  // those of docs/expressions.md; an unknown one is a parse error, with "did you mean"
  kCel,    // without ref() and secret(); an unknown one fails when it is called, as CEL has it
};

class Expression {
 public:
  static ExprResult<Expression> Parse(std::string_view text,
                                      Functions functions = Functions::kKnown);

  /// True if ref() or secret() occurs anywhere, also in a branch that is never taken.
  bool uses_ref() const;
  bool uses_secret() const;
  /// True if the name `name` is read from the Scope anywhere (a macro's own variable is not).
  bool UsesName(std::string_view name) const;

  const expr::Node& root() const { return *root_; }

 private:
  friend class Template;
  explicit Expression(std::shared_ptr<const expr::Node> root) : root_(std::move(root)) {}

  std::shared_ptr<const expr::Node> root_;
};

}  // namespace tandem
