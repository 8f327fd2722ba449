#include "expr/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "expr/grammar.h"
#include "expr/numbers.h"
#include "expr/resolve.h"

namespace tandem::expr {
namespace {

using Kind = Node::Kind;
using Op = Node::Operator;

constexpr size_t kMaxCodePoints = 100'000;

constexpr std::array<std::string_view, 17> kReserved = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};

std::string Spell(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kEnd: return "the end of the expression";
    case Token::Kind::kString: return "a string";
    default: return fmt::format("'{}'", token.text);
  }
}

bool IsNumber(const Token& token) {
  return token.kind == Token::Kind::kInt || token.kind == Token::Kind::kDouble;
}

}  // namespace

NodePtr Parser::Unexpected(std::string_view wanted) {
  return Fail(Here().offset, fmt::format("expected {}, found {}", wanted, Spell(Here())));
}

NodePtr Parser::ParseExpr() {
  const Entered entered(exprs_);
  if (TooDeep(exprs_)) return nullptr;
  NodePtr condition = ParseLogic(true);
  if (condition == nullptr || !Here().Is("?")) return condition;
  NodePtr node = New(Kind::kConditional, Here().offset);
  Advance();
  NodePtr yes = ParseLogic(true);
  if (yes == nullptr) return nullptr;
  if (Here().Is("?"))
    return Fail(Here().offset, "a conditional between '?' and ':' must stand in parentheses");
  if (!Expect(":")) return nullptr;
  NodePtr no = ParseExpr();
  if (no == nullptr) return nullptr;
  node = Adopt(Adopt(Adopt(std::move(node), std::move(condition)), std::move(yes)), std::move(no));
  return Finish(std::move(node), true);
}

/// A row of `||`, each a row of `&&`.
NodePtr Parser::ParseLogic(bool any) {
  const auto operand = [&] { return any ? ParseLogic(false) : ParseRelation(false); };
  const std::string_view op = any ? "||" : "&&";
  NodePtr first = operand();
  if (first == nullptr || !Here().Is(op)) return first;
  NodePtr node = Adopt(New(any ? Kind::kOr : Kind::kAnd, Here().offset), std::move(first));
  while (Here().Is(op)) {
    Advance();
    NodePtr next = operand();
    if (next == nullptr) return nullptr;
    node->children.push_back(std::move(next));
  }
  return Finish(std::move(node), false);
}

NodePtr Parser::ParseRelation(bool right_side) {
  const Entered entered(relations_);
  if (TooDeep(relations_)) return nullptr;
  NodePtr left = ParseCalc(0);
  if (right_side) return left;
  while (left != nullptr && Here().kind == Token::Kind::kPunctuation) {
    static constexpr std::pair<std::string_view, Op> kOps[] = {
        {"<", Op::kLess},          {"<=", Op::kLessEqual}, {">", Op::kGreater},
        {">=", Op::kGreaterEqual}, {"==", Op::kEqual},     {"!=", Op::kNotEqual}};
    Op op = Op::kNone;
    for (const auto& [text, candidate] : kOps)
      if (Here().text == text) op = candidate;
    const bool is_in = Here().text == "in";
    if (op == Op::kNone && !is_in) break;
    NodePtr node = New(is_in ? Kind::kIn : Kind::kCompare, Here().offset);
    node->op = op;
    Advance();
    NodePtr right = ParseRelation(true);
    if (right == nullptr) return nullptr;
    left = Finish(Adopt(Adopt(std::move(node), std::move(left)), std::move(right)), true);
  }
  return left;
}

NodePtr Parser::ParseCalc(int least) {
  const Entered entered(calcs_);
  if (TooDeep(calcs_)) return nullptr;
  NodePtr left = ParseUnary();
  while (left != nullptr && Here().kind == Token::Kind::kPunctuation && Here().text.size() == 1) {
    Op op = Op::kNone;
    int rank = 1;
    switch (Here().text[0]) {
      case '+': op = Op::kAdd; break;
      case '-': op = Op::kSubtract; break;
      case '*':
        op = Op::kMultiply;
        rank = 2;
        break;
      case '/':
        op = Op::kDivide;
        rank = 2;
        break;
      case '%':
        op = Op::kModulo;
        rank = 2;
        break;
      default: break;
    }
    if (op == Op::kNone || rank < least) break;
    NodePtr node = New(Kind::kArithmetic, Here().offset);
    node->op = op;
    Advance();
    NodePtr right = ParseCalc(rank + 1);
    if (right == nullptr) return nullptr;
    left = Finish(Adopt(Adopt(std::move(node), std::move(left)), std::move(right)), true);
  }
  return left;
}

/// A single minus before a number belongs to the number; an even row of signs is none at all.
NodePtr Parser::ParseUnary() {
  const bool negate = Here().Is("-");
  if (!Here().Is("!") && (!negate || IsNumber(Ahead()))) return ParseMember();
  const std::string_view sign = negate ? "-" : "!";
  const size_t offset = Here().offset;
  bool odd = false;
  while (Here().Is(sign)) {
    odd = !odd;
    Advance();
  }
  NodePtr operand = ParseMember();
  if (operand == nullptr || !odd) return operand;
  return Finish(Adopt(New(negate ? Kind::kNegate : Kind::kNot, offset), std::move(operand)), false);
}

NodePtr Parser::ParseMember() {
  NodePtr node = ParsePrimary();
  while (node != nullptr) {
    if (Here().Is(".")) {
      node = ParseSelect(std::move(node));
    } else if (Here().Is("[")) {
      node = ParseIndex(std::move(node));
    } else {
      break;
    }
  }
  return node;
}

NodePtr Parser::ParseSelect(NodePtr target) {
  Advance();
  const Token name = Here();
  if (name.kind != Token::Kind::kIdentifier && name.kind != Token::Kind::kQuotedName)
    return Unexpected("a name after '.'");
  Advance();
  if (name.kind == Token::Kind::kIdentifier && Here().Is("(")) {
    std::vector<NodePtr> arguments;
    if (!ParseArguments(&arguments)) return nullptr;
    return MakeCall(name, std::move(target), std::move(arguments));
  }
  if (target->kind == Kind::kHas) return MemberOfHas(std::move(target), name.offset, true, true);
  if (target->kind == Kind::kRef) {
    target->path.push_back({name.text, -1});
    target->selected = true;
    return Finish(std::move(target), true);
  }
  NodePtr node = New(Kind::kSelect, name.offset);
  node->text = name.text;
  return Finish(Adopt(std::move(node), std::move(target)), true);
}

NodePtr Parser::ParseIndex(NodePtr target) {
  const size_t offset = Here().offset;
  Advance();
  NodePtr index = ParseExpr();
  if (index == nullptr || !Expect("]")) return nullptr;
  if (index->kind == Kind::kLiteral && index->literal.is_null())
    return Fail(index->offset, "null cannot be an index");
  if (target->kind == Kind::kHas)
    return MemberOfHas(std::move(target), offset, index->kind == Kind::kLiteral, false);
  if (target->kind == Kind::kRef && index->kind == Kind::kLiteral) {
    const Value& key = index->literal;
    if (key.is_string() || (key.is_int() && key.as_int() >= 0)) {
      target->path.push_back(key.is_string() ? PathStep{key.as_string(), -1}
                                             : PathStep{"", key.as_int()});
      target->selected = false;
      return Finish(std::move(target), true);
    }
  }
  return Finish(Adopt(Adopt(New(Kind::kIndex, offset), std::move(target)), std::move(index)), true);
}

NodePtr Parser::ParsePrimary() {
  const Token& token = Here();
  switch (token.kind) {
    case Token::Kind::kInt:
    case Token::Kind::kDouble: return ParseNumber();
    case Token::Kind::kString:
    case Token::Kind::kTrue:
    case Token::Kind::kFalse:
    case Token::Kind::kNull: {
      NodePtr node = New(Kind::kLiteral, token.offset);
      if (token.kind == Token::Kind::kString) node->literal = Value(token.text);
      if (token.kind == Token::Kind::kTrue) node->literal = Value(true);
      if (token.kind == Token::Kind::kFalse) node->literal = Value(false);
      Advance();
      return node;
    }
    case Token::Kind::kIdentifier: return ParseName();
    default: break;
  }
  if (token.Is("-") && IsNumber(Ahead())) return ParseNumber();
  if (token.Is(".") && Ahead().kind == Token::Kind::kIdentifier) return ParseName();
  if (token.Is("(")) {
    Advance();
    NodePtr inner = ParseExpr();
    if (inner == nullptr || !Expect(")")) return nullptr;
    return inner;
  }
  if (token.Is("[")) return ParseList();
  if (token.Is("{")) return ParseMap();
  return Unexpected("a value");
}

NodePtr Parser::ParseNumber() {
  const size_t offset = Here().offset;
  const bool negative = Here().Is("-");
  if (negative) Advance();
  NodePtr node = New(Kind::kLiteral, offset);
  const std::string& text = Here().text;
  if (Here().kind == Token::Kind::kInt) {
    const auto value = ReadIntLiteral(text, negative);
    if (!value) return Fail(offset, "the integer does not fit into 64 bits");
    node->literal = Value(*value);
  } else {
    const auto value = ReadDouble(negative ? "-" + text : text);
    if (!value) return Fail(offset, "the number is too large");
    node->literal = Value(*value);
  }
  Advance();
  return node;
}

NodePtr Parser::ParseName() {
  const bool global = Here().Is(".");
  if (global) Advance();
  const Token name = Here();
  if (std::find(kReserved.begin(), kReserved.end(), name.text) != kReserved.end())
    return Fail(name.offset, fmt::format("'{}' is a reserved word", name.text));
  Advance();
  if (Here().Is("(")) {
    std::vector<NodePtr> arguments;
    if (!ParseArguments(&arguments)) return nullptr;
    return MakeCall(name, nullptr, std::move(arguments));
  }
  NodePtr node = New(Kind::kName, name.offset);
  node->text = name.text;
  node->global = global;
  return node;
}

NodePtr Parser::ParseList() {
  NodePtr node = New(Kind::kList, Here().offset);
  Advance();
  while (!Here().Is("]") && !Here().Is(",")) {
    NodePtr item = ParseExpr();
    if (item == nullptr) return nullptr;
    node->children.push_back(std::move(item));
    if (!Here().Is(",") || Ahead().Is("]")) break;
    Advance();
    if (Here().Is(",")) return Unexpected("a value");
  }
  if (Here().Is(",")) Advance();
  if (!Expect("]")) return nullptr;
  return Finish(std::move(node), false);
}

NodePtr Parser::ParseMap() {
  NodePtr node = New(Kind::kMap, Here().offset);
  Advance();
  while (!Here().Is("}") && !Here().Is(",")) {
    NodePtr key = ParseExpr();
    if (key == nullptr || !Expect(":")) return nullptr;
    NodePtr value = ParseExpr();
    if (value == nullptr) return nullptr;
    node->children.push_back(std::move(key));
    node->children.push_back(std::move(value));
    if (!Here().Is(",") || Ahead().Is("}")) break;
    Advance();
    if (Here().Is(",")) return Unexpected("a value");
  }
  if (Here().Is(",")) Advance();
  if (!Expect("}")) return nullptr;
  return Finish(std::move(node), false);
}

namespace {

/// The tokens of the expression; the last is kEnd, or the brace that ends it.
ExprResult<std::vector<Token>> ReadTokens(std::string_view text, size_t begin, bool until_brace) {
  Lexer lexer(text, begin);
  std::vector<Token> tokens;
  int braces = 0;
  while (true) {
    ExprResult<Token> token = lexer.Next();
    if (!token.ok()) return token.error();
    const bool end = token->kind == Token::Kind::kEnd;
    if (token->Is("{")) ++braces;
    const bool closes = token->Is("}") && --braces < 0;
    if (end && until_brace)
      return ExprError{"the '${' has no closing '}'", begin - 2, "write $${ for a literal ${", {}};
    tokens.push_back(std::move(token).value());
    if (end || (closes && until_brace)) return tokens;
  }
}

}  // namespace

ExprResult<Parsed> ParseTree(std::string_view text, size_t begin, bool until_brace,
                             Functions functions) {
  size_t code_points = 0;
  for (const char c : text.substr(begin))
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++code_points;
  if (!until_brace && code_points > kMaxCodePoints)
    return ExprError{
        fmt::format("the expression is longer than {} characters", kMaxCodePoints), begin, "", {}};
  ExprResult<std::vector<Token>> tokens = ReadTokens(text, begin, until_brace);
  if (!tokens.ok()) return tokens.error();
  const size_t end = tokens->back().offset;
  if (tokens->size() == 1) return ExprError{"the expression is empty", begin, "", {}};
  Parser parser(std::move(tokens).value(), functions);
  NodePtr root = parser.Parse();
  if (root == nullptr) return parser.TakeError();
  if (std::optional<ExprError> error = ResolveNames(*root)) return std::move(*error);
  return Parsed{std::shared_ptr<const Node>(std::move(root)), end};
}

}  // namespace tandem::expr
