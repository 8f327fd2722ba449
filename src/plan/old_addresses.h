// Where a resource stood before: under the other form of its address (R11), or the one that it was
// moved from (R13).
#pragma once

#include <map>
#include <string>

#include "plan/draft.h"

namespace tandem::plan {

class OldAddresses {
 public:
  /// Notes where the record of a resource without one of its own stands, or would (for marks).
  void Add(const std::map<Interned, const Record*, std::less<>>& records, const std::string& address,
           const PlannedResource& resource);

  /// "" when it stood nowhere else.
  const std::string& Of(const std::string& address) const;
  /// True when a resource of another address stood here.
  bool Left(const std::string& old) const { return moved_to_.count(old) != 0; }
  /// Which one. Only where Left.
  const std::string& To(const std::string& old) const { return moved_to_.at(old); }

 private:
  std::map<std::string, std::string> moved_to_;     // old address → new
  std::map<std::string, std::string> old_address_;  // new address → old
};

/// The record under `old`, which `address` takes over: it must be of the same kind and account, and
/// `old` in the model no more; else a null pointer, refused unless nothing is recorded there (R13).
const Record* FindMoved(const PlanInput& input, const Decisions& decisions,
                        const std::string& address, const std::string& old, Findings& findings);

/// One identity deleted under one address and made or taken under another is a rename (R13).
void RefuseTakeovers(const PlanInput& input, const Decisions& decisions, Findings& findings);

}  // namespace tandem::plan
