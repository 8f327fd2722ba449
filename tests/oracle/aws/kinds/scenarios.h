// The scenarios, a function for each service.
#pragma once

#include <vector>

#include "tests/oracle/aws/kinds/scenario.h"

namespace tandem::oracle {

std::vector<Scenario> Ec2Scenarios();
std::vector<Scenario> IamScenarios();
std::vector<Scenario> Route53Scenarios();
std::vector<Scenario> OtherScenarios();  // logs, dynamodb, eks

}  // namespace tandem::oracle
