// The functions of the expression language, and what its operators do with plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expr/ast.h"
#include "expr/operand.h"
#include "tandem/base/status.h"
#include "tandem/model/value.h"

namespace tandem::expr {

Function FindFunction(std::string_view name);
/// The receiver counts as one.
size_t OperandCount(Function function);
Type ResultType(Function function);
/// string(), int(), double().
bool IsConversion(Function function);
/// The known function or macro with a name like `name`, or "".
std::string NearestFunction(std::string_view name);
/// How the macro `name` is written, or "" if it is none.
std::string_view MacroForm(std::string_view name);

/// For plain operands: neither is unknown or sensitive, as many as OperandCount says. Not kUnknown.
Result<Value> Call(Function function, std::string_view name, const Value& first,
                   const Value* second, Budget& budget);

/// "int", "string", …; "secret text" for a sensitive value.
std::string_view NameOfType(const Value& value);

/// + - * / % on plain operands. `left` may be taken apart.
Result<Value> Arithmetic(Node::Operator op, Operand left, const Value& right, Budget& budget);
/// < <= > >=. NaN is never before nor after anything.
Result<Value> Order(Node::Operator op, const Value& left, const Value& right);

enum class Equality { kEqual, kDifferent, kUnknown, kSensitive };
/// Deep; an int equals a double of the same value, NaN equals nothing, values of other types
/// differ. A difference that is certain wins over what is unknown or sensitive elsewhere in a list
/// or map.
Equality Compare(const Value& left, const Value& right, Budget& budget);

}  // namespace tandem::expr
