#include <malloc.h>

#include <cstdio>

#include "daemon/daemon.h"
#include "tandem/base/discretion.h"

int main(int argc, char** argv) {
  tandem::KeepMemoryPrivate();
  // Threads come and go with every plan; each would leave a heap of its own behind.
  mallopt(M_ARENA_MAX, 2);
  // What was freed is joined at once, not all of it by whoever asks for a large piece next: that stopped the engine for
  // 45 ms after a look at 100,000 resources.
  mallopt(M_MXFAST, 0);
  const tandem::ParsedSettings parsed = tandem::ParseSettings(argc, argv);
  if (!parsed.settings.has_value()) {
    std::fputs(parsed.text.c_str(), parsed.exit_code == 0 ? stdout : stderr);
    return parsed.exit_code;
  }
  return tandem::RunDaemon(*parsed.settings);
}
