#include <malloc.h>

#include <cstdio>

#include "daemon/daemon.h"
#include "tandem/base/discretion.h"

int main(int argc, char** argv) {
  tandem::KeepMemoryPrivate();
  // Threads come and go with every plan; each would leave a heap of its own behind.
  mallopt(M_ARENA_MAX, 1);
  const tandem::ParsedSettings parsed = tandem::ParseSettings(argc, argv);
  if (!parsed.settings.has_value()) {
    std::fputs(parsed.text.c_str(), parsed.exit_code == 0 ? stdout : stderr);
    return parsed.exit_code;
  }
  return tandem::RunDaemon(*parsed.settings);
}
