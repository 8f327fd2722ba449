// What committing costs at least here: rows written by a bare SQLite loop in groups, with full sync.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tandem/state/store.h"

namespace tandem::bench {

/// Every row that the engine commits while it applies `count` creates of tests/bench/models.h's flat
/// model to simulated clouds in this process, in order; documents, plan and events included.
std::vector<Write> RowsOfCreates(const std::string& source, size_t count);

/// Seconds for committing `rows` in groups of `group` into a fresh file in `folder`.
double CommitBare(const std::string& folder, const std::vector<Write>& rows, size_t group);

}  // namespace tandem::bench
