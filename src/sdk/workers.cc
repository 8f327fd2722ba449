#include "sdk/workers.h"

#include <algorithm>
#include <utility>

#include "tandem/base/lock.h"

namespace tandem {

Workers::Workers(int threads, size_t waiting)
    : most_(waiting), looks_most_(std::max(1, threads - std::max(1, threads / 4))) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
}

Workers::~Workers() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  more_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Workers::Run(Work work, std::function<void()> run) {
  {
    Lock lock(mutex_);
    auto& queue = work == Work::kStep ? steps_ : looks_;
    if (stopping_ || queue.size() >= most_) return false;
    queue.push_back(std::move(run));
  }
  more_.notify_one();
  return true;
}

void Workers::Loop() {
  for (;;) {
    std::function<void()> run;
    bool look = false;
    {
      Lock lock(mutex_);
      const auto may_look = [this] { return !looks_.empty() && looking_ < looks_most_; };
      const auto done = [this] { return stopping_ && steps_.empty() && looks_.empty(); };
      more_.wait(lock, [&] { return !steps_.empty() || may_look() || done(); });
      if (steps_.empty() && !may_look()) return;
      look = steps_.empty();
      auto& queue = look ? looks_ : steps_;
      run = std::move(queue.front());
      queue.pop_front();
      if (look) ++looking_;
      if (stopping_) more_.notify_all();  // who waits for the last of them
    }
    run();
    if (!look) continue;
    // A look that had no place is taken up by this thread, or by one that ends later.
    Lock lock(mutex_);
    --looking_;
  }
}

}  // namespace tandem
