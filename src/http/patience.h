// How long one call may wait: until a time, or until somebody asks it to stop.
//
// One object a call, used by the one thread that makes it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>

#include "tandem/base/status.h"

namespace tandem::http {

using SteadyTime = std::chrono::steady_clock::time_point;

class Patience {
 public:
  Patience(SteadyTime deadline, std::stop_token stop);
  ~Patience();
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

  /// Ok once `fd` is ready for `events` (of poll) or broken; kDeadlineExceeded or kCancelled before
  /// that. `until`, if earlier than the deadline, ends the wait as well.
  Status Await(int fd, short events, std::optional<SteadyTime> until = {}) const;
  /// kDeadlineExceeded or kCancelled if it has run out.
  Status Check() const;

  SteadyTime deadline() const { return deadline_; }
  const std::stop_token& stop() const { return stop_; }

 private:
  SteadyTime deadline_;
  std::stop_token stop_;
  int wake_ = -1;  // an eventfd that a requested stop makes readable
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace tandem::http
