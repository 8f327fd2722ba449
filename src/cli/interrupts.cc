#include "cli/interrupts.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "tandem/base/check.h"

namespace tandem {
namespace {

// Counts what was pressed and not yet taken. A signal handler reaches nothing but what is static.
std::atomic<int> presses{-1};

void Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t wrote = write(presses, &one, sizeof one);
}

void Pressed(int) {
  const int error = errno;
  Wake();
  errno = error;
}

}  // namespace

Interrupts::Interrupts(std::function<void(int)> pressed) : pressed_(std::move(pressed)) {
  TANDEM_CHECK(presses == -1);
  presses = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
  TANDEM_CHECK(presses != -1);
  sigaction(SIGINT, nullptr, &before_);
  if (before_.sa_handler != SIG_IGN) {
    struct sigaction ours {};
    ours.sa_handler = Pressed;
    ours.sa_flags = SA_RESTART;
    sigaction(SIGINT, &ours, nullptr);
  }
  thread_ = std::thread([this] { Wait(); });
}

Interrupts::~Interrupts() {
  sigaction(SIGINT, &before_, nullptr);
  done_ = true;
  Wake();
  thread_.join();
  close(presses.exchange(-1));
}

void Interrupts::Wait() {
  for (int seen = 1;; ++seen) {
    uint64_t one = 0;
    while (read(presses, &one, sizeof one) < 0 && errno == EINTR) {
    }
    if (done_) return;
    pressed_(seen);
  }
}

}  // namespace tandem
