// One seed is one run: a model, changes of it, bad weather, and the judgement of what it left behind.
#pragma once

#include <cstdint>
#include <string>

namespace tandem::seeds {

struct Verdict {
  uint64_t seed = 0;
  std::string failure;  // "" when everything held; else the invariant and what broke it
  uint64_t hash = 0;    // of the trace
  int applies = 0, crashes = 0, lost = 0, refused = 0, store_failures = 0;
};

Verdict RunSeed(uint64_t seed, bool print);

}  // namespace tandem::seeds
