#include "tandem/expr/expression.h"

#include "expr/ast.h"
#include "expr/parser.h"

namespace tandem {
namespace {

bool Has(const expr::Node& root, expr::Node::Kind kind) {
  bool found = false;
  expr::Walk(root, [&](const expr::Node& node) { found = found || node.kind == kind; });
  return found;
}

}  // namespace

ExprResult<Expression> Expression::Parse(std::string_view text, Functions functions) {
  ExprResult<expr::Parsed> parsed = expr::ParseTree(text, 0, false, functions);
  if (!parsed.ok()) return parsed.error();
  return Expression(parsed->root);
}

bool Expression::uses_ref() const { return Has(*root_, expr::Node::Kind::kRef); }
bool Expression::uses_secret() const { return Has(*root_, expr::Node::Kind::kSecret); }

bool Expression::UsesName(std::string_view name) const {
  bool found = false;
  expr::Walk(*root_, [&](const expr::Node& node) {
    found = found || (node.kind == expr::Node::Kind::kName && !node.local && node.text == name);
  });
  return found;
}

}  // namespace tandem
