// Several processes that share out numbered jobs: one that dies takes one job with it, not the others.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace tandem::seeds {

/// Runs `work(i)` for each i below `count` in `hands` child processes and gives their texts to `done` in
/// order. A job whose process dies has "died: …" and is not run again. `hands` 1: no child process.
void ShareOut(uint64_t count, int hands, const std::function<std::string(uint64_t)>& work,
              const std::function<void(uint64_t, bool died, std::string)>& done);

/// As many as there are processors.
int AllHands();

}  // namespace tandem::seeds
