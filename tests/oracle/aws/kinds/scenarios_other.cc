#include "tests/oracle/aws/kinds/scenarios.h"

namespace tandem::oracle {
namespace {

std::string RoleFor(Cloud& cloud, const std::string& name) {
  Value spec = cloud.Example("iam.aws/Role");
  spec.edit_map().erase("ManagedPolicyArns");
  const std::string made = cloud.Need("iam.aws/Role", name, std::move(spec));
  return "arn:aws:iam::" + cloud.judge().account_id + ":role/" + made;
}

std::vector<std::string> SubnetsFor(Cloud& cloud) {
  const std::string network =
      cloud.Need("ec2.aws/VPC", "main", cloud.Example("ec2.aws/VPC"));
  std::vector<std::string> made;
  for (const char* zone : {"a", "b"}) {
    Value spec = cloud.Example("ec2.aws/Subnet");
    spec.Set("VpcId", network);
    spec.Set("AvailabilityZone", std::string("us-east-1") + zone);
    spec.Set("CidrBlock", std::string("10.0.") + (*zone == 'a' ? "1" : "2") + ".0/24");
    made.push_back(cloud.Need("ec2.aws/Subnet", std::string("private-") + zone, std::move(spec)));
  }
  return made;
}

Value ClusterSpec(Cloud& cloud) {
  Value spec = cloud.Example("eks.aws/Cluster");
  spec.Set("roleArn", RoleFor(cloud, "eks-cluster"));
  tandem::List subnets;
  for (const std::string& subnet : SubnetsFor(cloud)) subnets.emplace_back(subnet);
  SetAt(spec, ParsePath("resourcesVpcConfig.subnetIds"), std::move(subnets));
  return spec;
}

}  // namespace

std::vector<Scenario> OtherScenarios() {
  Scenario logs;
  logs.name = "log-group";
  logs.kind = "logs.aws/LogGroup";
  logs.object = "orders-api";
  logs.neighbour = true;
  logs.spec = [](Cloud& cloud) { return cloud.Example("logs.aws/LogGroup"); };
  logs.outside = {{"retention", "logs", "PutRetentionPolicy",
                   [](const Made& made) {
                     return Map{{"logGroupName", made.identity}, {"retentionInDays", 7}};
                   },
                   "retentionInDays"}};
  logs.updates = {
      {"retention", [](Value& spec) { spec.Set("retentionInDays", 90); }},
      {"no-retention", [](Value& spec) { spec.edit_map().erase("retentionInDays"); }},
      {"tags", [](Value& spec) { spec.Set("tags", Map{{"owner", "sre"}}); }},
  };

  Scenario table;
  table.name = "table";
  table.kind = "dynamodb.aws/Table";
  table.object = "carts";
  table.neighbour = true;
  table.spec = [](Cloud& cloud) { return cloud.Example("dynamodb.aws/Table"); };
  table.outside = {{"protection", "dynamodb", "UpdateTable",
                    [](const Made& made) {
                      return Map{{"TableName", made.identity},
                                 {"DeletionProtectionEnabled", false}};
                    },
                    "DeletionProtectionEnabled"}};
  table.updates = {
      {"stream",
       [](Value& spec) {
         spec.Set("StreamSpecification",
                  Map{{"StreamEnabled", true}, {"StreamViewType", "KEYS_ONLY"}});
       }},
      {"second-index",
       [](Value& spec) {
         Value attributes = *spec.Find("AttributeDefinitions");
         attributes.edit_list().push_back(Map{{"AttributeName", "day"}, {"AttributeType", "S"}});
         spec.Set("AttributeDefinitions", attributes);
         Value indexes = *spec.Find("GlobalSecondaryIndexes");
         indexes.edit_list().push_back(
             Map{{"IndexName", "by-day"},
                 {"KeySchema",
                  tandem::List{Map{{"AttributeName", "day"}, {"KeyType", "HASH"}}}},
                 {"Projection", Map{{"ProjectionType", "KEYS_ONLY"}}}});
         spec.Set("GlobalSecondaryIndexes", indexes);
       }},
      {"no-ttl", [](Value& spec) { spec.edit_map().erase("TimeToLiveSpecification"); }},
      {"no-backups", [](Value& spec) { spec.edit_map().erase("PointInTimeRecoverySpecification"); }},
      {"tags",
       [](Value& spec) {
         spec.Set("Tags", tandem::List{Map{{"Key", "owner"}, {"Value", "sre"}}});
       }},
      {"no-stream", [](Value& spec) { spec.edit_map().erase("StreamSpecification"); }},
      {"unprotect", [](Value& spec) { spec.Set("DeletionProtectionEnabled", false); }},
      {"first-index-gone",
       [](Value& spec) {
         Value indexes = *spec.Find("GlobalSecondaryIndexes");
         indexes.edit_list().erase(indexes.edit_list().begin());
         spec.Set("GlobalSecondaryIndexes", indexes);
         Value attributes = *spec.Find("AttributeDefinitions");
         attributes.edit_list().erase(attributes.edit_list().begin() + 1);
         spec.Set("AttributeDefinitions", attributes);
       }},
  };

  Scenario replicated;
  replicated.name = "replicated-table";
  replicated.kind = "dynamodb.aws/Table";
  replicated.object = "sessions";
  replicated.spec = [](Cloud&) {
    return Map{{"BillingMode", "PAY_PER_REQUEST"},
               {"AttributeDefinitions",
                tandem::List{Map{{"AttributeName", "id"}, {"AttributeType", "S"}}}},
               {"KeySchema", tandem::List{Map{{"AttributeName", "id"}, {"KeyType", "HASH"}}}},
               {"StreamSpecification",
                Map{{"StreamEnabled", true}, {"StreamViewType", "NEW_AND_OLD_IMAGES"}}}};
  };
  replicated.updates = {{"replica", [](Value& spec) {
                           spec.Set("Replicas", tandem::List{Map{{"RegionName", "eu-west-1"}}});
                         }}};

  Scenario streamed = replicated;
  streamed.name = "streamed-table";
  streamed.updates = {
      {"another-view",
       [](Value& spec) {
         SetAt(spec, ParsePath("StreamSpecification.StreamViewType"), "KEYS_ONLY");
       }},
  };

  Scenario cluster;
  cluster.name = "cluster";
  cluster.kind = "eks.aws/Cluster";
  cluster.object = "shop";
  cluster.spec = ClusterSpec;
  cluster.outside = {{"logging", "eks", "UpdateClusterConfig",
                      [](const Made& made) {
                        return Map{{"name", made.identity},
                                   {"logging", Map{{"clusterLogging",
                                                    tandem::List{Map{{"types", tandem::List{"audit"}},
                                                                     {"enabled", false}}}}}}};
                      },
                      "logging.clusterLogging"}};
  cluster.updates = {
      {"tags", [](Value& spec) { spec.Set("tags", Map{{"owner", "sre"}}); }},
      {"logging",
       [](Value& spec) {
         SetAt(spec, ParsePath("logging.clusterLogging[0].types"), tandem::List{"api"});
       }},
      {"endpoint",
       [](Value& spec) {
         SetAt(spec, ParsePath("resourcesVpcConfig.endpointPublicAccess"), false);
       }},
      {"encryption",
       [](Value& spec) {
         spec.Set("encryptionConfig",
                  tandem::List{Map{
                      {"resources", tandem::List{"secrets"}},
                      {"provider",
                       Map{{"keyArn", "arn:aws:kms:us-east-1:123456789012:key/shop"}}}}});
       }},
      {"version", [](Value& spec) { spec.Set("version", "1.34"); }},
  };

  Scenario nodes;
  nodes.name = "nodegroup";
  nodes.kind = "eks.aws/Nodegroup";
  nodes.object = "workers";
  nodes.parents = [](const Made& made) {
    return std::vector<std::string>{made.identity.substr(0, made.identity.find('/'))};
  };
  nodes.spec = [](Cloud& cloud) {
    Value spec = cloud.Example("eks.aws/Nodegroup");
    const std::string name = cloud.Need("eks.aws/Cluster", "shop", ClusterSpec(cloud));
    spec.Set("clusterName", name);
    spec.Set("nodeRole", RoleFor(cloud, "eks-node"));
    spec.Set("subnets", tandem::List{SubnetsFor(cloud)[0]});
    return spec;
  };
  nodes.outside = {{"scaling", "eks", "UpdateNodegroupConfig",
                    [](const Made& made) {
                      const size_t slash = made.identity.find('/');
                      return Map{{"clusterName", made.identity.substr(0, slash)},
                                 {"nodegroupName", made.identity.substr(slash + 1)},
                                 {"scalingConfig", Map{{"minSize", 1}, {"maxSize", 2}}}};
                    },
                    "scalingConfig"}};
  nodes.updates = {
      {"scaling",
       [](Value& spec) { SetAt(spec, ParsePath("scalingConfig.desiredSize"), 4); }},
      {"taints",
       [](Value& spec) {
         spec.Set("taints", tandem::List{Map{
                                {"key", "gpu"}, {"value", "yes"}, {"effect", "NO_SCHEDULE"}}});
       }},
      {"no-taints", [](Value& spec) { spec.edit_map().erase("taints"); }},
      {"labels", [](Value& spec) { spec.Set("labels", Map{{"tier", "edge"}, {"zone", "a"}}); }},
      {"tags", [](Value& spec) { spec.Set("tags", Map{{"owner", "sre"}}); }},
  };
  return {logs, table, replicated, streamed, cluster, nodes};
}

}  // namespace tandem::oracle
