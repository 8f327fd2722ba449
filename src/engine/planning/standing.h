// Whether a plan that was made earlier still stands: on the accepted model, the kind files, the
// objects and the values of references that it was made from (R3). What does not concern its steps
// does not matter.
#pragma once

#include <set>
#include <string>

#include "engine/memory/memory.h"
#include "tandem/schema/kind.h"

namespace tandem {

/// Addresses that the steps of `known` stand upon: their own, and those whose values they refer to.
std::set<std::string> StoodUpon(const KnownPlan& known);

/// Copies of what WhatMoved looks at: `addresses`, and which model is accepted.
Memory CopyOf(const Memory& memory, const std::set<std::string>& addresses);

/// The first thing of `now` that is another than when `known` was made, in words; "" when the plan
/// stands. What cannot be observed is not compared: its step looks at it before the call.
std::string WhatMoved(const Memory& now, const KnownPlan& known, const Catalog& catalog);

}  // namespace tandem
