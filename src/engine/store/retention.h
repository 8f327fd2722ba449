// How long ended runs are remembered. Records, revisions and documents stay: undo needs them.
#pragma once

#include <string>
#include <vector>

#include "engine/context.h"

namespace tandem {

class Retention {
 public:
  explicit Retention(Context* context) : context_(*context) {}

  /// Forgets the oldest ended runs beyond EngineSettings::runs_kept, one after the other: first their steps and
  /// plans, then the run's own row, so that what a crash leaves is found and finished at the next start.
  void Trim();

 private:
  std::string Oldest() const;
  bool PlanIsNeeded(const std::string& run) const;
  void Remove(std::vector<std::string> prefixes);
  void Forget();

  Context& context_;
  std::string run_;  // being forgotten, or ""
};

}  // namespace tandem
