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
  static const std::vector<Gap> kAll = {
      {"moto", "replicated-table", "update:replica", "Replicas.eu-west-1: null", "ministack",
       "replicas are not shown"},
      {"moto", "streamed-table", "update:another-view", "still waiting", "ministack",
       "a stream that was switched off cannot be switched on again"},
      {"moto", "table", "update:first-index-gone", "AttributeDefinitions", "ministack",
       "attributes outlive the index that used them"},
      {"moto", "cluster", "no-difference", "accessConfig.authenticationMode: null", "ministack",
       "accessConfig is forgotten"},
      {"moto", "cluster", "update:tags", "the answer does not say how to follow it", "eks-plane",
       "UpdateClusterConfig answers {}"},
      {"moto", "cluster", "outside:logging",
       "put right: update:logging: perhaps-done UnreadableAnswer: UpdateClusterConfig", "eks-plane",
       "the drift is seen, and UpdateClusterConfig answers {}"},
      {"ministack", "cluster", "outside:logging", "No route for POST", "eks-plane",
       "UpdateClusterConfig is missing"},
      {"moto", "cluster", "update:encryption", "the answer does not say how to follow it",
       "eks-plane", "UpdateClusterConfig answers {}"},
      {"ministack", "cluster", "update:encryption", "DescribeUpdate: No route for GET", "eks-plane",
       "DescribeUpdate is missing"},
      {"moto", "nodegroup", "outside:scaling",
       "put right: update:config: not-done UnreadableAnswer: DescribeUpdate", "eks-plane",
       "the drift is seen, and DescribeUpdate is missing"},
      {"ministack", "nodegroup", "outside:scaling", "No route for POST", "eks-plane",
       "UpdateNodegroupConfig is missing"},
      {"moto", "cluster", "update:logging", "the answer does not say how to follow it", "eks-plane",
       "UpdateClusterConfig answers {}"},
      {"moto", "cluster", "update:endpoint", "the answer does not say how to follow it",
       "eks-plane", "UpdateClusterConfig answers {}"},
      {"moto", "cluster", "update:version", "the answer does not say how to follow it", "eks-plane",
       "UpdateClusterConfig answers {}"},
      {"ministack", "cluster", "update:logging", "No route for POST", "eks-plane",
       "UpdateClusterConfig is missing"},
      {"ministack", "cluster", "update:endpoint", "No route for POST", "eks-plane",
       "UpdateClusterConfig is missing"},
      {"ministack", "cluster", "update:version", "No route for POST", "eks-plane",
       "UpdateClusterVersion is missing"},
      {"ministack", "cluster", "update:tags", "tags.owner: null", "eks-plane",
       "tags set later are not shown"},
      {"ministack", "nodegroup", "update:scaling", "No route for POST", "eks-plane",
       "UpdateNodegroupConfig is missing"},
      {"moto", "nodegroup", "update:scaling", "DescribeUpdate: the answer with status 404",
       "eks-plane", "DescribeUpdate is missing"},
      {"ministack", "nodegroup", "update:taints", "No route for POST", "eks-plane",
       "UpdateNodegroupConfig is missing"},
      {"moto", "nodegroup", "update:taints", "DescribeUpdate: the answer with status 404",
       "eks-plane", "DescribeUpdate is missing"},
      {"ministack", "nodegroup", "update:labels", "No route for POST", "eks-plane",
       "UpdateNodegroupConfig is missing"},
      {"moto", "nodegroup", "update:labels", "DescribeUpdate: the answer with status 404",
       "eks-plane", "DescribeUpdate is missing"},
      {"ministack", "nodegroup", "update:no-taints", "there is nothing to update", "eks-plane",
       "follows from update:taints"},
      {"moto", "nodegroup", "update:no-taints", "there is nothing to update", "eks-plane",
       "follows from update:taints"},
      {"ministack", "nodegroup", "update:tags", "tags.owner: null", "eks-plane",
       "tags set later are not shown"},
      {"moto", "nodegroup", "update:tags", "DescribeUpdate: the answer with status 404",
       "eks-plane", "follows from update:labels"},
  };
  return kAll;
}

}  // namespace tandem::oracle
