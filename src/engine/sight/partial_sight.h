// Why a plan leaves out what could not be observed (R18).
#pragma once

#include "engine/memory/memory.h"

namespace tandem {

/// A warning for each account and reason, listing the addresses of `plan` that are unobserved for it.
Diagnostics TellUnobserved(const Plan& plan, const CompiledModel& model, const Memory& memory);

}  // namespace tandem
