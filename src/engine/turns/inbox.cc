#include "engine/turns/inbox.h"

#include <utility>

#include "tandem/base/lock.h"

namespace tandem {

void Inbox::Post(std::function<void()> work) {
  std::function<void()> wake;
  {
    Lock lock(mutex_);
    if (closed_) return;
    work_.push_back(std::move(work));
    wake = wake_;
  }
  if (wake) wake();
}

std::function<void()> Inbox::Take() {
  Lock lock(mutex_);
  if (work_.empty()) return {};
  std::function<void()> work = std::move(work_.front());
  work_.pop_front();
  return work;
}

size_t Inbox::size() const {
  Lock lock(mutex_);
  return work_.size();
}

void Inbox::OnWork(std::function<void()> wake) {
  Lock lock(mutex_);
  wake_ = std::move(wake);
}

void Inbox::Close() {
  std::deque<std::function<void()>> dropped;  // destroyed outside the lock
  Lock lock(mutex_);
  closed_ = true;
  dropped.swap(work_);
}

}  // namespace tandem
