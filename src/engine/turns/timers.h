// Work for later. Equal times run in the order in which they were set. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "tandem/base/clock.h"

namespace tandem {

class Timers {
 public:
  using Id = std::pair<Time, uint64_t>;

  Id At(Time when, std::function<void()> work);
  /// False if it has run already.
  bool Cancel(Id id) { return timers_.erase(id) > 0; }
  std::optional<Time> NextDue() const;
  /// Takes the first one that is due; empty when none is.
  std::function<void()> TakeDue(Time now);
  size_t size() const { return timers_.size(); }

 private:
  std::map<Id, std::function<void()>> timers_;
  uint64_t next_ = 0;
};

}  // namespace tandem
