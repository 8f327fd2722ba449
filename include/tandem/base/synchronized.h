// A value that is reached only while its lock is held.
#pragma once

#include <mutex>
#include <utility>

#include "tandem/base/lock.h"

namespace tandem {

/// `counts.With([](Counts& c) { ++c.calls; })`. Do no call that can block inside.
template <typename T>
class Synchronized {
 public:
  Synchronized() = default;
  explicit Synchronized(T value) : value_(std::move(value)) {}

  template <typename F>
  auto With(F&& use) {
    Lock lock(mutex_);
    return use(value_);
  }
  template <typename F>
  auto With(F&& use) const {
    Lock lock(mutex_);
    return use(static_cast<const T&>(value_));
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace tandem
