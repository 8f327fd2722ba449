#include <cstdio>

#include "daemon/daemon.h"
#include "daemon/one_heap.h"
#include "tandem/base/discretion.h"

int main(int argc, char** argv) {
  tandem::UseOneHeap(argv);
  tandem::KeepMemoryPrivate();
  const tandem::ParsedSettings parsed = tandem::ParseSettings(argc, argv);
  if (!parsed.settings.has_value()) {
    std::fputs(parsed.text.c_str(), parsed.exit_code == 0 ? stdout : stderr);
    return parsed.exit_code;
  }
  return tandem::RunDaemon(*parsed.settings);
}
