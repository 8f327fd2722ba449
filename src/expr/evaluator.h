// One evaluation of a tree in a Scope.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "expr/ast.h"
#include "expr/operand.h"
#include "tandem/expr/error.h"
#include "tandem/expr/scope.h"

namespace tandem::expr {

inline Value UnknownOf(Type type, const Value& from) {
  return Unknown{type, from.as_unknown().source};
}

class Evaluator {
 public:
  /// Both must outlive the evaluator.
  Evaluator(const Scope& scope, Budget& budget) : scope_(scope), budget_(budget) {}

  ExprResult<Value> Run(const Node& root);

 private:
  using Outcome = ExprResult<Operand>;

  struct Local {
    const std::string* name;
    const Value* value;
  };

  Outcome Visit(const Node& node);
  Outcome Name(const Node& node);
  Outcome Select(const Node& node);
  Outcome Has(const Node& node);
  Outcome Index(const Node& node);
  Outcome Sign(const Node& node);
  Outcome Arithmetic(const Node& node);
  Outcome Compare(const Node& node);
  Outcome In(const Node& node);
  Outcome Logic(const Node& node);
  Outcome Conditional(const Node& node);
  Outcome ListOf(const Node& node);
  Outcome MapOf(const Node& node);
  Outcome Call(const Node& node);
  Outcome Lookup(const Node& node);
  Outcome Macro(const Node& node);
  Outcome Quantify(const Node& node, const Value& range);
  /// A bool or an unknown.
  Outcome Condition(const Node& node, const Node& condition);
  Outcome CountOne(const Node& node, const Value& range);
  Outcome Collect(const Node& node, const Value& range);
  /// Calls `round` with each item of a list, or key of a map, bound to the macro's variable, until
  /// it returns false.
  template <typename Round>
  void ForEach(const Node& node, const Value& range, const Round& round);

  /// The value itself, copied if it is borrowed.
  ExprResult<Value> Take(Operand operand, const Node& at);

  static ExprError Fail(const Node& at, std::string message, std::string hint = "");
  static ExprError NoKey(const Node& at, const std::string& key, const Map& map);
  ExprError Fail(const Node& at, const Status& status);
  static ExprError Refused(const Node& at, std::string_view what);
  ExprError Exhausted(const Node& at);

  const Scope& scope_;
  Budget& budget_;
  std::map<std::string, std::optional<Value>, std::less<>> names_;
  std::map<const Node*, Value> lookups_;
  std::vector<Local> locals_;
};

}  // namespace tandem::expr
