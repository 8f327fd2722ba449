#include "tandem/base/lock.h"

#include <utility>

#include "tandem/base/check.h"

#ifndef NDEBUG
namespace tandem::internal {
namespace {
thread_local LockLevel held = LockLevel::kNone;
}  // namespace

LockLevel NoteLock(LockLevel level) {
  TANDEM_CHECK(level < held);
  return std::exchange(held, level);
}

void NoteUnlock(LockLevel before) { held = before; }

}  // namespace tandem::internal
#endif
