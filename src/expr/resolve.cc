#include "expr/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace tandem::expr {
namespace {

class Resolver {
 public:
  std::optional<ExprError> Visit(Node& node) {
    switch (node.kind) {
      case Node::Kind::kName: return Name(node);
      case Node::Kind::kMacro: return Macro(node);
      case Node::Kind::kRef:
      case Node::Kind::kSecret: return Lookup(node);
      default: return Children(node, 0);
    }
  }

 private:
  std::optional<ExprError> Children(Node& node, size_t from) {
    for (size_t i = from; i < node.children.size(); ++i)
      if (auto error = Visit(*node.children[i])) return error;
    return std::nullopt;
  }

  std::optional<ExprError> Name(Node& node) {
    if (node.global) return std::nullopt;
    const auto found = std::find(variables_.rbegin(), variables_.rend(), node.text);
    if (found == variables_.rend()) return std::nullopt;
    node.local = true;
    const auto index = static_cast<size_t>(variables_.rend() - found) - 1;
    if (lookup_ != nullptr && index < outside_)
      return ExprError{fmt::format("the argument of {}() cannot use '{}', a variable of a macro",
                                   lookup_->text, node.text),
                       node.offset,
                       "what an expression refers to must not depend on its value",
                       {}};
    return std::nullopt;
  }

  std::optional<ExprError> Macro(Node& node) {
    if (auto error = Visit(*node.children[0])) return error;
    variables_.push_back(node.text);
    auto error = Children(node, 1);
    variables_.pop_back();
    return error;
  }

  std::optional<ExprError> Lookup(Node& node) {
    if (lookup_ != nullptr)
      return ExprError{
          fmt::format("the argument of {}() cannot use {}()", lookup_->text, node.text),
          node.offset,
          "it must be computable from literals, each.key and the like",
          {}};
    const Node& argument = *node.children[0];
    if (argument.kind == Node::Kind::kLiteral && !argument.literal.is_string())
      return ExprError{
          fmt::format("the argument of {}() must be a string", node.text), argument.offset, "", {}};
    lookup_ = &node;
    outside_ = variables_.size();
    auto error = Children(node, 0);
    lookup_ = nullptr;
    return error;
  }

  std::vector<std::string_view> variables_;
  const Node* lookup_ = nullptr;
  size_t outside_ = 0;  // variables of macros around the ref() or secret()
};

}  // namespace

std::optional<ExprError> ResolveNames(Node& root) { return Resolver().Visit(root); }

}  // namespace tandem::expr
