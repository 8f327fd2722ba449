// The tree of an Expression. Macros are nodes of their own, not rewritten into folds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tandem/model/value.h"

namespace tandem::expr {

enum class Function {
  kUnknown,
  kSize,
  kContains,
  kStartsWith,
  kEndsWith,
  kMatches,
  kString,
  kInt,
  kDouble
};

struct Node {
  enum class Kind {
    kLiteral,      // literal
    kName,         // text; `local` when it is a macro's variable
    kSelect,       // children[0].text
    kHas,          // has(children[0].text)
    kIndex,        // children[0][children[1]]
    kNot,          // !children[0]
    kNegate,       // -children[0]
    kArithmetic,   // children[0] op children[1], op one of + - * / %
    kCompare,      // <, <=, >, >=, ==, !=
    kIn,           // children[0] in children[1]
    kAnd,          // all children, two or more
    kOr,           //
    kConditional,  // children[0] ? children[1] : children[2]
    kList,         // children
    kMap,          // key, value, key, value, …
    kCall,         // text(children); the receiver is children[0]
    kMacro,        // children[0].macro(text, children[1] [, children[2]])
    kRef,          // ref(children[0]) and `path`
    kSecret,       // secret(children[0])
  };
  enum class Operator {
    kNone,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kModulo,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kEqual,
    kNotEqual
  };
  enum class Macro { kNone, kAll, kExists, kExistsOne, kMap, kFilter };

  Kind kind = Kind::kLiteral;
  Operator op = Operator::kNone;
  Macro macro = Macro::kNone;
  Function function = Function::kUnknown;
  bool local = false;
  bool global = false;    // a name with a leading dot: never a macro's variable
  bool selected = false;  // kRef, kHas: the last step was written .name
  /// Counted as the reference implementation counts: operators, selections and calls on this path.
  uint32_t depth = 0;
  size_t offset = 0;
  std::string text;
  Value literal;
  Path path;
  std::vector<std::unique_ptr<Node>> children;
};

/// Calls `visit` on `node` and everything below, parents first.
template <typename Visit>
void Walk(const Node& node, const Visit& visit) {
  visit(node);
  for (const auto& child : node.children) Walk(*child, visit);
}

}  // namespace tandem::expr
