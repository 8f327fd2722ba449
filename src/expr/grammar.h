// The parser itself: one method a rule of CEL's grammar. parser.cc has the operators and literals,
// parser_calls.cc what has arguments.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/ast.h"
#include "expr/lexer.h"
#include "tandem/expr/error.h"
#include "tandem/expr/expression.h"

namespace tandem::expr {

using NodePtr = std::unique_ptr<Node>;

/// Counts how deep a rule of the grammar is entered while it is alive.
class Entered {
 public:
  explicit Entered(uint32_t& count) : count_(count) { ++count_; }
  ~Entered() { --count_; }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

 private:
  uint32_t& count_;
};

class Parser {
 public:
  static constexpr uint32_t kMaxDepth = 250;

  Parser(std::vector<Token> tokens, Functions functions)
      : tokens_(std::move(tokens)), functions_(functions) {}

  NodePtr Parse() {
    NodePtr root = ParseExpr();
    if (root != nullptr && at_ + 1 != tokens_.size()) {
      Unexpected("an operator or the end of the expression");
      return nullptr;
    }
    return root;
  }
  ExprError TakeError() { return std::move(*error_); }

 private:
  const Token& Here() const { return tokens_[at_]; }
  const Token& Ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  void Advance() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }

  NodePtr Fail(size_t offset, std::string message, std::string hint = "") {
    if (!error_) error_ = ExprError{std::move(message), offset, std::move(hint), {}};
    return nullptr;
  }
  NodePtr Unexpected(std::string_view wanted);
  bool Expect(std::string_view punctuation) {
    if (Here().Is(punctuation)) {
      Advance();
      return true;
    }
    Unexpected(fmt::format("'{}'", punctuation));
    return false;
  }
  bool TooDeep(uint32_t count) {
    if (count <= kMaxDepth) return false;
    Fail(Here().offset, "the expression is nested too deeply");
    return true;
  }

  static NodePtr New(Node::Kind kind, size_t offset) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->offset = offset;
    return node;
  }
  /// Takes the depth of the children, one more where the reference counts the node itself.
  NodePtr Finish(NodePtr node, bool counted) {
    uint32_t depth = node->depth;
    for (const NodePtr& child : node->children) depth = std::max(depth, child->depth);
    node->depth = depth + (counted ? 1 : 0);
    if (node->depth > kMaxDepth) return Fail(node->offset, "the expression is nested too deeply");
    return node;
  }
  static NodePtr Adopt(NodePtr node, NodePtr child) {
    node->children.push_back(std::move(child));
    return node;
  }

  NodePtr ParseExpr();
  NodePtr ParseLogic(bool any);
  NodePtr ParseRelation(bool right_side);
  NodePtr ParseCalc(int least);
  NodePtr ParseUnary();
  NodePtr ParseMember();
  NodePtr ParseSelect(NodePtr target);
  NodePtr ParseIndex(NodePtr target);
  NodePtr ParsePrimary();
  NodePtr ParseName();
  NodePtr ParseNumber();
  NodePtr ParseList();
  NodePtr ParseMap();
  bool ParseArguments(std::vector<NodePtr>* arguments);
  NodePtr MakeCall(const Token& name, NodePtr receiver, std::vector<NodePtr> arguments);
  NodePtr MakeMacro(Node::Macro macro, const Token& name, NodePtr range,
                    std::vector<NodePtr> arguments);
  NodePtr MakeHas(const Token& name, NodePtr argument);
  NodePtr MemberOfHas(NodePtr has, size_t offset, bool constant, bool selected);

  std::vector<Token> tokens_;  // the last is kEnd or the closing brace
  Functions functions_;
  size_t at_ = 0;
  uint32_t exprs_ = 0;
  uint32_t relations_ = 0;
  uint32_t calcs_ = 0;
  std::optional<ExprError> error_;
};

}  // namespace tandem::expr
