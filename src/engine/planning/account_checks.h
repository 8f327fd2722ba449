// What a proposed model may not do to what this daemon keeps: its platform, and accounts under
// which things are recorded.
#pragma once

#include "engine/memory/memory.h"

namespace tandem {

/// An error if `model` is of another platform than the accepted one (R2).
Diagnostics CheckPlatform(const CompiledModel& model, const Memory& memory);

/// An error for each account that is gone, or that is another one than its records were made in, listing
/// those records (R14).
Diagnostics CheckAccounts(const CompiledModel& model, const Memory& memory);

}  // namespace tandem
