// The crash matrix: every point of tests/support/crash_points.h × what a step does × the class of create.
#pragma once

#include <cstdint>

namespace tandem::seeds {

/// Runs every cell `per_cell` times, or seed `only` of each. Prints what failed and how to replay it, and the
/// sum. True if every cell held, and those that were not reached are exactly the listed ones.
bool RunMatrix(int per_cell, bool list, int hands);

/// One cell by its name, "create A state.commit.before 1".
bool RunCell(const char* name);

}  // namespace tandem::seeds
