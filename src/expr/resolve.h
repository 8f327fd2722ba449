// The pass after parsing: which names are a macro's own, and what ref() and secret() may be given.
#pragma once

#include <optional>

#include "expr/ast.h"
#include "tandem/expr/error.h"

namespace tandem::expr {

/// Sets Node::local. Fails where the argument of ref() or secret() uses either, or a macro's
/// variable: references must be known without evaluating what stands around them.
std::optional<ExprError> ResolveNames(Node& root);

}  // namespace tandem::expr
