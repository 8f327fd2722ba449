// A run while it is open: which steps wait for what, and how far each has come. Plain data with the
// arithmetic of its order; all of it linear in steps and edges.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/memory/memory.h"
#include "tandem/base/copy_on_write.h"
#include "tandem/base/interned.h"
#include "tandem/engine/snapshot.h"
#include "tandem/plan/plan.h"
#include "tandem/record/record.h"

namespace tandem {

/// Settled, verified, failed, blocked, void and cancelled steps do nothing more.
bool IsFinal(StepState state);
/// The steps that need it may go.
bool IsDone(StepState state);

/// True if its steps are changes of an accepted model, not repairs or the lifting of a protection.
bool IsOfModel(const Run& run);

/// Why nothing of `address` can be looked at or called.
std::string KindIsGone(const Address& address);

struct RunWork {
  Run run;
  KnownPlan known;                              // its plan: null pointer once it is in the store
  std::vector<CopyOnWrite<Step>> steps;         // of it, while they are not over
  std::vector<StepRow> rows;                    // by step index
  std::vector<std::vector<size_t>> dependents;  // index → indexes that wait for it
  std::vector<size_t> waits;                    // how many each still waits for
  std::map<Interned, std::vector<size_t>, std::less<>> by_address;
  size_t open = 0;  // rows that are not final
  StepList view;
  /// (address, identity) of objects that its replaces left and that this run deletes no more.
  std::set<std::pair<std::string, std::string>> left_over;
  bool finishing = false;
  bool verifying = false;
  RunState ends_as = RunState::kOpen;  // when it was told to stop

  const Step& step(size_t i) const { return *steps[i]; }

  /// `stored` are the rows that the store has; a step without one is pending.
  static std::unique_ptr<RunWork> Make(Run run, KnownPlan known, const std::vector<StepRow>& stored);
  /// Indexes whose waits are over and that are pending.
  std::vector<size_t> Ready() const;
  /// After row `i` is done: the steps that may go now.
  std::vector<size_t> Release(size_t i);
  /// Everything that waits for `i`, directly or not, and is not final.
  std::vector<size_t> Blocked(size_t i) const;
  /// Step `i` is over: nothing is kept of it but its row.
  void LetGo(size_t i) { steps[i] = {}; }
  /// The step of `address` that is next, or -1.
  int64_t NextOf(const std::string& address) const;
};

}  // namespace tandem
