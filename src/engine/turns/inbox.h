// Work that other threads hand to the engine. Outlives it, so that a completion that comes late is
// dropped and never reaches a dead engine. Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <mutex>

namespace tandem {

class Inbox {
 public:
  /// Dropped once closed. Calls the wake function, outside the lock.
  void Post(std::function<void()> work);
  /// The oldest; empty when there is none.
  std::function<void()> Take();
  bool empty() const { return size() == 0; }
  size_t size() const;
  void OnWork(std::function<void()> wake);
  void Close();

 private:
  mutable std::mutex mutex_;
  std::deque<std::function<void()>> work_;
  std::function<void()> wake_;
  bool closed_ = false;
};

}  // namespace tandem
