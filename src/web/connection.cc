#include "web/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tandem {

bool Connection::Wait(short event, Clock::time_point until) const {
  pollfd waits[2] = {{socket_, event, 0}, {stop_, POLLIN, 0}};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    const int came = poll(waits, 2, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (came < 0 && errno == EINTR) continue;
    return came > 0 && waits[1].revents == 0;
  }
}

bool Connection::is_readable() const { return begin_ < end_ || Wait(POLLIN, patience_.request); }
bool Connection::is_writable() const { return Wait(POLLOUT, patience_.answer); }

ssize_t Connection::read(char* bytes, size_t size) {
  if (begin_ == end_) {
    ssize_t got = -1;
    do {
      if (!Wait(POLLIN, patience_.request)) return -1;
      got = recv(socket_, arrived_.data(), arrived_.size(), MSG_DONTWAIT);
    } while (got < 0 && (errno == EINTR || errno == EAGAIN));
    if (got <= 0) return got;
    begin_ = 0;
    end_ = static_cast<size_t>(got);
  }
  const size_t taken = std::min(size, end_ - begin_);
  std::memcpy(bytes, arrived_.data() + begin_, taken);
  begin_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t Connection::write(const char* bytes, size_t size) {
  ssize_t sent = -1;
  do {
    if (!Wait(POLLOUT, patience_.answer)) return -1;
    sent = send(socket_, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && (errno == EINTR || errno == EAGAIN));
  return sent;
}

}  // namespace tandem
