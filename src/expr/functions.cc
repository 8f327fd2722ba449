#include "expr/functions.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "expr/numbers.h"
#include "tandem/base/check.h"
#include "tandem/base/spelling.h"

namespace tandem::expr {
namespace {

struct Row {
  std::string_view name;
  Function function;
  size_t operands;
  Type result;
};

constexpr Row kFunctions[] = {
    {"size", Function::kSize, 1, Type::kInt},
    {"contains", Function::kContains, 2, Type::kBool},
    {"startsWith", Function::kStartsWith, 2, Type::kBool},
    {"endsWith", Function::kEndsWith, 2, Type::kBool},
    {"matches", Function::kMatches, 2, Type::kBool},
    {"string", Function::kString, 1, Type::kString},
    {"int", Function::kInt, 1, Type::kInt},
    {"double", Function::kDouble, 1, Type::kDouble},
};

constexpr std::pair<std::string_view, std::string_view> kMacros[] = {
    {"all", "list.all(x, condition)"},
    {"exists", "list.exists(x, condition)"},
    {"exists_one", "list.exists_one(x, condition)"},
    {"map", "list.map(x, value) or list.map(x, condition, value)"},
    {"filter", "list.filter(x, condition)"},
    {"has", "has(map.name)"},
};

/// Texts count by this many bytes a step.
constexpr int64_t kBytesPerStep = 16;

int64_t TextCost(const std::string& text) {
  return static_cast<int64_t>(text.size()) / kBytesPerStep;
}

Status OverBudget() { return ResourceExhausted("the expression takes too many steps"); }

int64_t CodePoints(const std::string& text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

Result<Value> Size(const Value& of) {
  if (of.is_string()) return Value(CodePoints(of.as_string()));
  if (of.is_list()) return Value(static_cast<int64_t>(of.as_list().size()));
  if (of.is_map()) return Value(static_cast<int64_t>(of.as_map().size()));
  return InvalidArgument(fmt::format("size() does not take {}", NameOfType(of)));
}

Result<Value> Matches(const std::string& text, const std::string& pattern, Budget& budget) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(4 << 20);
  if (!budget.Spend(100 + 4 * static_cast<int64_t>(pattern.size()))) return OverBudget();
  const RE2 regex(pattern, options);
  if (!regex.ok())
    return InvalidArgument(
        fmt::format("'{}' is no regular expression: {}", pattern, regex.error()));
  const int64_t program = std::max(1, regex.ProgramSize());
  if (!budget.Spend(static_cast<int64_t>(text.size()) * (1 + program / 64) / kBytesPerStep))
    return OverBudget();
  return Value(RE2::PartialMatch(text, regex));
}

Result<Value> ToString(const Value& value) {
  if (value.is_string()) return value;
  if (value.is_bool()) return Value(value.as_bool() ? "true" : "false");
  if (value.is_int()) return Value(std::to_string(value.as_int()));
  if (value.is_double()) return Value(WriteDouble(value.as_double()));
  return InvalidArgument(fmt::format("string() does not take {}", NameOfType(value)));
}

Result<Value> ToInt(const Value& value) {
  if (value.is_int()) return value;
  if (value.is_double()) {
    const double number = value.as_double();
    if (std::isnan(number) || number <= -0x1p63 || number >= 0x1p63)
      return InvalidArgument("the number does not fit into an int");
    return Value(static_cast<int64_t>(number));
  }
  if (value.is_string()) {
    if (const auto number = ReadInt(value.as_string())) return Value(*number);
    return InvalidArgument("the string is no int");
  }
  return InvalidArgument(fmt::format("int() does not take {}", NameOfType(value)));
}

Result<Value> ToDouble(const Value& value) {
  if (value.is_double()) return value;
  if (value.is_int()) return Value(static_cast<double>(value.as_int()));
  if (value.is_string()) {
    if (const auto number = ReadDouble(value.as_string())) return Value(*number);
    return InvalidArgument("the string is no number");
  }
  return InvalidArgument(fmt::format("double() does not take {}", NameOfType(value)));
}

std::string_view SignOf(Node::Operator op) {
  switch (op) {
    case Node::Operator::kAdd: return "+";
    case Node::Operator::kSubtract: return "-";
    case Node::Operator::kMultiply: return "*";
    case Node::Operator::kDivide: return "/";
    case Node::Operator::kModulo: return "%";
    case Node::Operator::kLess: return "<";
    case Node::Operator::kLessEqual: return "<=";
    case Node::Operator::kGreater: return ">";
    case Node::Operator::kGreaterEqual: return ">=";
    case Node::Operator::kEqual: return "==";
    case Node::Operator::kNotEqual: return "!=";
    case Node::Operator::kNone: break;
  }
  return "";
}

Status DoesNotTake(Node::Operator op, const Value& left, const Value& right) {
  const bool numbers = (left.is_int() && right.is_double()) || (left.is_double() && right.is_int());
  return InvalidArgument(fmt::format("'{}' does not take {} and {}{}", SignOf(op), NameOfType(left),
                                     NameOfType(right),
                                     numbers ? "; convert one with int() or double()" : ""));
}

Result<Value> IntArithmetic(Node::Operator op, int64_t left, int64_t right) {
  int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case Node::Operator::kAdd: overflow = __builtin_add_overflow(left, right, &result); break;
    case Node::Operator::kSubtract: overflow = __builtin_sub_overflow(left, right, &result); break;
    case Node::Operator::kMultiply: overflow = __builtin_mul_overflow(left, right, &result); break;
    default:
      if (right == 0) return InvalidArgument("division by zero");
      overflow = left == INT64_MIN && right == -1;
      if (!overflow) result = op == Node::Operator::kDivide ? left / right : left % right;
  }
  if (overflow) return InvalidArgument("the result does not fit into 64 bits");
  return Value(result);
}

/// -1, 0, 1; the int is rounded to a double, as the reference does.
int CompareDoubleInt(double left, int64_t right) {
  if (left < -0x1p63) return -1;
  if (left > 0x1p63) return 1;
  const auto rounded = static_cast<double>(right);
  return left < rounded ? -1 : left > rounded ? 1 : 0;
}

bool IsNumber(const Value& value) { return value.is_int() || value.is_double(); }
bool IsOrdered(const Value& value) {
  return IsNumber(value) || value.is_string() || value.is_bool();
}
bool IsNan(const Value& value) { return value.is_double() && std::isnan(value.as_double()); }

/// Neither is NaN.
int CompareNumbers(const Value& left, const Value& right) {
  if (left.is_int() && right.is_int())
    return left.as_int() < right.as_int() ? -1 : left.as_int() > right.as_int() ? 1 : 0;
  if (left.is_double() && right.is_double())
    return left.as_double() < right.as_double() ? -1 : left.as_double() > right.as_double() ? 1 : 0;
  if (left.is_double()) return CompareDoubleInt(left.as_double(), right.as_int());
  return -CompareDoubleInt(right.as_double(), left.as_int());
}

Equality FromBool(bool equal) { return equal ? Equality::kEqual : Equality::kDifferent; }

/// Folds the answer for one member into that for all so far; true when the whole is decided.
bool Fold(Equality member, Equality* all) {
  if (member == Equality::kDifferent) {
    *all = Equality::kDifferent;
    return true;
  }
  if (member == Equality::kSensitive || *all == Equality::kEqual) *all = member;
  return false;
}

}  // namespace

Function FindFunction(std::string_view name) {
  for (const Row& row : kFunctions)
    if (row.name == name) return row.function;
  return Function::kUnknown;
}

size_t OperandCount(Function function) {
  for (const Row& row : kFunctions)
    if (row.function == function) return row.operands;
  return 0;
}

Type ResultType(Function function) {
  for (const Row& row : kFunctions)
    if (row.function == function) return row.result;
  return Type::kAny;
}

bool IsConversion(Function function) {
  return function == Function::kString || function == Function::kInt ||
         function == Function::kDouble;
}

std::string NearestFunction(std::string_view name) {
  std::vector<std::string> known = {"ref", "secret"};
  for (const Row& row : kFunctions) known.emplace_back(row.name);
  for (const auto& [macro, form] : kMacros) known.emplace_back(macro);
  return NearestWord(name, known);
}

std::string_view MacroForm(std::string_view name) {
  for (const auto& [macro, form] : kMacros)
    if (macro == name) return form;
  return "";
}

std::string_view NameOfType(const Value& value) {
  return value.is_sensitive() ? "a secret" : TypeName(value.type());
}

int64_t CostOf(const Value& value) {
  int64_t cost = 1;
  if (value.is_string()) cost += TextCost(value.as_string());
  if (value.is_list())
    for (const Value& item : value.as_list()) cost += CostOf(item);
  if (value.is_map())
    for (const auto& [key, member] : value.as_map()) cost += 1 + TextCost(key) + CostOf(member);
  if (value.is_sensitive())
    for (const Sensitive::Part& part : value.as_sensitive().parts) cost += 1 + TextCost(part.text);
  return cost;
}

Result<Value> Call(Function function, std::string_view name, const Value& first,
                   const Value* second, Budget& budget) {
  switch (function) {
    case Function::kSize: return Size(first);
    case Function::kString: return ToString(first);
    case Function::kInt: return ToInt(first);
    case Function::kDouble: return ToDouble(first);
    default: break;
  }
  TANDEM_CHECK(second != nullptr);
  if (!first.is_string() || !second->is_string())
    return InvalidArgument(
        fmt::format("{}() does not take {} and {}", name, NameOfType(first), NameOfType(*second)));
  const std::string& text = first.as_string();
  const std::string& part = second->as_string();
  if (function == Function::kMatches) return Matches(text, part, budget);
  if (function == Function::kStartsWith) return Value(text.starts_with(part));
  if (function == Function::kEndsWith) return Value(text.ends_with(part));
  if (!budget.Spend((1 + TextCost(text)) * (1 + TextCost(part)))) return OverBudget();
  return Value(text.find(part) != std::string::npos);
}

Result<Value> Arithmetic(Node::Operator op, Operand left, const Value& right, Budget& budget) {
  if (left->is_int() && right.is_int()) return IntArithmetic(op, left->as_int(), right.as_int());
  if (left->is_double() && right.is_double()) {
    const double a = left->as_double();
    const double b = right.as_double();
    if (op == Node::Operator::kAdd) return Value(a + b);
    if (op == Node::Operator::kSubtract) return Value(a - b);
    if (op == Node::Operator::kMultiply) return Value(a * b);
    if (op == Node::Operator::kDivide) return Value(a / b);
  }
  if (op == Node::Operator::kAdd && left->is_string() && right.is_string()) {
    if (!budget.Spend(TextCost(left->as_string()) + TextCost(right.as_string())))
      return OverBudget();
    return Value(left->as_string() + right.as_string());
  }
  if (op == Node::Operator::kAdd && left->is_list() && right.is_list()) {
    if (!budget.Spend(CostOf(right) + (left.borrowed() ? CostOf(*left) : 0))) return OverBudget();
    List items = left.borrowed() ? left->as_list() : std::move(left.held().edit_list());
    items.insert(items.end(), right.as_list().begin(), right.as_list().end());
    return Value(std::move(items));
  }
  return DoesNotTake(op, *left, right);
}

Result<Value> Order(Node::Operator op, const Value& left, const Value& right) {
  int order = 0;
  if (IsNan(left) || (IsNan(right) && IsOrdered(left))) return Value(false);
  if (IsNumber(left) && IsNumber(right)) {
    order = CompareNumbers(left, right);
  } else if (left.is_string() && right.is_string()) {
    order = left.as_string().compare(right.as_string());
  } else if (left.is_bool() && right.is_bool()) {
    order = static_cast<int>(left.as_bool()) - static_cast<int>(right.as_bool());
  } else {
    return DoesNotTake(op, left, right);
  }
  switch (op) {
    case Node::Operator::kLess: return Value(order < 0);
    case Node::Operator::kLessEqual: return Value(order <= 0);
    case Node::Operator::kGreater: return Value(order > 0);
    default: return Value(order >= 0);
  }
}

Equality Compare(const Value& left, const Value& right, Budget& budget) {
  if (!budget.Spend(1)) return Equality::kDifferent;
  if (left.is_sensitive() || right.is_sensitive()) return Equality::kSensitive;
  if (left.is_unknown() || right.is_unknown()) return Equality::kUnknown;
  if (IsNumber(left) && IsNumber(right))
    return FromBool(!IsNan(left) && !IsNan(right) && CompareNumbers(left, right) == 0);
  if (left.type() != right.type()) return Equality::kDifferent;
  Equality all = Equality::kEqual;
  if (left.is_list()) {
    const List& a = left.as_list();
    const List& b = right.as_list();
    if (a.size() != b.size()) return Equality::kDifferent;
    for (size_t i = 0; i < a.size(); ++i)
      if (Fold(Compare(a[i], b[i], budget), &all)) break;
    return all;
  }
  if (left.is_map()) {
    const Map& a = left.as_map();
    const Map& b = right.as_map();
    if (a.size() != b.size()) return Equality::kDifferent;
    for (auto i = a.begin(), j = b.begin(); i != a.end(); ++i, ++j) {
      if (i->first != j->first) return Equality::kDifferent;
      if (Fold(Compare(i->second, j->second, budget), &all)) break;
    }
    return all;
  }
  if (left.is_string()) budget.Spend(TextCost(left.as_string()));
  return FromBool(left == right);
}

}  // namespace tandem::expr
