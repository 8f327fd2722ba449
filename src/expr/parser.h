// Tokens → tree: CEL's grammar by recursive descent, with the nesting limits of the reference
// implementation, so that both refuse the same texts.
#pragma once

#include <memory>
#include <string_view>

#include "expr/ast.h"
#include "tandem/expr/error.h"
#include "tandem/expr/expression.h"

namespace tandem::expr {

struct Parsed {
  std::shared_ptr<const Node> root;
  /// After the expression; for one inside a Template the place of its closing brace.
  size_t end = 0;
};

/// Parses `text` from `begin` on. With `until_brace` the expression ends at the first unmatched
/// `}`, which must be there. Offsets count from the start of `text`.
ExprResult<Parsed> ParseTree(std::string_view text, size_t begin, bool until_brace,
                             Functions functions);

}  // namespace tandem::expr
