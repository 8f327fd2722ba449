#include "tests/sim/seeds/shrink.h"

#include <string>

#include "tests/sim/seeds/bad_weather.h"

namespace tandem::seeds {

Scenario Shrink(Scenario scenario, const Verdict& verdict) {
  const std::string invariant = verdict.failure.substr(0, verdict.failure.find(':'));
  scenario.print = false;
  const auto fails = [&](const Scenario& smaller) {
    const Verdict other = Run(smaller);
    return other.failure.substr(0, other.failure.find(':')) == invariant;
  };
  for (const std::string& fault : Faults()) {
    Scenario smaller = scenario;
    smaller.without.insert(fault);
    if (fails(smaller)) scenario = smaller;
  }
  size_t size = verdict.size;
  for (size_t at : {size_t{4}, size / 16, size / 8, size / 4, size / 2}) {
    Scenario smaller = scenario;
    smaller.size = at;
    if (at < 4 || !fails(smaller)) continue;
    scenario = smaller;
    break;
  }
  for (size_t changes = 0; changes < verdict.changes; ++changes) {
    Scenario smaller = scenario;
    smaller.changes = changes;
    if (!fails(smaller)) continue;
    scenario = smaller;
    break;
  }
  return scenario;
}

}  // namespace tandem::seeds
