// How long ended runs, and plans that can never start, are remembered. Records, revisions and documents stay: undo
// needs them.
#pragma once

#include <deque>
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
  /// Forgets a stored plan that no run has, and its approvals: another model was accepted, so it can never start.
  void Drop(const std::string& plan);

 private:
  std::string Oldest() const;
  bool PlanIsNeeded(const std::string& plan) const;
  void Remove(std::vector<std::string> prefixes);
  void Forget();

  Context& context_;
  bool busy_ = false;
  std::string run_;   // being forgotten, or ""
  std::string plan_;  // the same
  std::deque<std::string> dropped_;  // plans that are next
};

}  // namespace tandem
