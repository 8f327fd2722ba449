// The changes of one step: what they come to, and why they are there.
#pragma once

#include <string>
#include <string_view>

#include "tandem/plan/plan.h"

namespace tandem::plan {

/// Why a step is there, from the reasons of its changes.
std::string Because(const Step& step);

/// The step's changes stay ordered by path; one path has one change, the worse of two.
void InsertChange(Step& step, FieldChange change);
/// What changes in the record alone is governance (R7); nothing if both are equal.
void AddRecordChange(Step& step, std::string_view name, Value before, Value after);

bool Replaces(const Step& step);
BlastClass WorstOf(const Step& step);
/// "a, b": of all changes, or of those that replace.
std::string Paths(const Step& step, bool only_replacing = false);

}  // namespace tandem::plan
