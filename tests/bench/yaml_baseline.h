// What reading YAML costs at least here: yaml-cpp's event parser over the same texts, its events thrown
// away, split over the same number of threads.
#pragma once

#include <cstddef>

#include "tests/bench/models.h"

namespace tandem::bench {

/// Returns the number of documents seen.
size_t ParseEventsOnly(const Sources& sources, size_t threads);

}  // namespace tandem::bench
