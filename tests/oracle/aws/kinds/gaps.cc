// Where the servers are known to be wrong, and who judges instead.
#include "tests/oracle/aws/kinds/scenarios.h"

namespace tandem::oracle {

const std::vector<Scenario>& Scenarios() {
  static const std::vector<Scenario> kAll = [] {
    std::vector<Scenario> all;
    for (const auto& some :
         {Ec2Scenarios(), IamScenarios(), Route53Scenarios(), OtherScenarios()})
      all.insert(all.end(), some.begin(), some.end());
    return all;
  }();
  return kAll;
}

const std::vector<Gap>& Gaps() {
  static const std::vector<Gap> kAll = {};
  return kAll;
}

}  // namespace tandem::oracle
