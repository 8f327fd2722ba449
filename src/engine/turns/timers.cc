#include "engine/turns/timers.h"

namespace tandem {

Timers::Id Timers::At(Time when, std::function<void()> work) {
  const Id id{when, next_++};
  timers_.emplace(id, std::move(work));
  return id;
}

std::optional<Time> Timers::NextDue() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first.first;
}

std::function<void()> Timers::TakeDue(Time now) {
  if (timers_.empty() || timers_.begin()->first.first > now) return {};
  std::function<void()> work = std::move(timers_.begin()->second);
  timers_.erase(timers_.begin());
  return work;
}

}  // namespace tandem
