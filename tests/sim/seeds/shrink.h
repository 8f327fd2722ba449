// From a seed that fails to a smaller one, for whoever looks for the reason.
#pragma once

#include "tests/sim/seeds/trial.h"

namespace tandem::seeds {

/// A smaller scenario in which the same invariant breaks, found by halving sizes and leaving out faults.
Scenario Shrink(Scenario scenario, const Verdict& verdict);

}  // namespace tandem::seeds
