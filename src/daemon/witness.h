// How far the store had come, in a file of its own (R12). A store put back from a backup has come less far.
#pragma once

#include <optional>
#include <string>

#include "tandem/base/status.h"
#include "tandem/engine/engine.h"

namespace tandem {

/// nullopt when there is no such file. kDataLoss when it is damaged, and says what to do about it.
Result<std::optional<WitnessMark>> ReadWitness(const std::string& path);

/// Replaces the file, durably, or leaves it as it was.
Status WriteWitness(const std::string& path, const WitnessMark& mark);

}  // namespace tandem
