#include "tandem/expr/evaluate.h"

#include <fmt/format.h>

#include <utility>

#include "expr/ast.h"
#include "expr/evaluator.h"
#include "expr/functions.h"

namespace tandem {
namespace {

using expr::Node;

/// Joins the parts of a scalar. An unknown part makes the whole unknown; else a sensitive one makes
/// it sensitive.
class Joiner {
 public:
  void Text(std::string_view text) {
    if (parts_.empty() || parts_.back().secret) parts_.push_back({false, ""});
    parts_.back().text += text;
  }

  /// What cannot be part of a text, or nothing.
  std::optional<std::string> Add(const Value& value) {
    if (value.is_unknown()) {
      if (!unknown_) unknown_ = Unknown{Type::kString, value.as_unknown().source};
    } else if (value.is_sensitive()) {
      const Sensitive& secret = value.as_sensitive();
      sensitive_ = true;
      for (const Sensitive::Part& part : secret.parts) {
        if (part.secret) {
          parts_.push_back(part);
        } else {
          Text(part.text);
        }
      }
      if (!secret.version.empty()) version_ += (version_.empty() ? "" : ",") + secret.version;
    } else {
      expr::Budget budget;
      Result<Value> text = expr::Call(expr::Function::kString, "string", value, nullptr, budget);
      if (!text.ok()) return std::string(expr::NameOfType(value));
      Text(text->as_string());
    }
    return std::nullopt;
  }

  Value Finish() {
    if (unknown_) return std::move(*unknown_);
    if (sensitive_) return Sensitive{std::move(parts_), "", std::move(version_)};
    return parts_.empty() ? Value("") : Value(std::move(parts_[0].text));
  }

 private:
  std::vector<Sensitive::Part> parts_;
  std::optional<Unknown> unknown_;
  bool sensitive_ = false;
  std::string version_;
};

/// Calls `take(argument, node)` for each node of `kind`, in the order of the text.
template <typename Take>
std::optional<ExprError> EachLookup(const Expression& expression, const Scope& scope,
                                    Node::Kind kind, const Take& take) {
  std::optional<ExprError> error;
  expr::Walk(expression.root(), [&](const Node& node) {
    if (error || node.kind != kind) return;
    expr::Budget budget;
    ExprResult<Value> argument = expr::Evaluator(scope, budget).Run(*node.children[0]);
    if (!argument.ok()) {
      error = argument.error();
    } else if (!argument->is_string()) {
      error =
          ExprError{fmt::format("the argument of {}() {}", node.text,
                                argument->is_unknown() ? "is not known yet" : "must be a string"),
                    node.children[0]->offset, "", Code::kInvalidArgument};
    } else {
      take(argument->as_string(), node);
    }
  });
  return error;
}

template <typename T, typename Of>
ExprResult<std::vector<T>> OfParts(const Template& text, const Scope& scope, const Of& of) {
  std::vector<T> all;
  for (const Template::Part& part : text.parts()) {
    if (!part.expression) continue;
    ExprResult<std::vector<T>> found = of(*part.expression, scope);
    if (!found.ok()) return found.error();
    all.insert(all.end(), found->begin(), found->end());
  }
  return all;
}

}  // namespace

ExprResult<Value> Evaluate(const Expression& expression, const Scope& scope) {
  expr::Budget budget;
  return expr::Evaluator(scope, budget).Run(expression.root());
}

ExprResult<Value> Evaluate(const Template& text, const Scope& scope) {
  if (text.is_single()) return Evaluate(*text.parts()[0].expression, scope);
  expr::Budget budget;
  expr::Evaluator evaluator(scope, budget);
  Joiner joiner;
  for (const Template::Part& part : text.parts()) {
    if (!part.expression) {
      joiner.Text(part.text);
      continue;
    }
    ExprResult<Value> value = evaluator.Run(part.expression->root());
    if (!value.ok()) return value.error();
    if (const auto refused = joiner.Add(*value))
      return ExprError{fmt::format("{} cannot be part of a text", *refused), part.offset,
                       "only strings, numbers and bools can be joined", Code::kInvalidArgument};
  }
  return joiner.Finish();
}

ExprResult<std::vector<Reference>> References(const Expression& expression, const Scope& scope) {
  std::vector<Reference> found;
  auto error = EachLookup(expression, scope, Node::Kind::kRef,
                          [&](const std::string& address, const Node& node) {
                            found.push_back({address, node.path, node.offset});
                          });
  if (error) return std::move(*error);
  return found;
}

ExprResult<std::vector<Reference>> References(const Template& text, const Scope& scope) {
  return OfParts<Reference>(
      text, scope, [](const Expression& part, const Scope& in) { return References(part, in); });
}

ExprResult<std::vector<SecretUse>> Secrets(const Expression& expression, const Scope& scope) {
  std::vector<SecretUse> found;
  auto error = EachLookup(expression, scope, Node::Kind::kSecret,
                          [&](const std::string& uri, const Node& node) {
                            found.push_back({uri, node.offset});
                          });
  if (error) return std::move(*error);
  return found;
}

ExprResult<std::vector<SecretUse>> Secrets(const Template& text, const Scope& scope) {
  return OfParts<SecretUse>(
      text, scope, [](const Expression& part, const Scope& in) { return Secrets(part, in); });
}

}  // namespace tandem
