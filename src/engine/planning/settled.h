// What of the accepted model is known to need nothing, so that a plan of a few changes looks at those alone.
//
// A look at everything (any plan of the accepted model) tells which resources are quiet (PlanResult::quiet).
// One stays so until it, its record, its observation or something that it needs changes: AtRest::unsettled
// lists those of them that did since, of later models as well (Memory::Accept). Immutable.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tandem/compile/compile.h"

namespace tandem {

struct Settled {
  std::shared_ptr<const CompiledModel> model;  // accepted when the look began
  /// Of the model, those that are not quiet; and recorded addresses that it lacks.
  std::set<std::string> loud;
  int64_t quiet = 0;
  std::map<std::string, std::string> kinds;  // of the model: kind → digest
  /// Address → those of the model that need it; the texts are the model's.
  std::unordered_map<std::string_view, std::vector<const Interned*>> dependents;
};

/// `recorded`: all addresses with a record. `quiet`: of the model.
std::shared_ptr<const Settled> Settle(std::shared_ptr<const CompiledModel> model,
                                      const std::vector<Interned>& quiet,
                                      const std::vector<Interned>& recorded);

/// What has to be decided when `seeds` are another than they were: those, and whatever needs them,
/// directly or not. False when these are more than `most`.
bool Reach(const Settled& settled, const std::vector<const std::set<std::string>*>& seeds,
           const std::vector<std::string>& more, size_t most, std::set<std::string>* reached);

}  // namespace tandem
