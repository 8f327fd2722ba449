// One JSON object a line in, one a line out: {"expr", "bindings"} → {"value"} | {"error"}.
//
// JSON numbers without fraction or exponent are ints, others doubles; doubles are written with a
// fraction or exponent. NaN and infinities are {"double": "NaN"}, "Infinity", "-Infinity", both
// ways.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <limits>
#include <string>

#include "tandem/codec/json.h"
#include "tandem/expr/evaluate.h"

namespace tandem {
namespace {

std::string Quote(const std::string& text) { return ToCanonicalJson(Value(text)); }

std::string WriteDouble(double value) {
  if (std::isnan(value)) return R"({"double":"NaN"})";
  if (std::isinf(value))
    return value > 0 ? R"({"double":"Infinity"})" : R"({"double":"-Infinity"})";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

void Write(const Value& value, std::string* out) {
  if (value.is_null()) {
    *out += "null";
  } else if (value.is_bool()) {
    *out += value.as_bool() ? "true" : "false";
  } else if (value.is_int()) {
    *out += std::to_string(value.as_int());
  } else if (value.is_double()) {
    *out += WriteDouble(value.as_double());
  } else if (value.is_list()) {
    *out += '[';
    const char* separator = "";
    for (const Value& item : value.as_list()) {
      *out += separator;
      separator = ",";
      Write(item, out);
    }
    *out += ']';
  } else if (value.is_map()) {
    *out += '{';
    const char* separator = "";
    for (const auto& [key, member] : value.as_map()) {
      *out += separator + Quote(key) + ':';
      separator = ",";
      Write(member, out);
    }
    *out += '}';
  } else {
    *out += Quote(value.is_string() ? value.as_string() : "");
  }
}

/// Replaces {"double": "NaN"} and its like by the doubles they stand for.
Value WithSpecialDoubles(Value value) {
  if (value.is_list())
    for (Value& item : value.edit_list()) item = WithSpecialDoubles(std::move(item));
  if (!value.is_map()) return value;
  if (value.as_map().size() == 1) {
    const std::string name = value.StringOr("double", "");
    if (name == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (name == "Infinity") return std::numeric_limits<double>::infinity();
    if (name == "-Infinity") return -std::numeric_limits<double>::infinity();
  }
  for (auto& [key, member] : value.edit_map()) member = WithSpecialDoubles(std::move(member));
  return value;
}

std::string Error(const std::string& message) { return "{\"error\":" + Quote(message) + "}"; }

std::string Answer(const std::string& line) {
  const Result<Value> request = ParseJson(line);
  if (!request.ok()) return Error("request: " + request.status().message());
  const Value* text = request->Find("expr");
  if (text == nullptr || !text->is_string()) return Error("request: no 'expr'");
  const Value* bindings = request->Find("bindings");
  Map names;
  if (bindings != nullptr && bindings->is_map())
    for (const auto& [name, value] : bindings->as_map())
      names.emplace(name, WithSpecialDoubles(value));
  const ExprResult<Expression> expression = Expression::Parse(text->as_string(), Functions::kCel);
  if (!expression.ok())
    return Error(fmt::format("{}: {}", expression.error().offset, expression.error().message));
  const ExprResult<Value> value = Evaluate(*expression, NamedValues(std::move(names)));
  if (!value.ok()) return Error(fmt::format("{}: {}", value.error().offset, value.error().message));
  std::string out = "{\"value\":";
  Write(*value, &out);
  return out + "}";
}

}  // namespace
}  // namespace tandem

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  std::cin.tie(nullptr);
  while (std::getline(std::cin, line)) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::cout << tandem::Answer(line) << '\n';
    if (std::cin.rdbuf()->in_avail() <= 0) std::cout.flush();  // somebody may wait for this answer
  }
  return 0;
}
