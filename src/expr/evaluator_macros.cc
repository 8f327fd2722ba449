// The macros of the Evaluator: all(), exists(), exists_one(), map() and filter().
#include <fmt/format.h>

#include <utility>

#include "expr/evaluator.h"
#include "expr/functions.h"

namespace tandem::expr {
namespace {

std::string_view MacroName(Node::Macro macro) {
  switch (macro) {
    case Node::Macro::kAll: return "all";
    case Node::Macro::kExists: return "exists";
    case Node::Macro::kExistsOne: return "exists_one";
    case Node::Macro::kMap: return "map";
    case Node::Macro::kFilter: return "filter";
    case Node::Macro::kNone: break;
  }
  return "";
}

}  // namespace

template <typename Round>
void Evaluator::ForEach(const Node& node, const Value& range, const Round& round) {
  locals_.push_back({&node.text, nullptr});
  if (range.is_list()) {
    for (const Value& item : range.as_list()) {
      locals_.back().value = &item;
      if (!round(item)) break;
    }
  } else {
    for (const auto& [name, member] : range.as_map()) {
      const Value key(name);
      locals_.back().value = &key;
      if (!round(key)) break;
    }
  }
  locals_.pop_back();
}

Evaluator::Outcome Evaluator::Macro(const Node& node) {
  const Outcome outcome = Visit(*node.children[0]);
  if (!outcome.ok()) return outcome;
  const Value& range = **outcome;
  const bool collects = node.macro == Node::Macro::kMap || node.macro == Node::Macro::kFilter;
  if (range.is_sensitive()) return Refused(node, fmt::format("{}()", MacroName(node.macro)));
  if (range.is_unknown()) return Operand(UnknownOf(collects ? Type::kList : Type::kBool, range));
  if (!range.is_list() && !range.is_map())
    return Fail(node,
                fmt::format("{}() does not take {}", MacroName(node.macro), NameOfType(range)));
  if (collects) return Collect(node, range);
  return node.macro == Node::Macro::kExistsOne ? CountOne(node, range) : Quantify(node, range);
}

/// all() is a row of `&&`, exists() one of `||`.
Evaluator::Outcome Evaluator::Quantify(const Node& node, const Value& range) {
  const bool decisive = node.macro == Node::Macro::kExists;
  bool decided = false;
  std::optional<ExprError> error;
  std::optional<Value> unknown;
  ForEach(node, range, [&](const Value&) {
    const Outcome outcome = Visit(*node.children[1]);
    if (budget_.spent()) return false;
    if (!outcome.ok()) {
      if (!error) error = outcome.error();
    } else if (const Value& value = **outcome; value.is_bool()) {
      decided = value.as_bool() == decisive;
    } else if (value.is_unknown()) {
      if (!unknown) unknown = UnknownOf(Type::kBool, value);
    } else if (!error) {
      error = value.is_sensitive()
                  ? Refused(node, fmt::format("{}()", MacroName(node.macro)))
                  : Fail(*node.children[1],
                         fmt::format("the condition must be a bool; found {}", NameOfType(value)));
    }
    return !decided;
  });
  if (budget_.spent()) return Exhausted(node);
  if (decided) return Operand(Value(decisive));
  if (unknown) return Operand(std::move(*unknown));
  if (error) return std::move(*error);
  return Operand(Value(!decisive));
}

Evaluator::Outcome Evaluator::Condition(const Node& node, const Node& condition) {
  Outcome outcome = Visit(condition);
  if (!outcome.ok() || (*outcome)->is_bool() || (*outcome)->is_unknown()) return outcome;
  if ((*outcome)->is_sensitive()) return Refused(node, fmt::format("{}()", MacroName(node.macro)));
  return Fail(condition,
              fmt::format("the condition must be a bool; found {}", NameOfType(**outcome)));
}

Evaluator::Outcome Evaluator::CountOne(const Node& node, const Value& range) {
  int64_t count = 0;
  std::optional<ExprError> error;
  std::optional<Value> unknown;
  ForEach(node, range, [&](const Value&) {
    const Outcome outcome = Condition(node, *node.children[1]);
    if (!outcome.ok()) {
      error = outcome.error();
    } else if ((*outcome)->is_unknown()) {
      if (!unknown) unknown = UnknownOf(Type::kBool, **outcome);
    } else if ((*outcome)->as_bool()) {
      ++count;
    }
    return !error;
  });
  if (error) return std::move(*error);
  if (unknown && count < 2) return Operand(std::move(*unknown));
  return Operand(Value(count == 1));
}

Evaluator::Outcome Evaluator::Collect(const Node& node, const Value& range) {
  const bool filter = node.macro == Node::Macro::kFilter;
  const Node* condition = filter || node.children.size() == 3 ? node.children[1].get() : nullptr;
  List items;
  std::optional<ExprError> error;
  std::optional<Value> unknown;
  ForEach(node, range, [&](const Value& item) {
    if (condition != nullptr) {
      const Outcome outcome = Condition(node, *condition);
      if (!outcome.ok()) {
        error = outcome.error();
        return false;
      }
      if ((*outcome)->is_unknown()) {
        if (!unknown) unknown = UnknownOf(Type::kList, **outcome);
        return true;
      }
      if (!(*outcome)->as_bool()) return true;
    }
    Outcome member = filter ? Outcome(Operand(&item)) : Visit(*node.children.back());
    if (!member.ok()) {
      error = member.error();
      return false;
    }
    ExprResult<Value> taken = Take(std::move(member).value(), node);
    if (!taken.ok()) {
      error = taken.error();
      return false;
    }
    items.push_back(std::move(taken).value());
    return true;
  });
  if (error) return std::move(*error);
  if (unknown) return Operand(std::move(*unknown));
  return Operand(Value(std::move(items)));
}

}  // namespace tandem::expr
