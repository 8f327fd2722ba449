// One tandemd for a state directory.
#pragma once

#include <string>

#include "tandem/base/status.h"

namespace tandem {

/// Holds DIR/tandemd.lock, in which the pid stands, for as long as it lives.
class StateLock {
 public:
  /// Makes the directory (0700) when it is not there. kFailedPrecondition names the process that holds
  /// it; kPermissionDenied, also where others could change what lies in it, and kUnavailable say what is
  /// in the way.
  static Result<StateLock> Take(const std::string& state_dir);
  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&&) = delete;
  ~StateLock();

 private:
  explicit StateLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace tandem
