// What is wrong with an expression, and where: the error side of everything in this module.
//
// Values. `offset` counts bytes from the start of the text that was parsed (the expression, or the
// whole scalar for a Template), so that a caret can be drawn there.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>

#include "tandem/base/check.h"
#include "tandem/base/status.h"

namespace tandem {

struct ExprError {
  std::string message;  // one line, no full stop
  size_t offset = 0;
  std::string hint;  // what to do about it; may be empty
  /// Of the Scope's failure when it was one; otherwise kInvalidArgument.
  Code code = Code::kInvalidArgument;

  friend bool operator==(const ExprError&, const ExprError&) = default;
};

/// A value, or what is wrong. Reading the side that is not there aborts: test `ok()` first.
template <typename T>
class [[nodiscard]] ExprResult {
 public:
  ExprResult(T value) : state_(std::move(value)) {}          // NOLINT: implicit by design
  ExprResult(ExprError error) : state_(std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return std::holds_alternative<T>(state_); }
  const T& value() const& {
    TANDEM_CHECK(ok());
    return std::get<T>(state_);
  }
  T&& value() && {
    TANDEM_CHECK(ok());
    return std::get<T>(std::move(state_));
  }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  const ExprError& error() const {
    TANDEM_CHECK(!ok());
    return std::get<ExprError>(state_);
  }

 private:
  std::variant<T, ExprError> state_;
};

}  // namespace tandem
