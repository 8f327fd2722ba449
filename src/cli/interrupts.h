// Ctrl-C where it means something else than the end of the program.
#pragma once

#include <signal.h>

#include <atomic>
#include <functional>
#include <thread>

namespace tandem {

/// While one lives, each Ctrl-C calls `pressed` in a thread of its own, with how many there have been: 1, 2, …
/// Before and after, Ctrl-C is what it was. A program that was started to ignore it goes on ignoring it. At most one at
/// a time.
class Interrupts {
 public:
  explicit Interrupts(std::function<void(int)> pressed);
  /// Waits for a `pressed` that is at work.
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

 private:
  void Wait();

  const std::function<void(int)> pressed_;
  struct sigaction before_ {};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace tandem
