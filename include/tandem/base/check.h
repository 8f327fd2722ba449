// TANDEM_CHECK(condition) aborts the process in every build. For our own bugs only, never for input.
#pragma once

namespace tandem::internal {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);
}

#define TANDEM_CHECK(condition) \
  ((condition) ? (void)0 : ::tandem::internal::CheckFailed(__FILE__, __LINE__, #condition))
