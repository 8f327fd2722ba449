#include "daemon/one_heap.h"

#include <malloc.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

namespace tandem {
namespace {
constexpr const char* kTunables = "GLIBC_TUNABLES";
}  // namespace

void UseOneHeap(char** argv) {
  mallopt(M_ARENA_MAX, 1);
  if (std::getenv(kTunables) != nullptr) return;  // it is this start already, or somebody knows better
  if (getauxval(AT_SECURE) != 0) return;  // with privileges of its own: the next start would not see the variable
  if (setenv(kTunables, "glibc.malloc.tcache_count=128", 0) != 0) return;
  char program[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
  if (size <= 0) return;
  program[size] = '\0';
  execv(program, argv);  // comes back only where that cannot be done: slower, then
}

}  // namespace tandem
