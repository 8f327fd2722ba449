// What a proposed model may not do to accounts under which things are recorded (R14).
#pragma once

#include "engine/memory.h"

namespace tandem {

/// An error for each account that is gone, or that is another one than its records were made in, listing
/// those records.
Diagnostics CheckAccounts(const CompiledModel& model, const Memory& memory);

}  // namespace tandem
