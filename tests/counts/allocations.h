// How often this program has asked for memory.
#pragma once

#include <cstdint>

namespace tandem::testing {

int64_t Allocations();

}  // namespace tandem::testing
