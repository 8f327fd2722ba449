// Asking the daemon for a plan, shared by plan, diff, undo and apply.
#pragma once

#include <optional>

#include "cli/client.h"
#include "tandem/plan/plan.h"

namespace tandem {

struct Planned {
  std::optional<Plan> plan;
  int exit_code = 0;  // when there is none; what was wrong has been printed
};

Planned MakePlan(Client& client, const Flags& flags, const Sources& sources,
                 std::optional<int64_t> undo_to, const Console& console);

/// 0, or 4 when a changed document is among what the plan leaves out unobserved (R18); says so.
int PartialSight(const Plan& plan, const Console& console);

void PrintDiagnostics(const google::protobuf::RepeatedPtrField<api::v1::DiagnosticItem>& items,
                      const Console& console);

}  // namespace tandem
