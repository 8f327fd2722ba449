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

/// Where a table of the bare loop has its values.
enum class BareTable {
  kBesideKeys,  // WITHOUT ROWID, one tree: as the bar was set, and the store had it until it was measured
  kApart,       // a tree of their own, as the store has it
};

/// Seconds for committing `rows` in groups of `group` into a fresh file in `folder`.
double CommitBare(const std::string& folder, const std::vector<Write>& rows, size_t group, BareTable table);

/// Seconds of each of `count` commits of one row of half a kilobyte, with full sync, each after so many
/// milliseconds of rest.
std::vector<double> CommitEach(const std::string& folder, size_t count, unsigned rest);

}  // namespace tandem::bench
