// What one Apply is about, as far as it is not done with its first answer.
//
// Values.
#pragma once

#include <string>
#include <vector>

#include "providers/aws/kinds/calls.h"

namespace tandem::aws {

struct KindCalls::Step {
  std::string call;  // "create", "update:NAME", "delete", "mark"
  std::string identity;
  std::string intent;
  std::string token;
  std::string name;  // of the address
  Value desired = Map{};
  Value observed = Map{};
  Value recorded = Map{};
  bool fresh = false;  // observed was read for this step
  std::vector<std::string> changed;
  Mark mark;
  Time deadline;
};

}  // namespace tandem::aws
