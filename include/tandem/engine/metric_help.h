// What the engine's metrics mean, for whoever reads /metrics.
#pragma once

#include <string_view>

namespace tandem {

/// One sentence about the metric that Engine::Metrics calls `name`; "" for a name that it does not give.
std::string_view MetricHelp(std::string_view name);

}  // namespace tandem
