// A value behind one pointer: copies share it until one of them is edited.
//
// Sharing is invisible, also across threads: each CopyOnWrite belongs to one thread at a time, as a
// plain value would; what several share is never written. A reference that Edit() gave is good until
// the CopyOnWrite is copied, moved or edited again.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace tandem {

template <typename T>
class CopyOnWrite {
 public:
  /// T(), without a box until it is edited.
  CopyOnWrite() noexcept : box_(nullptr) {}
  CopyOnWrite(T value) : box_(new Box{std::move(value)}) {}
  CopyOnWrite(const CopyOnWrite& other) noexcept : box_(other.box_) {
    if (box_ != nullptr) box_->uses.fetch_add(1, std::memory_order_relaxed);
  }
  /// `other` is T() afterwards.
  CopyOnWrite(CopyOnWrite&& other) noexcept : box_(std::exchange(other.box_, nullptr)) {}
  CopyOnWrite& operator=(CopyOnWrite other) noexcept {
    std::swap(box_, other.box_);
    return *this;
  }
  ~CopyOnWrite() { Drop(); }

  const T& operator*() const { return box_ == nullptr ? Empty() : box_->value; }
  const T* operator->() const { return &**this; }
  operator const T&() const { return **this; }  // NOLINT: it reads like one

  /// The value to write to: a copy of its own first if others share it.
  T& Edit() {
    if (box_ == nullptr || box_->uses.load(std::memory_order_acquire) != 1)
      *this = CopyOnWrite(T(**this));
    return box_->value;
  }

  friend bool operator==(const CopyOnWrite& a, const CopyOnWrite& b) {
    return a.box_ == b.box_ || *a == *b;
  }

 private:
  struct Box {
    T value;
    std::atomic<uint32_t> uses{1};
  };

  static const T& Empty() {
    static const T* const empty = new T();
    return *empty;
  }

  void Drop() {
    if (box_ != nullptr && box_->uses.fetch_sub(1, std::memory_order_acq_rel) == 1) delete box_;
  }

  Box* box_;
};

}  // namespace tandem
