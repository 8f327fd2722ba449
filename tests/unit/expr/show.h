// Values and errors as one line, for the tables of these tests.
#pragma once

#include <fmt/format.h>

#include <string>

#include "tandem/expr/error.h"
#include "tandem/model/value.h"

namespace tandem::expr_test {

inline std::string Show(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_double()) {
    const std::string text = fmt::format("{}", value.as_double());
    return text.find_first_of(".ein") == std::string::npos ? text + ".0" : text;
  }
  if (value.is_string()) return "'" + value.as_string() + "'";
  std::string out;
  if (value.is_list()) {
    for (const Value& item : value.as_list()) out += (out.empty() ? "" : ", ") + Show(item);
    return "[" + out + "]";
  }
  if (value.is_map()) {
    for (const auto& [key, member] : value.as_map())
      out += (out.empty() ? "" : ", ") + key + ": " + Show(member);
    return "{" + out + "}";
  }
  if (value.is_unknown())
    return fmt::format("unknown {} {}", TypeName(value.as_unknown().type),
                       value.as_unknown().source);
  const Sensitive& secret = value.as_sensitive();
  for (const Sensitive::Part& part : secret.parts)
    out += part.secret ? "<" + part.text + ">" : part.text;
  return "secret(" + out + ")" + (secret.digest.empty() ? "" : " digest " + secret.digest) +
         " version " + secret.version;
}

inline std::string Show(const ExprError& error) {
  return fmt::format("error at {}: {}", error.offset, error.message);
}

struct Case {
  std::string name;
  std::string text;
  std::string expected;
};

}  // namespace tandem::expr_test
