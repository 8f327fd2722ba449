#include "http/patience.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace tandem::http {

Patience::Patience(SteadyTime deadline, std::stop_token stop)
    : deadline_(deadline), stop_(std::move(stop)) {
  if (!stop_.stop_possible()) return;
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // Without an eventfd (out of descriptors) a stop is still seen between two waits.
  if (wake_ < 0) return;
  on_stop_.emplace(stop_, [fd = wake_] {
    uint64_t one = 1;
    [[maybe_unused]] ssize_t written = write(fd, &one, sizeof one);
  });
}

Patience::~Patience() {
  on_stop_.reset();
  if (wake_ >= 0) close(wake_);
}

Status Patience::Check() const {
  if (stop_.stop_requested()) return Cancelled("the call was stopped");
  if (std::chrono::steady_clock::now() >= deadline_) return DeadlineExceeded("no time is left");
  return OkStatus();
}

Status Patience::Await(int fd, short events, std::optional<SteadyTime> until) const {
  SteadyTime end = until ? std::min(*until, deadline_) : deadline_;
  while (true) {
    if (stop_.stop_requested()) return Cancelled("the call was stopped");
    auto left = end - std::chrono::steady_clock::now();
    if (left <= left.zero()) return DeadlineExceeded("no time is left");
    // Rounded up, so that the last fraction of a millisecond does not spin.
    int64_t millis = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    pollfd fds[2] = {{fd, events, 0}, {wake_, POLLIN, 0}};
    int ready = poll(fds, wake_ < 0 ? 1 : 2, static_cast<int>(std::min<int64_t>(millis, 60'000)));
    if (ready < 0 && errno != EINTR) return Unavailable("cannot wait for a socket");
    if (ready > 0 && fds[0].revents != 0) return OkStatus();
  }
}

}  // namespace tandem::http
