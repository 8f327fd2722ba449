// One seed is one run: a model, changes of it, bad weather, and the judgement of what it left behind.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tandem::seeds {

/// What a run is made of beside its seed. Another scenario with every difference, so a failure is looked for
/// anew in a smaller one.
struct Scenario {
  uint64_t seed = 0;
  size_t size = 0;      // resources; 0: as the seed says, log-uniform 10–500
  size_t changes = 99;  // of the model, at most
  std::set<std::string> without;  // faults that do not happen: names of Faults() (bad_weather.h)
  bool print = false;

  /// "--seed 7 --size 20 --without crash,slow".
  std::string Command() const;
};

struct Verdict {
  uint64_t seed = 0;
  std::string failure;  // "" when everything held; else the invariant and what broke it
  uint64_t hash = 0;    // of the trace
  size_t size = 0, changes = 0;
  int64_t applies = 0;
  std::map<std::string, int64_t> struck;  // how often each fault did
};

Verdict Run(const Scenario& scenario);

}  // namespace tandem::seeds
