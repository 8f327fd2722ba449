#include "tandem/schema/api_params.h"

#include <fmt/format.h>

#include <cmath>

#include "schema/shown_text.h"
#include "tandem/base/clock.h"
#include "tandem/base/hash.h"
#include "tandem/base/spelling.h"

namespace tandem {
namespace {

bool CanHold(Type known, ShapeType wanted) {
  if (known == Type::kAny || wanted == ShapeType::kDocument) return true;
  switch (wanted) {
    case ShapeType::kStructure:
    case ShapeType::kMap: return known == Type::kMap;
    case ShapeType::kList: return known == Type::kList;
    case ShapeType::kString: return known == Type::kString;
    case ShapeType::kBlob: return known == Type::kString || known == Type::kMap;
    case ShapeType::kBoolean: return known == Type::kBool;
    case ShapeType::kInteger: return known == Type::kInt;
    case ShapeType::kFloat:
      return known == Type::kInt || known == Type::kDouble || known == Type::kString;
    case ShapeType::kTimestamp:
      return known == Type::kInt || known == Type::kDouble || known == Type::kString;
    case ShapeType::kDocument: return true;
  }
  return false;
}

class Validator {
 public:
  explicit Validator(const ParamRules& rules) : rules_(rules) {}

  void Check(const ApiShape& shape, const Value& value, const std::string& path, int depth) {
    if (depth > kMaxDepth) return Problem(path, "nested too deeply");
    if (value.is_unknown() || value.is_sensitive()) {
      if (!CanHold(value.type(), shape.type)) WrongType(shape, value, path);
      return;
    }
    switch (shape.type) {
      case ShapeType::kStructure: return CheckStructure(shape, value, path, depth);
      case ShapeType::kList: return CheckList(shape, value, path, depth);
      case ShapeType::kMap: return CheckMap(shape, value, path, depth);
      case ShapeType::kString: return CheckString(shape, value, path);
      case ShapeType::kBlob: return CheckBlob(shape, value, path);
      case ShapeType::kBoolean:
        if (!value.is_bool()) WrongType(shape, value, path);
        return;
      case ShapeType::kInteger:
      case ShapeType::kFloat: return CheckNumber(shape, value, path);
      case ShapeType::kTimestamp:
        if (value.is_int() || value.is_double()) return;
        if (!value.is_string()) return WrongType(shape, value, path);
        if (!ParseTime(value.as_string()).ok())
          Problem(path, fmt::format("'{}' is no time; write it like 2026-01-31T12:00:00Z",
                                    Shortened(value.as_string())));
        return;
      case ShapeType::kDocument: return;
    }
  }

  std::vector<ParamProblem> problems;

 private:
  void Problem(const std::string& path, std::string message) {
    problems.push_back({path, std::move(message)});
  }

  void WrongType(const ApiShape& shape, const Value& value, const std::string& path) {
    std::string hint;
    if (shape.type == ShapeType::kString &&
        (value.is_int() || value.is_double() || value.is_bool()))
      hint = "; quote it";
    Problem(path, fmt::format("must be {} {}, not {}{}", shape.type == ShapeType::kInteger ? "an" : "a",
                              ShapeTypeName(shape.type),
                              TypeName(value.type()), hint));
  }

  void CheckStructure(const ApiShape& shape, const Value& value, const std::string& path,
                      int depth) {
    if (!value.is_map()) return WrongType(shape, value, path);
    int present = 0;
    for (const ApiMember& member : shape.members) {
      const Value* given = value.Find(member.name);
      if (given == nullptr || given->is_null()) {
        if (rules_.required && member.required && !member.traits.idempotency_token)
          Problem(path, fmt::format("required member '{}' is missing", member.name));
        continue;
      }
      ++present;
      // JSON in a text: any value.
      if (!member.traits.json_value)
        Check(*member.shape, *given, JoinPath(path, member.name), depth + 1);
    }
    std::vector<std::string> known;
    for (const auto& [key, given] : value.as_map()) {
      if (shape.Find(key) != nullptr) continue;
      if (known.empty())
        for (const ApiMember& member : shape.members) known.emplace_back(member.name);
      const std::string near = NearestWord(key, known);
      Problem(path, near.empty() ? fmt::format("unknown member '{}'", Shortened(key))
                                 : fmt::format("unknown member '{}', did you mean '{}'?",
                                               Shortened(key), near));
    }
    if (rules_.required && shape.is_union && present != 1)
      Problem(path, fmt::format("must have exactly one member, has {}", present));
  }

  void CheckList(const ApiShape& shape, const Value& value, const std::string& path, int depth) {
    if (!value.is_list()) return WrongType(shape, value, path);
    CheckLimits(shape, static_cast<double>(value.as_list().size()), "length", path);
    int64_t index = 0;
    for (const Value& item : value.as_list()) {
      if (!item.is_null() && !shape.element.traits.json_value)
        Check(*shape.element.shape, item, JoinPath(path, index), depth + 1);
      ++index;
    }
  }

  void CheckMap(const ApiShape& shape, const Value& value, const std::string& path, int depth) {
    if (!value.is_map()) return WrongType(shape, value, path);
    CheckLimits(shape, static_cast<double>(value.as_map().size()), "length", path);
    for (const auto& [key, item] : value.as_map()) {
      const std::string inner = JoinPath(path, key);
      Check(*shape.key.shape, Value(key), inner, depth + 1);
      if (!item.is_null()) Check(*shape.value.shape, item, inner, depth + 1);
    }
  }

  void CheckString(const ApiShape& shape, const Value& value, const std::string& path) {
    if (!value.is_string()) return WrongType(shape, value, path);
    const std::string& text = value.as_string();
    CheckLimits(shape, static_cast<double>(Length(text)), "length", path);
    if (!rules_.enums || shape.enum_values.empty()) return;
    std::vector<std::string> known;
    for (const std::string_view word : shape.enum_values) {
      if (word == text) return;
      known.emplace_back(word);
    }
    const std::string shown = shape.sensitive ? "the value" : "'" + Shortened(text) + "'";
    const std::string near = NearestWord(text, known);
    if (!near.empty() && !shape.sensitive)
      return Problem(path, fmt::format("{} is not allowed, did you mean '{}'?", shown, near));
    constexpr size_t kListed = 12;
    std::string words;
    for (size_t i = 0; i < known.size() && i < kListed; ++i)
      words += (i == 0 ? "" : ", ") + known[i];
    if (known.size() > kListed) words += fmt::format(" and {} more", known.size() - kListed);
    Problem(path, fmt::format("{} is not allowed; allowed are {}", shown, words));
  }

  void CheckBlob(const ApiShape& shape, const Value& value, const std::string& path) {
    std::string bytes;
    if (value.is_string()) {
      bytes = value.as_string();
    } else {
      const Value* encoded = value.Find("$base64");
      if (encoded == nullptr || value.as_map().size() != 1) return WrongType(shape, value, path);
      if (!encoded->is_string() || !FromBase64(encoded->as_string(), &bytes))
        return Problem(path, "'$base64' is not base64 text");
    }
    CheckLimits(shape, static_cast<double>(bytes.size()), "length", path);
  }

  void CheckNumber(const ApiShape& shape, const Value& value, const std::string& path) {
    double number = 0;
    if (value.is_int()) {
      number = static_cast<double>(value.as_int());
    } else if (value.is_double()) {
      number = value.as_double();
      if (shape.type == ShapeType::kInteger && number != std::floor(number))
        return WrongType(shape, value, path);
    } else if (shape.type == ShapeType::kFloat && value.is_string() &&
               (value.as_string() == "NaN" || value.as_string() == "Infinity" ||
                value.as_string() == "-Infinity")) {
      return;
    } else {
      return WrongType(shape, value, path);
    }
    CheckLimits(shape, number, "value", path);
  }

  void CheckLimits(const ApiShape& shape, double measured, std::string_view what,
                   const std::string& path) {
    if (!rules_.limits) return;
    if (shape.min && measured < *shape.min)
      Problem(path, fmt::format("{} {} is below the minimum of {}", what, measured, *shape.min));
    if (shape.max && measured > *shape.max)
      Problem(path, fmt::format("{} {} is above the maximum of {}", what, measured, *shape.max));
  }

  const ParamRules& rules_;
};

}  // namespace

std::vector<ParamProblem> ValidateParams(const ShapeRef& shape, const Value& value,
                                         const ParamRules& rules) {
  if (!shape) {
    if (value.is_null() || (value.is_map() && value.as_map().empty())) return {};
    return {{"", "the operation takes no parameters"}};
  }
  Validator validator(rules);
  validator.Check(*shape.shape, value, "", 0);
  return std::move(validator.problems);
}

}  // namespace tandem
