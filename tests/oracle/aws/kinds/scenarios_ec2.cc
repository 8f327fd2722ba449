#include "tests/oracle/aws/kinds/scenarios.h"

namespace tandem::oracle {
namespace {

std::string Network(Cloud& cloud) {
  return cloud.Need("ec2.aws/VPC", "main", cloud.Example("ec2.aws/VPC"));
}

Value Tag(const char* key, const char* value) { return Map{{"Key", key}, {"Value", value}}; }

}  // namespace

std::vector<Scenario> Ec2Scenarios() {
  Scenario vpc;
  vpc.name = "vpc";
  vpc.kind = "ec2.aws/VPC";
  vpc.object = "main";
  vpc.neighbour = true;
  vpc.spec = [](Cloud& cloud) { return cloud.Example("ec2.aws/VPC"); };
  vpc.outside = {
      {"attribute", "ec2", "ModifyVpcAttribute",
       [](const Made& made) {
         return Map{{"VpcId", made.identity}, {"EnableDnsHostnames", Map{{"Value", false}}}};
       },
       "EnableDnsHostnames"},
      {"tag", "ec2", "CreateTags",
       [](const Made& made) {
         return Map{{"Resources", tandem::List{made.identity}},
                    {"Tags", tandem::List{Tag("Name", "renamed")}}};
       },
       "Tags"},
  };
  vpc.updates = {
      {"attributes",
       [](Value& spec) {
         spec.Set("EnableDnsHostnames", false);
         spec.Set("EnableDnsSupport", false);
       }},
      {"tags",
       [](Value& spec) { spec.Set("Tags", tandem::List{Tag("Name", "two"), Tag("team", "x")}); }},
      {"fewer-tags", [](Value& spec) { spec.Set("Tags", tandem::List{Tag("Name", "two")}); }},
  };

  Scenario subnet;
  subnet.name = "subnet";
  subnet.kind = "ec2.aws/Subnet";
  subnet.object = "private-a";
  subnet.spec = [](Cloud& cloud) {
    Value spec = cloud.Example("ec2.aws/Subnet");
    spec.Set("VpcId", Network(cloud));
    spec.Set("MapPublicIpOnLaunch", true);
    return spec;
  };
  subnet.outside = {{"attribute", "ec2", "ModifySubnetAttribute",
                     [](const Made& made) {
                       return Map{{"SubnetId", made.identity},
                                  {"MapPublicIpOnLaunch", Map{{"Value", false}}}};
                     },
                     "MapPublicIpOnLaunch"}};
  subnet.updates = {
      {"attribute", [](Value& spec) { spec.Set("MapPublicIpOnLaunch", false); }},
      {"tags", [](Value& spec) { spec.Set("Tags", tandem::List{Tag("team", "x")}); }},
  };

  Scenario group;
  group.name = "security-group";
  group.kind = "ec2.aws/SecurityGroup";
  group.object = "db";
  group.spec = [](Cloud& cloud) {
    const std::string network = Network(cloud);
    const std::string app = cloud.Need("ec2.aws/SecurityGroup", "app",
                                       Map{{"Description", "the app"}, {"VpcId", network}});
    Value spec = cloud.Example("ec2.aws/SecurityGroup");
    spec.Set("VpcId", network);
    SetAt(spec, ParsePath("IpPermissions[1].UserIdGroupPairs[0].GroupId"), app);
    return spec;
  };
  const auto rule = [](const char* range, int port) {
    return Map{{"IpProtocol", "tcp"},
               {"FromPort", port},
               {"ToPort", port},
               {"IpRanges", tandem::List{Map{{"CidrIp", range}}}}};
  };
  group.outside = {{"rule", "ec2", "AuthorizeSecurityGroupIngress",
                    [rule](const Made& made) {
                      return Map{{"GroupId", made.identity},
                                 {"IpPermissions", tandem::List{rule("0.0.0.0/0", 22)}}};
                    },
                    "IpPermissions"}};
  group.updates = {
      {"ingress",
       [rule](Value& spec) {
         Value both = rule("10.1.0.0/16", 443);
         both.Set("IpRanges", tandem::List{Map{{"CidrIp", "10.1.0.0/16"}},
                                           Map{{"CidrIp", "10.2.0.0/16"}}});
         spec.Set("IpPermissions", tandem::List{std::move(both), rule("10.3.0.0/16", 5432)});
       }},
      {"one-range-less",
       [rule](Value& spec) {
         spec.Set("IpPermissions",
                  tandem::List{rule("10.2.0.0/16", 443), rule("10.3.0.0/16", 5432)});
       }},
      {"egress",
       [rule](Value& spec) {
         spec.Set("IpPermissionsEgress", tandem::List{rule("10.0.0.0/8", 443)});
       }},
      {"none", [](Value& spec) { spec.Set("IpPermissions", tandem::List{}); }},
  };
  return {vpc, subnet, group};
}

}  // namespace tandem::oracle
