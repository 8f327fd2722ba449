#include "expr/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "expr/functions.h"
#include "tandem/base/spelling.h"
#include "tandem/base/check.h"

namespace tandem::expr {
namespace {

using Kind = Node::Kind;

/// The first unknown in `value`, which has one.
const Value& FirstUnknown(const Value& value) {
  if (value.is_list())
    for (const Value& item : value.as_list())
      if (item.HasUnknown()) return FirstUnknown(item);
  if (value.is_map())
    for (const auto& [key, member] : value.as_map())
      if (member.HasUnknown()) return FirstUnknown(member);
  return value;
}

/// What `+` and the like make of operands one of which is unknown.
Type SumType(Node::Operator op, const Value& left, const Value& right) {
  const Type a = left.type();
  const Type b = right.type();
  if (op == Node::Operator::kAdd && (a == Type::kString || b == Type::kString))
    return Type::kString;
  if (a == Type::kAny) return b;
  return b == Type::kAny || a == b ? a : Type::kAny;
}

/// Two texts of which at least one is sensitive. The digest is that of neither any more.
Sensitive Join(const Value& left, const Value& right) {
  Sensitive joined;
  for (const Value* side : {&left, &right}) {
    if (side->is_string()) {
      if (!side->as_string().empty()) joined.parts.push_back({false, side->as_string()});
      continue;
    }
    const Sensitive& secret = side->as_sensitive();
    joined.parts.insert(joined.parts.end(), secret.parts.begin(), secret.parts.end());
    if (secret.version.empty()) continue;
    joined.version += (joined.version.empty() ? "" : ",") + secret.version;
  }
  return joined;
}

std::string_view CompareSign(Node::Operator op) {
  return op == Node::Operator::kEqual      ? "=="
         : op == Node::Operator::kNotEqual ? "!="
                                           : "comparison";
}

}  // namespace

ExprError Evaluator::Fail(const Node& at, std::string message, std::string hint) {
  return ExprError{std::move(message), at.offset, std::move(hint), Code::kInvalidArgument};
}

ExprError Evaluator::Fail(const Node& at, const Status& status) {
  if (budget_.spent()) return Exhausted(at);
  return ExprError{status.message(), at.offset, "", status.code()};
}

ExprError Evaluator::NoKey(const Node& at, const std::string& key, const Map& map) {
  constexpr size_t kListed = 12;
  std::vector<std::string> known;
  for (const auto& [name, value] : map) known.push_back(name);
  const std::string near = NearestWord(key, known);
  std::string hint;
  if (!near.empty()) {
    hint = fmt::format("did you mean '{}'?", near);
  } else if (!known.empty() && known.size() <= kListed) {
    hint = fmt::format("there are: {}", fmt::join(known, ", "));
  }
  return Fail(at, fmt::format("no such key: '{}'", key), std::move(hint));
}

ExprError Evaluator::Refused(const Node& at, std::string_view what) {
  return Fail(at, fmt::format("{} cannot be used on a secret", what),
              "a secret can only be passed on, or joined with other text");
}

ExprError Evaluator::Exhausted(const Node& at) {
  return ExprError{fmt::format("the expression takes more than {} steps", Budget::kSteps),
                   at.offset, "", Code::kResourceExhausted};
}

ExprResult<Value> Evaluator::Run(const Node& root) {
  Outcome outcome = Visit(root);
  if (!outcome.ok()) return outcome.error();
  return Take(std::move(outcome).value(), root);
}

ExprResult<Value> Evaluator::Take(Operand operand, const Node& at) {
  if (!operand.borrowed()) return std::move(operand.held());
  if (!budget_.Spend(CostOf(*operand))) return Exhausted(at);
  return Value(*operand);
}

Evaluator::Outcome Evaluator::Visit(const Node& node) {
  if (!budget_.Spend(1)) return Exhausted(node);
  switch (node.kind) {
    case Kind::kLiteral: return Operand(&node.literal);
    case Kind::kName: return Name(node);
    case Kind::kSelect: return Select(node);
    case Kind::kHas: return Has(node);
    case Kind::kIndex: return Index(node);
    case Kind::kNot:
    case Kind::kNegate: return Sign(node);
    case Kind::kArithmetic: return Arithmetic(node);
    case Kind::kCompare: return Compare(node);
    case Kind::kIn: return In(node);
    case Kind::kAnd:
    case Kind::kOr: return Logic(node);
    case Kind::kConditional: return Conditional(node);
    case Kind::kList: return ListOf(node);
    case Kind::kMap: return MapOf(node);
    case Kind::kCall: return Call(node);
    case Kind::kMacro: return Macro(node);
    case Kind::kRef:
    case Kind::kSecret: return Lookup(node);
  }
  return Fail(node, "not an expression");
}

Evaluator::Outcome Evaluator::Name(const Node& node) {
  if (node.local)
    for (auto local = locals_.rbegin(); local != locals_.rend(); ++local)
      if (*local->name == node.text) return Operand(local->value);
  auto known = names_.find(node.text);
  if (known == names_.end()) known = names_.emplace(node.text, scope_.Name(node.text)).first;
  if (!known->second)
    return Fail(node, fmt::format("unknown name '{}'", node.text), scope_.NameHint(node.text));
  return Operand(&*known->second);
}

Evaluator::Outcome Evaluator::Select(const Node& node) {
  Outcome target = Visit(*node.children[0]);
  if (!target.ok()) return target;
  Operand operand = std::move(target).value();
  if (operand->is_sensitive()) return Refused(node, "a selection");
  if (operand->is_unknown()) return Operand(UnknownOf(Type::kAny, *operand));
  if (!operand->is_map())
    return Fail(node, fmt::format("no '{}' in {}", node.text, NameOfType(*operand)));
  const Value* member = operand->Find(node.text);
  if (member == nullptr) return NoKey(node, node.text, operand->as_map());
  if (operand.borrowed()) return Operand(member);
  return Operand(Value(*member));
}

/// A map has the name or not; a list is an error; nothing else has any.
Evaluator::Outcome Evaluator::Has(const Node& node) {
  Outcome target = Visit(*node.children[0]);
  if (!target.ok()) return target;
  const Value& value = **target;
  if (value.is_sensitive()) return Refused(node, "has()");
  if (value.is_unknown()) return Operand(UnknownOf(Type::kBool, value));
  if (value.is_list()) return Fail(node, "has() does not take a member of a list");
  return Operand(Value(value.Find(node.text) != nullptr));
}

Evaluator::Outcome Evaluator::Index(const Node& node) {
  Outcome target = Visit(*node.children[0]);
  if (!target.ok()) return target;
  Outcome index = Visit(*node.children[1]);
  if (!index.ok()) return index;
  Operand operand = std::move(target).value();
  const Value& key = **index;
  if (operand->is_sensitive() || key.is_sensitive()) return Refused(node, "an index");
  if (operand->is_unknown()) return Operand(UnknownOf(Type::kAny, *operand));
  if (key.is_unknown()) return Operand(UnknownOf(Type::kAny, key));
  if (operand->is_map()) {
    if (!key.is_string())
      return Fail(node, fmt::format("the keys of a map are strings; found {}", NameOfType(key)));
    const Value* member = operand->Find(key.as_string());
    if (member == nullptr) return NoKey(node, key.as_string(), operand->as_map());
    if (operand.borrowed()) return Operand(member);
    return Operand(Value(*member));
  }
  if (!operand->is_list())
    return Fail(node, fmt::format("{} has no members", NameOfType(*operand)));
  const List& list = operand->as_list();
  const auto size = static_cast<int64_t>(list.size());
  int64_t at = -1;
  if (key.is_int()) {
    at = key.as_int();
  } else if (key.is_double() && std::trunc(key.as_double()) == key.as_double()) {
    at = key.as_double() < static_cast<double>(size)
             ? static_cast<int64_t>(std::max(key.as_double(), -1.0))
             : size;
  } else {
    return Fail(node, fmt::format("the index of a list is an int; found {}", NameOfType(key)));
  }
  if (at < 0 || at >= size)
    return Fail(node, fmt::format("index {} is outside the list of {}", at, size));
  if (operand.borrowed()) return Operand(&list[static_cast<size_t>(at)]);
  return Operand(Value(list[static_cast<size_t>(at)]));
}

Evaluator::Outcome Evaluator::Sign(const Node& node) {
  Outcome outcome = Visit(*node.children[0]);
  if (!outcome.ok()) return outcome;
  const Value& value = **outcome;
  const bool negate = node.kind == Kind::kNegate;
  if (value.is_sensitive()) return Refused(node, negate ? "'-'" : "'!'");
  if (value.is_unknown()) return Operand(UnknownOf(negate ? value.type() : Type::kBool, value));
  if (!negate && value.is_bool()) return Operand(Value(!value.as_bool()));
  if (negate && value.is_double()) return Operand(Value(-value.as_double()));
  if (negate && value.is_int()) {
    if (value.as_int() == INT64_MIN) return Fail(node, "the result does not fit into 64 bits");
    return Operand(Value(-value.as_int()));
  }
  return Fail(node, fmt::format("'{}' does not take {}", negate ? '-' : '!', NameOfType(value)));
}

Evaluator::Outcome Evaluator::Arithmetic(const Node& node) {
  Outcome left = Visit(*node.children[0]);
  if (!left.ok()) return left;
  Outcome right = Visit(*node.children[1]);
  if (!right.ok()) return right;
  const Value& a = **left;
  const Value& b = **right;
  if (a.is_sensitive() || b.is_sensitive()) {
    const bool texts = a.type() == Type::kString && b.type() == Type::kString;
    const bool later =
        (a.is_unknown() || b.is_unknown()) && (a.type() == Type::kAny || b.type() == Type::kAny);
    if (node.op != Node::Operator::kAdd || !(texts || later)) return Refused(node, "this operator");
    if (a.is_unknown() || b.is_unknown())
      return Operand(UnknownOf(Type::kString, a.is_unknown() ? a : b));
    if (!budget_.Spend(CostOf(a) + CostOf(b))) return Exhausted(node);
    return Operand(Value(Join(a, b)));
  }
  if (a.is_unknown() || b.is_unknown())
    return Operand(UnknownOf(SumType(node.op, a, b), a.is_unknown() ? a : b));
  Result<Value> result = expr::Arithmetic(node.op, std::move(left).value(), b, budget_);
  if (!result.ok()) return Fail(node, result.status());
  return Operand(std::move(result).value());
}

Evaluator::Outcome Evaluator::Compare(const Node& node) {
  Outcome left = Visit(*node.children[0]);
  if (!left.ok()) return left;
  Outcome right = Visit(*node.children[1]);
  if (!right.ok()) return right;
  const Value& a = **left;
  const Value& b = **right;
  if (a.is_sensitive() || b.is_sensitive()) return Refused(node, CompareSign(node.op));
  if (a.is_unknown() || b.is_unknown())
    return Operand(UnknownOf(Type::kBool, a.is_unknown() ? a : b));
  if (node.op != Node::Operator::kEqual && node.op != Node::Operator::kNotEqual) {
    Result<Value> result = Order(node.op, a, b);
    if (!result.ok()) return Fail(node, result.status());
    return Operand(std::move(result).value());
  }
  const Equality equality = expr::Compare(a, b, budget_);
  if (budget_.spent()) return Exhausted(node);
  if (equality == Equality::kSensitive) return Refused(node, CompareSign(node.op));
  if (equality == Equality::kUnknown)
    return Operand(UnknownOf(Type::kBool, FirstUnknown(a.HasUnknown() ? a : b)));
  return Operand(Value((equality == Equality::kEqual) == (node.op == Node::Operator::kEqual)));
}

Evaluator::Outcome Evaluator::In(const Node& node) {
  Outcome left = Visit(*node.children[0]);
  if (!left.ok()) return left;
  Outcome right = Visit(*node.children[1]);
  if (!right.ok()) return right;
  const Value& item = **left;
  const Value& all = **right;
  if (item.is_sensitive() || all.is_sensitive()) return Refused(node, "'in'");
  if (item.is_unknown() || all.is_unknown())
    return Operand(UnknownOf(Type::kBool, item.is_unknown() ? item : all));
  if (all.is_map())
    return Operand(Value(item.is_string() && all.Find(item.as_string()) != nullptr));
  if (!all.is_list()) return Fail(node, fmt::format("'in' does not take {}", NameOfType(all)));
  bool sensitive = false;
  const Value* unknown = nullptr;
  for (const Value& candidate : all.as_list()) {
    const Equality equality = expr::Compare(item, candidate, budget_);
    if (budget_.spent()) return Exhausted(node);
    if (equality == Equality::kEqual) return Operand(Value(true));
    if (equality == Equality::kSensitive) sensitive = true;
    if (equality == Equality::kUnknown && unknown == nullptr)
      unknown = &FirstUnknown(candidate.HasUnknown() ? candidate : item);
  }
  if (sensitive) return Refused(node, "'in'");
  if (unknown != nullptr) return Operand(UnknownOf(Type::kBool, *unknown));
  return Operand(Value(false));
}

/// An operand that decides wins over errors and unknowns on either side; an unknown wins over an
/// error.
Evaluator::Outcome Evaluator::Logic(const Node& node) {
  const bool decisive = node.kind == Kind::kOr;
  std::optional<ExprError> error;
  std::optional<Value> unknown;
  for (const auto& child : node.children) {
    Outcome outcome = Visit(*child);
    if (budget_.spent()) return Exhausted(node);
    if (!outcome.ok()) {
      if (!error) error = outcome.error();
      continue;
    }
    const Value& value = **outcome;
    if (value.is_bool()) {
      if (value.as_bool() == decisive) return Operand(Value(decisive));
    } else if (value.is_unknown()) {
      if (!unknown) unknown = UnknownOf(Type::kBool, value);
    } else if (!error) {
      const std::string_view sign = decisive ? "'||'" : "'&&'";
      error = value.is_sensitive()
                  ? Refused(node, sign)
                  : Fail(*child, fmt::format("{} does not take {}", sign, NameOfType(value)));
    }
  }
  if (unknown) return Operand(std::move(*unknown));
  if (error) return std::move(*error);
  return Operand(Value(!decisive));
}

Evaluator::Outcome Evaluator::Conditional(const Node& node) {
  Outcome condition = Visit(*node.children[0]);
  if (!condition.ok()) return condition;
  const Value& value = **condition;
  if (value.is_bool()) return Visit(*node.children[value.as_bool() ? 1 : 2]);
  if (value.is_sensitive()) return Refused(node, "'?:'");
  if (!value.is_unknown())
    return Fail(*node.children[0],
                fmt::format("the condition must be a bool; found {}", NameOfType(value)));
  // Both branches are looked at for their type alone.
  const Outcome yes = Visit(*node.children[1]);
  const Outcome no = Visit(*node.children[2]);
  if (budget_.spent()) return Exhausted(node);
  const bool same = yes.ok() && no.ok() && (*yes)->type() == (*no)->type();
  return Operand(UnknownOf(same ? (*yes)->type() : Type::kAny, value));
}

Evaluator::Outcome Evaluator::ListOf(const Node& node) {
  List items;
  items.reserve(node.children.size());
  for (const auto& child : node.children) {
    Outcome outcome = Visit(*child);
    if (!outcome.ok()) return outcome;
    ExprResult<Value> item = Take(std::move(outcome).value(), *child);
    if (!item.ok()) return item.error();
    items.push_back(std::move(item).value());
  }
  return Operand(Value(std::move(items)));
}

/// Of equal keys the last wins, as in the reference.
Evaluator::Outcome Evaluator::MapOf(const Node& node) {
  Map map;
  std::optional<ExprError> error;
  std::optional<Value> unknown;
  for (size_t i = 0; i < node.children.size(); i += 2) {
    Outcome key = Visit(*node.children[i]);
    if (!key.ok()) return key;
    Outcome outcome = Visit(*node.children[i + 1]);
    if (!outcome.ok()) return outcome;
    ExprResult<Value> member = Take(std::move(outcome).value(), *node.children[i + 1]);
    if (!member.ok()) return member.error();
    const Value& name = **key;
    if (name.is_string()) {
      map.insert_or_assign(name.as_string(), std::move(member).value());
    } else if (name.is_unknown()) {
      if (!unknown) unknown = UnknownOf(Type::kMap, name);
    } else if (!error) {
      error = name.is_sensitive()
                  ? Refused(*node.children[i], "a key")
                  : Fail(*node.children[i],
                         fmt::format("the keys of a map are strings; found {}", NameOfType(name)));
    }
  }
  if (error) return std::move(*error);
  if (unknown) return Operand(std::move(*unknown));
  return Operand(Value(std::move(map)));
}

Evaluator::Outcome Evaluator::Call(const Node& node) {
  std::vector<Operand> operands;
  operands.reserve(node.children.size());
  for (const auto& child : node.children) {
    Outcome outcome = Visit(*child);
    if (!outcome.ok()) return outcome;
    operands.push_back(std::move(outcome).value());
  }
  for (const Operand& operand : operands) {
    if (!operand->is_sensitive()) continue;
    if (node.function == Function::kString) return std::move(operands[0]);
    return Refused(node, fmt::format("{}()", node.text));
  }
  if (node.function == Function::kUnknown)
    return Fail(node, fmt::format("no function '{}' takes these operands", node.text));
  for (const Operand& operand : operands)
    if (operand->is_unknown()) return Operand(UnknownOf(ResultType(node.function), *operand));
  Result<Value> result = expr::Call(node.function, node.text, *operands[0],
                                    operands.size() > 1 ? &*operands[1] : nullptr, budget_);
  if (!result.ok()) return Fail(node, result.status());
  return Operand(std::move(result).value());
}

/// ref() and secret(); asked once each, as their arguments are the same all through an evaluation.
Evaluator::Outcome Evaluator::Lookup(const Node& node) {
  if (const auto known = lookups_.find(&node); known != lookups_.end())
    return Operand(&known->second);
  Outcome argument = Visit(*node.children[0]);
  if (!argument.ok()) return argument;
  const Value& name = **argument;
  if (!name.is_string())
    return Fail(*node.children[0],
                name.is_unknown() ? fmt::format("the argument of {}() is not known yet", node.text)
                                  : fmt::format("the argument of {}() must be a string; found {}",
                                                node.text, NameOfType(name)));
  Result<Value> value = node.kind == Kind::kRef ? scope_.Ref(name.as_string(), node.path)
                                                : scope_.Secret(name.as_string());
  if (!value.ok()) return Fail(node, value.status());
  return Operand(&lookups_.emplace(&node, std::move(value).value()).first->second);
}

}  // namespace tandem::expr
