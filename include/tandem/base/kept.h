// A value that is there or not, shared by its copies until one of them is edited.
//
// Reads like a std::optional; writing says so. A plan's copies of all records cost a pointer each.
#pragma once

#include <optional>
#include <utility>

#include "tandem/base/copy_on_write.h"

namespace tandem {

template <typename T>
class Kept {
 public:
  Kept() = default;
  Kept(T value) : held_(std::optional<T>(std::move(value))) {}  // NOLINT: implicit as an optional's

  bool has_value() const { return held_->has_value(); }
  explicit operator bool() const { return has_value(); }
  // Undefined when there is none: test first.
  const T& operator*() const { return **held_; }
  const T* operator->() const { return &**held_; }
  /// To write to; good until this is copied, moved or edited again.
  T& Edit() { return *held_.Edit(); }
  void reset() { held_ = {}; }

 private:
  CopyOnWrite<std::optional<T>> held_;
};

}  // namespace tandem
