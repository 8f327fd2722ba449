// How far the store had come, in a file of its own (R12). A store put back from a backup has come less far.
#pragma once

#include <optional>
#include <string>

#include "tandem/base/status.h"
#include "tandem/engine/engine.h"

namespace tandem {

/// nullopt when there is no such file. kDataLoss when it is damaged, and says what to do about it.
Result<std::optional<WitnessMark>> ReadWitness(const std::string& path);

/// Durable when it returns. A write that fails, or is cut short, leaves the mark before it to be read.
Status WriteWitness(const std::string& path, const WitnessMark& mark);

}  // namespace tandem
