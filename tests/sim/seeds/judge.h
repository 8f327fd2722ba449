// What a run left behind, judged by the ledger of the simulated clouds, which the product cannot see.
//
//   I1  every desired object exists exactly once
//   I2  no object that was made is missing from the records
//   I3  nothing outside the approved plans was changed or deleted
//   I4  records equal the ledger
//   I5  what is needed is there before, and goes after, at every instant
//   I7  no byte of a secret in anything stored or shown
//
// I6 and I8 are about time and are judged while a trial runs.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tandem/sim/sim_provider.h"
#include "tandem/state/store.h"
#include "tests/sim/seeds/garden.h"

namespace tandem::seeds {

/// Every secret of a trial begins like this.
inline constexpr char kCanary[] = "canary-7Qf9";

/// As a Garden spells it: without the account.
inline std::string Bare(const std::string& address) { return address.substr(0, address.find('@')); }

struct Evidence {
  const Garden& garden;  // what was asked for last
  const Garden& old;     // and before
  std::vector<Row> rows;
  std::vector<SimObject> live;
  std::vector<SimEffect> effects;  // all there ever were
  size_t first = 0;                // of this phase
  std::map<std::string, std::set<std::string>> allowed;  // address → actions of approved plans
  std::set<std::string> healed;                          // addresses
  std::vector<std::string> shown;                        // plans as text, messages
};

/// "", or the invariant that does not hold and what broke it.
std::string Judge(const Evidence& evidence);

}  // namespace tandem::seeds
