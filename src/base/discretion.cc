#include "tandem/base/discretion.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace tandem {

void KeepMemoryPrivate() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // The limit does not hold where cores are piped to a program.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace tandem
