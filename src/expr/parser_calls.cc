#include <fmt/format.h>

#include "expr/functions.h"
#include "expr/grammar.h"

namespace tandem::expr {

using Kind = Node::Kind;

bool Parser::ParseArguments(std::vector<NodePtr>* arguments) {
  Advance();
  if (Here().Is(")")) {
    Advance();
    return true;
  }
  while (true) {
    NodePtr argument = ParseExpr();
    if (argument == nullptr) return false;
    arguments->push_back(std::move(argument));
    if (!Here().Is(",")) break;
    Advance();
  }
  return Expect(")");
}

NodePtr Parser::MakeCall(const Token& name, NodePtr receiver, std::vector<NodePtr> arguments) {
  const size_t count = arguments.size();
  if (receiver != nullptr) {
    static constexpr std::pair<std::string_view, Node::Macro> kMacros[] = {
        {"all", Node::Macro::kAll},
        {"exists", Node::Macro::kExists},
        {"exists_one", Node::Macro::kExistsOne},
        {"map", Node::Macro::kMap},
        {"filter", Node::Macro::kFilter}};
    for (const auto& [text, macro] : kMacros)
      if (name.text == text && (count == 2 || (macro == Node::Macro::kMap && count == 3)))
        return MakeMacro(macro, name, std::move(receiver), std::move(arguments));
  } else if (name.text == "has" && count == 1) {
    return MakeHas(name, std::move(arguments[0]));
  }
  const bool is_member = receiver != nullptr;
  const bool can_look_up = !is_member && functions_ == Functions::kKnown;
  const bool is_ref = can_look_up && name.text == "ref";
  const bool is_secret = can_look_up && name.text == "secret";
  NodePtr node = New(is_ref ? Kind::kRef : is_secret ? Kind::kSecret : Kind::kCall, name.offset);
  node->text = name.text;
  if (receiver != nullptr) node->children.push_back(std::move(receiver));
  for (NodePtr& argument : arguments) node->children.push_back(std::move(argument));
  if (is_ref || is_secret) {
    if (count != 1) return Fail(name.offset, fmt::format("{}() takes one argument", name.text));
    return Finish(std::move(node), false);
  }
  node->function = FindFunction(name.text);
  const size_t operands = node->children.size();
  if (node->function == Function::kUnknown) {
    if (functions_ == Functions::kKnown) {
      if (const std::string_view form = MacroForm(name.text); !form.empty())
        return Fail(name.offset, fmt::format("{}() is written {}", name.text, form));
      const std::string near = NearestFunction(name.text);
      return Fail(name.offset, fmt::format("unknown function '{}'", name.text),
                  near.empty() ? "" : fmt::format("did you mean '{}'?", near));
    }
    if (operands == 0) return Fail(name.offset, fmt::format("unknown function '{}'", name.text));
  } else if (operands != OperandCount(node->function) && functions_ == Functions::kCel &&
             IsConversion(node->function)) {
    node->function = Function::kUnknown;  // the reference finds these only when they are called
  } else if (operands != OperandCount(node->function)) {
    return Fail(name.offset, fmt::format("{}() takes {} operand{}, the receiver included; found {}",
                                         name.text, OperandCount(node->function),
                                         OperandCount(node->function) == 1 ? "" : "s", operands));
  }
  return Finish(std::move(node), is_member);
}

NodePtr Parser::MakeMacro(Node::Macro macro, const Token& name, NodePtr range,
                          std::vector<NodePtr> arguments) {
  const Node& variable = *arguments[0];
  // The reference accepts `.x` as a variable, and then never finds it: `.x` goes on to be the global.
  const bool unreachable = variable.global && functions_ == Functions::kCel;
  if (variable.kind != Kind::kName || (variable.global && !unreachable))
    return Fail(variable.offset,
                fmt::format("the first argument of {}() must be a name", name.text));
  if (!unreachable && variable.text == "__result__")
    return Fail(variable.offset, "'__result__' cannot be the name of a variable");
  NodePtr node = New(Kind::kMacro, name.offset);
  node->macro = macro;
  node->text = (unreachable ? "." : "") + variable.text;
  node->children.push_back(std::move(range));
  for (size_t i = 1; i < arguments.size(); ++i) node->children.push_back(std::move(arguments[i]));
  if (unreachable && macro == Node::Macro::kFilter) {
    node->macro = Node::Macro::kMap;
    node->children.push_back(std::move(arguments[0]));
  }
  return Finish(std::move(node), true);
}

NodePtr Parser::MakeHas(const Token& name, NodePtr argument) {
  if (argument->kind == Kind::kHas && argument->selected) return argument;
  NodePtr node = New(Kind::kHas, name.offset);
  if (argument->kind == Kind::kSelect) {
    node->depth = argument->depth;
    node->text = argument->text;
    node->children.push_back(std::move(argument->children[0]));
  } else if (argument->kind == Kind::kRef && argument->selected) {
    node->text = argument->path.back().key;
    argument->path.pop_back();
    node->children.push_back(std::move(argument));
  } else {
    return Fail(argument->offset, "has() takes a selection such as has(a.b)");
  }
  return Finish(std::move(node), false);
}

/// A bool has no members. The reference goes on testing for presence: false for every constant key.
NodePtr Parser::MemberOfHas(NodePtr has, size_t offset, bool constant, bool selected) {
  if (functions_ == Functions::kKnown || !constant)
    return Fail(offset, "the result of has() is a bool and has no members");
  NodePtr node = New(Kind::kHas, offset);
  node->selected = selected;
  return Finish(Adopt(std::move(node), std::move(has)), true);
}

}  // namespace tandem::expr
