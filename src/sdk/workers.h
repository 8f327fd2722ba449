// A few threads that call the provider. Looks never have all of them: a mutating call does not wait behind a list of
// everything.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tandem {

class Workers {
 public:
  enum class Work { kStep, kLook };  // calls and polls of steps; everything else

  /// `waiting`: at most, of each kind of work.
  Workers(int threads, size_t waiting);
  /// Finishes what waits.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// False when too much waits already; `run` is not run then.
  bool Run(Work work, std::function<void()> run);

 private:
  void Loop();

  const size_t most_;
  const int looks_most_;  // at once
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> steps_, looks_;  // waiting
  int looking_ = 0;                                  // threads
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tandem
