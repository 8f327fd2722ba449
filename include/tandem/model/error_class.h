// What a failed call means (R10).
#pragma once

namespace tandem {

/// By number as on the wire between the daemon and its providers.
enum class ErrorClass {
  kUnspecified = 0,  // read as kPerhapsDone
  kNotDone = 1,
  kPerhapsDone = 2,
  kWaiting = 3,
  kThrottled = 4,
  kConflict = 5,
  kSignIn = 6,
  kExhausted = 7,
  kTerminal = 8,
  kGone = 9,
  kExists = 10,
};

}  // namespace tandem
