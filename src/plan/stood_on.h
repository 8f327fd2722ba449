// What stays as it is, because it cannot be observed, is paused or is no target, goes on standing on what it
// stood on: that is neither replaced nor deleted (R2, R18).
#pragma once

#include <map>
#include <set>
#include <string>

#include "plan/draft.h"
#include "plan/old_addresses.h"

namespace tandem::plan {

/// What is not to be replaced → what stands on it, and why that stays.
using Held = std::map<std::string, std::string>;

/// What stands on something that is replaced would be replaced with it, or die with it. Where it stays as it
/// is, adds what it stands on to `held`. `targeted`: what Targeted told. True if that is something new.
bool HoldWhatIsStoodOn(const PlanInput& input, const Decisions& decisions,
                       const OldAddresses& old_addresses, const std::set<std::string>& targeted,
                       Held& held);

/// Leaves out the deletes of what something stands on that is left out or stays.
void KeepWhatIsStoodOn(const PlanInput& input, Decisions& decisions);

}  // namespace tandem::plan
