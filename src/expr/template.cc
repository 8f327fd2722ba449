#include "tandem/expr/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "expr/parser.h"

namespace tandem {
namespace {

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

/// `aws:` of `${aws:username}`: other systems' placeholders, which no expression begins like.
std::string_view ForeignPrefix(std::string_view inside) {
  size_t end = 0;
  while (end < inside.size() && IsWordByte(inside[end])) ++end;
  if (end == 0 || end >= inside.size() || inside[end] != ':') return "";
  return inside.substr(0, end + 1);
}

}  // namespace

ExprResult<Template> Template::Parse(std::string_view text) {
  Template result;
  std::string literal;
  const auto flush = [&] {
    if (literal.empty()) return;
    result.parts_.push_back({std::move(literal), {}, 0});
    literal.clear();
  };
  size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("$${")) {
      literal += "${";
      at += 3;
      continue;
    }
    if (!rest.starts_with("${")) {
      const size_t next = text.find('$', at + 1);
      const size_t end = next == std::string_view::npos ? text.size() : next;
      literal += text.substr(at, end - at);
      at = end;
      continue;
    }
    if (const std::string_view prefix = ForeignPrefix(rest.substr(2)); !prefix.empty())
      return ExprError{fmt::format("'${{{}' does not begin an expression", prefix),
                       at,
                       fmt::format("write $${{{} if the text itself is meant", prefix),
                       {}};
    flush();
    ExprResult<expr::Parsed> parsed = expr::ParseTree(text, at + 2, true, Functions::kKnown);
    if (!parsed.ok()) return parsed.error();
    result.parts_.push_back({"", {Expression(parsed->root)}, at + 2});
    at = parsed->end + 1;
  }
  flush();
  return result;
}

bool Template::is_literal() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return !part.expression; });
}

bool Template::uses_ref() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) {
    return part.expression && part.expression->uses_ref();
  });
}

bool Template::uses_secret() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) {
    return part.expression && part.expression->uses_secret();
  });
}

bool Template::UsesName(std::string_view name) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    return part.expression && part.expression->UsesName(name);
  });
}

}  // namespace tandem
