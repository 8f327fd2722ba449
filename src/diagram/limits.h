// How large an architecture may be drawn.
#pragma once

#include <cstddef>

namespace tandem {

inline constexpr size_t kMaxGroupDepth = 50;  // groups in groups

}  // namespace tandem
