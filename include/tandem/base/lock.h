// A held mutex, and the order of tandem's locks.
#pragma once

#include <mutex>

namespace tandem {

/// A thread that holds a lock takes only locks of a lower level.
enum class LockLevel {
  kText,   // of interned texts: below all, since any value may hold one
  kLeaf,   // nothing is called with it held that could lock
  kCloud,  // the simulated clouds: they look up kinds, and a catalog loads those when asked
  kNone,   // no lock is held
};

namespace internal {
#ifdef NDEBUG
inline LockLevel NoteLock(LockLevel) { return LockLevel::kNone; }
inline void NoteUnlock(LockLevel) {}
#else
/// What this thread held before. Aborts if it holds a lock whose level is not above `level`.
LockLevel NoteLock(LockLevel level);
void NoteUnlock(LockLevel before);
#endif
}  // namespace internal

/// Holds `mutex` until its end of life or `unlock()`. A condition variable may wait with it. Debug builds
/// abort where a thread takes locks in another order than LockLevel's.
class Lock : public std::unique_lock<std::mutex> {
 public:
  explicit Lock(std::mutex& mutex, LockLevel level = LockLevel::kLeaf)
      : std::unique_lock<std::mutex>(mutex, std::defer_lock), level_(level) {
    lock();
  }
  ~Lock() {
    if (owns_lock()) internal::NoteUnlock(before_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  void lock() {
    before_ = internal::NoteLock(level_);
    std::unique_lock<std::mutex>::lock();
  }
  void unlock() {
    std::unique_lock<std::mutex>::unlock();
    internal::NoteUnlock(before_);
  }

 private:
  LockLevel level_;
  LockLevel before_ = LockLevel::kNone;
};

}  // namespace tandem
