// How an operation failed: a code with the numbers of gRPC's, and a sentence for people.
//
// Values. Each layer that passes a Status on may add one clause of context with `Annotate`. Status is
// for programs and logs; what a person must fix in their own files is a model::Diagnostic.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "tandem/base/check.h"

namespace tandem {

enum class Code : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

std::string_view CodeName(Code code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  /// The same failure with `context` before its message: "context: message". No effect on ok.
  Status Annotate(std::string_view context) const;
  /// "NOT_FOUND: message", or "OK".
  std::string ToString() const;

  friend bool operator==(const Status& a, const Status& b) = default;

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

inline Status OkStatus() { return {}; }
Status InvalidArgument(std::string message);
Status NotFound(std::string message);
Status AlreadyExists(std::string message);
Status FailedPrecondition(std::string message);
Status Aborted(std::string message);
Status Unavailable(std::string message);
Status Unimplemented(std::string message);
Status Internal(std::string message);
Status PermissionDenied(std::string message);
Status Unauthenticated(std::string message);
Status ResourceExhausted(std::string message);
Status DeadlineExceeded(std::string message);
Status DataLoss(std::string message);
Status Cancelled(std::string message);

/// A value, or why there is none. Reading `value()` of a failure aborts: test `ok()` first.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}                    // NOLINT: implicit by design
  Result(Status status) : state_(std::move(status)) {              // NOLINT: implicit by design
    TANDEM_CHECK(!std::get<Status>(state_).ok());
  }

  bool ok() const { return std::holds_alternative<T>(state_); }
  Status status() const { return ok() ? Status() : std::get<Status>(state_); }
  const T& value() const& {
    TANDEM_CHECK(ok());
    return std::get<T>(state_);
  }
  T& value() & {
    TANDEM_CHECK(ok());
    return std::get<T>(state_);
  }
  T&& value() && {
    TANDEM_CHECK(ok());
    return std::get<T>(std::move(state_));
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace tandem

#define TANDEM_RETURN_IF_ERROR(expression)                       \
  do {                                                           \
    if (::tandem::Status tandem_status_ = (expression);          \
        !tandem_status_.ok())                                    \
      return tandem_status_;                                     \
  } while (false)

#define TANDEM_CONCAT_INNER_(a, b) a##b
#define TANDEM_CONCAT_(a, b) TANDEM_CONCAT_INNER_(a, b)
/// `TANDEM_ASSIGN_OR_RETURN(auto x, Compute());`
#define TANDEM_ASSIGN_OR_RETURN(left, expression) \
  TANDEM_ASSIGN_OR_RETURN_(TANDEM_CONCAT_(tandem_result_, __LINE__), left, expression)
#define TANDEM_ASSIGN_OR_RETURN_(result, left, expression) \
  auto result = (expression);                              \
  if (!result.ok()) return result.status();                \
  left = std::move(result).value()
