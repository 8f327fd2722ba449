// What the provider says when answers are lost, spoilt or refused (R10), against a real server behind
// the validator's faults.
#pragma once

#include "tests/oracle/aws/kinds/cloud.h"

namespace tandem::oracle {

/// 0 if everything was as it must be.
int PlayFaults(const Judge& judge, const std::string& schemas);

}  // namespace tandem::oracle
