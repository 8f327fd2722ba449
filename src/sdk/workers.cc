#include "sdk/workers.h"

#include <utility>

#include "tandem/base/lock.h"

namespace tandem {

Workers::Workers(int threads, size_t waiting) : most_(waiting) {
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

bool Workers::Run(std::function<void()> work) {
  {
    Lock lock(mutex_);
    if (stopping_ || work_.size() >= most_) return false;
    work_.push_back(std::move(work));
  }
  more_.notify_one();
  return true;
}

void Workers::Loop() {
  for (;;) {
    std::function<void()> work;
    {
      Lock lock(mutex_);
      more_.wait(lock, [this] { return stopping_ || !work_.empty(); });
      if (work_.empty()) return;
      work = std::move(work_.front());
      work_.pop_front();
    }
    work();
  }
}

}  // namespace tandem
