// Planted faults: each turns one shipped kind file into a false one, and the lint must say so.
#include "schema/lint.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "schema/file_kind.h"

namespace tandem {
namespace {

std::string ReadText(const std::string& path) {
  std::ifstream in(std::string(TANDEM_SOURCE_DIR "/schemas/") + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string LintText(const std::string& kind_file, const std::string& service) {
  static std::map<std::string, std::shared_ptr<const ApiModel>> apis;
  auto& api = apis[service];
  if (api == nullptr) api = *ApiModel::Load(ReadText("apis/aws/" + service + ".json"));
  Diagnostics found;
  auto source = std::make_shared<SourceText>(SourceText{"kind.yaml", kind_file});
  if (auto text = ReadKindText(source, found))
    if (const auto kind = FileKind::Make(std::move(*text), api, "api", found))
      LintKind(*kind, found);
  found.Sort();
  return FormatDiagnostics(found);
}

struct Plant {
  const char* name;
  const char* file;
  const char* service;
  const char* before;
  const char* after;
  const char* says;
};

const Plant kPlants[] = {
    {"unknown_key", "ec2.aws/Subnet", "ec2", "consistency: 30s", "consistancy: 30s",
     "unknown key 'consistancy'"},
    {"unknown_call_key", "ec2.aws/Subnet", "ec2", "wrap: Value", "wrapp: Value",
     "did you mean 'wrap'?"},
    {"missing_key", "ec2.aws/Subnet", "ec2", "consistency: 30s\n", "", "'consistency' is missing"},
    {"bad_duration", "ec2.aws/Subnet", "ec2", "consistency: 30s", "consistency: 30 seconds",
     "must be a duration"},
    {"api_version", "ec2.aws/Subnet", "ec2", "\"2016-11-15\"", "\"2016-11-16\"",
     "the description is of version 2016-11-15"},
    {"operation", "ec2.aws/Subnet", "ec2", "call: DeleteSubnet", "call: DeleteSubnets",
     "did you mean 'DeleteSubnet'?"},
    {"member_of_update", "ec2.aws/Subnet", "ec2", "- EnableDns64\n", "- EnableDns46\n",
     "did you mean 'EnableDns64'?"},
    {"member_of_request", "ec2.aws/Subnet", "ec2", "DescribeSubnets, request: {SubnetIds",
     "DescribeSubnets, request: {SubnetId", "did you mean 'SubnetIds'?"},
    {"required_of_call", "ec2.aws/Subnet", "ec2", "{call: DeleteSubnet, request: {SubnetId: $id}}",
     "{call: DeleteSubnet}", "DeleteSubnet needs 'SubnetId'"},
    {"result", "ec2.aws/Subnet", "ec2", "result: Subnet,", "result: Subnett,",
     "the answer of CreateSubnet has no 'Subnett'"},
    {"list_result", "ec2.aws/Subnet", "ec2", "list: {call: DescribeSubnets, result: Subnets}",
     "list: {call: DescribeSubnets, result: NextToken}", "a list's result must be a list"},
    {"wrap", "ec2.aws/Subnet", "ec2", "wrap: Value", "wrap: Valued", "has no member"},
    {"field", "ec2.aws/Subnet", "ec2", "  SubnetArn: {computed: true}\n",
     "  SubnetAm: {computed: true}\n", "there is no field 'SubnetAm'"},
    {"field_not_carried", "ec2.aws/Subnet", "ec2", "  SubnetArn: {computed: true}\n",
     "  SubnetArn: {class: safe}\n", "it can only be computed"},
    {"unset", "ec2.aws/Subnet", "ec2",
     "MapPublicIpOnLaunch: {class: disruptive, default: server, unset: false}",
     "MapPublicIpOnLaunch: {class: disruptive, default: server}",
     "'MapPublicIpOnLaunch' must say how it is unset"},
    {"unset_word", "ec2.aws/Subnet", "ec2",
     "MapPublicIpOnLaunch: {class: disruptive, default: server, unset: false}",
     "MapPublicIpOnLaunch: {class: disruptive, default: server, unset: forget}",
     "'forget' is no way to unset"},
    {"unset_call", "ec2.aws/Subnet", "ec2",
     "MapPublicIpOnLaunch: {class: disruptive, default: server, unset: false}",
     "MapPublicIpOnLaunch: {class: disruptive, default: server, unset: call}",
     "needs an update call with 'unset'"},
    {"class", "ec2.aws/Subnet", "ec2", "MapPublicIpOnLaunch: {class: disruptive",
     "MapPublicIpOnLaunch: {class: dangerous", "unknown class"},
    {"class_way", "logs.aws/LogGroup", "logs", "{up: safe,", "{upp: safe,", "up, down or other"},
    {"class_of_text", "ec2.aws/Subnet", "ec2", "PrivateDnsHostnameTypeOnLaunch: {class: disruptive",
     "PrivateDnsHostnameTypeOnLaunch: {class: {up: safe}", "'up' and 'down' are for numbers"},
    {"not_mutable", "ec2.aws/Subnet", "ec2", "OutpostArn: {replace: true}",
     "OutpostArn: {unset: release}", "no update call carries 'OutpostArn'"},
    {"mutable_yet_replaced", "ec2.aws/Subnet", "ec2", "EnableDns64: {class: disruptive",
     "EnableDns64: {replace: true, class: disruptive", "carries it"},
    {"compare", "ec2.aws/Subnet", "ec2", "compare: cidr", "compare: sider", "no way to compare"},
    {"compare_of_text", "ec2.aws/Subnet", "ec2", "CidrBlock: {replace: true, compare: cidr",
     "CidrBlock: {replace: true, compare: set", "only a list can be compared so"},
    {"keys", "ec2.aws/Subnet", "ec2", "keys: [Key]", "keys: [Kay]", "have no member 'Kay'"},
    {"list_without_compare", "ec2.aws/Subnet", "ec2",
     "Tags: {class: safe, compare: keyed, keys: [Key]}", "Tags: {class: safe}",
     "a list must say how it is compared"},
    {"nested_list_without_compare", "eks.aws/Cluster", "eks",
     "  computeConfig.nodePools: {compare: set}\n", "", "'computeConfig.nodePools' is a list"},
    {"state_field", "ec2.aws/Subnet", "ec2", "states: {field: State", "states: {field: Status",
     "there is no field 'Status'"},
    {"state", "ec2.aws/Subnet", "ec2", "ready: [available]", "ready: [availble]",
     "'availble' is no state"},
    {"state_of_parts", "dynamodb.aws/Table", "dynamodb", "field: IndexStatus, busy: [CREATING",
     "field: IndexStatus, busy: [CREATE", "'CREATE' is no state"},
    {"error_class", "ec2.aws/Subnet", "ec2", "DependencyViolation: waiting",
     "DependencyViolation: wait", "unknown error class"},
    {"error_code", "iam.aws/Role", "iam", "NoSuchEntity: gone", "NoSuchEntry: gone",
     "did you mean 'NoSuchEntity'?"},
    {"no_gone", "ec2.aws/Subnet", "ec2", "InvalidSubnetID.NotFound: gone",
     "InvalidSubnetID.NotFound: terminal", "no code says that an object is gone"},
    {"no_exists", "iam.aws/Role", "iam", "EntityAlreadyExists: exists",
     "EntityAlreadyExists: terminal", "class C needs a code"},
    {"otherwise", "eks.aws/Cluster", "eks", "otherwise: waiting", "other: waiting",
     "'otherwise' is missing"},
    {"answer_from", "ec2.aws/Subnet", "ec2", "PrivateDnsNameOptionsOnLaunch.HostnameType",
     "PrivateDnsNameOptionsOnLaunch.HostType", "the answer has no"},
    {"answer_target", "ec2.aws/Subnet", "ec2", "  PrivateDnsHostnameTypeOnLaunch: {from",
     "  PrivateDnsHostTypeOnLaunch: {from", "is no field"},
    {"answer_type", "ec2.aws/Subnet", "ec2",
     "{from: PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord}",
     "{from: PrivateDnsNameOptionsOnLaunch.HostnameType}", "cannot become a"},
    {"answer_pick", "iam.aws/Role", "iam",
     "PermissionsBoundary: {from: PermissionsBoundary.PermissionsBoundaryArn}",
     "PermissionsBoundary: {from: Tags, pick: Name}", "the entries have no 'Name'"},
    {"class_a_without_token", "ec2.aws/Subnet", "ec2", "createClass: B", "createClass: A",
     "class A needs a token"},
    {"class_b_without_tags", "route53.aws/HostedZone", "route53", "createClass: A",
     "createClass: B", "class B needs tags"},
    {"class_c_without_name", "ec2.aws/Subnet", "ec2", "createClass: B", "createClass: C",
     "class C needs a natural name"},
    {"identity", "ec2.aws/Subnet", "ec2", "identity: {field: SubnetId",
     "identity: {field: SubnetID", "did you mean 'SubnetId'?"},
    {"identity_part", "eks.aws/Nodegroup", "eks", "compose: \"{clusterName}/",
     "compose: \"{cluster}/", "there is no field 'cluster'"},
    {"part_of_id", "eks.aws/Nodegroup", "eks",
     "delete:\n    call: DeleteNodegroup\n    request: {clusterName: $id.clusterName",
     "delete:\n    call: DeleteNodegroup\n    request: {clusterName: $id.cluster",
     "the identity has no part 'cluster'"},
    {"create_first_of_named", "iam.aws/Role", "iam", "createClass: C",
     "createClass: C\ncreateFirst: true", "cannot make the new one first"},
    {"variable", "ec2.aws/Subnet", "ec2", "{call: DeleteSubnet, request: {SubnetId: $id}}",
     "{call: DeleteSubnet, request: {SubnetId: $identity}}", "'$identity' has no meaning here"},
    {"variable_path", "logs.aws/LogGroup", "logs", "$observed.logGroupArn, tags: $added",
     "$observed.logGroupAm, tags: $added", "there is no 'logGroupAm'"},
    {"variable_type", "logs.aws/LogGroup", "logs",
     "PutRetentionPolicy\n      request: {logGroupName: $id}",
     "PutRetentionPolicy\n      request: {logGroupName: $observed.creationTime}",
     "is of type integer, and string is asked for"},
    {"parent_outside_of_list", "eks.aws/Nodegroup", "eks",
     "delete:\n    call: DeleteNodegroup\n    request: {clusterName: $id.clusterName",
     "delete:\n    call: DeleteNodegroup\n    request: {clusterName: $parent",
     "'$parent' has no meaning here"},
    {"added_outside_of_delta", "eks.aws/Nodegroup", "eks", "delta: labels", "fields: [labels]",
     "'$added' has no meaning here"},
    {"each_without_remove", "ec2.aws/SecurityGroup", "ec2",
     "      remove: {call: RevokeSecurityGroupIngress, request: {GroupId: $id, IpPermissions: "
     "[$item]}}\n",
     "", "'each' needs 'add' and 'remove'"},
    {"explode", "ec2.aws/SecurityGroup", "ec2", "explode: [IpRanges,", "explode: [IpRange,",
     "the entries have no list 'IpRange'"},
    {"member_shape", "ec2.aws/SecurityGroup", "ec2", "IpPermissions: {shape: IpPermissionList}",
     "IpPermissions: {shape: IpPermissions}", "naming a shape of the API"},
    {"spread", "route53.aws/HealthCheck", "route53",
     "HealthCheckConfig.RequestInterval: {replace: true,",
     "HealthCheckConfig.RequestInterval: {unset: release,",
     "does not carry 'HealthCheckConfig.RequestInterval'"},
    {"reset", "route53.aws/HealthCheck", "route53", "reset: ResetElements", "reset: ResetElement",
     "has no list 'ResetElement'"},
    {"token", "eks.aws/Cluster", "eks", "token: clientRequestToken\n    without",
     "token: clientToken\n    without", "has no member 'clientToken'"},
    {"wait_field", "eks.aws/Nodegroup", "eks", "field: update.status", "field: update.state",
     "the answer of DescribeUpdate has no 'update.state'"},
    {"wait_state", "eks.aws/Nodegroup", "eks", "ready: [Successful]", "ready: [Succeeded]",
     "'Succeeded' is no state"},
    {"wait_answer", "eks.aws/Nodegroup", "eks", "updateId: $answer.update.id",
     "updateId: $answer.id", "has no 'id'"},
    {"tag_resource", "ec2.aws/Subnet", "ec2", "tags: {style: ec2}",
     "tags: {style: ec2, resource: sub-net}", "'sub-net' is no ResourceType"},
    {"tag_style", "ec2.aws/Subnet", "ec2", "tags: {style: ec2}", "tags: {style: ec3}",
     "is none of"},
    {"where", "logs.aws/LogGroup", "logs", "where: {logGroupName", "where: {groupName",
     "the answer has no 'groupName'"},
    {"skip", "route53.aws/RecordSet", "route53", "skip: [{Type: SOA}]", "skip: [{Kind: SOA}]",
     "have no 'Kind'"},
    {"refuse", "route53.aws/RecordSet", "route53",
     "refuse: {SOA:", "refuse: {SOAP:", "'SOAP' is no value of it anyway"},
    {"constraint", "route53.aws/RecordSet", "route53", "{when: Weight, needs", "{when: Wait, needs",
     "there is no field 'Wait'"},
    {"constraint_key", "route53.aws/RecordSet", "route53",
     "- {exactlyOne:", "- {exactlyTwo:", "unknown key 'exactlyTwo'"},
    {"ref", "ec2.aws/Subnet", "ec2", "ref: ec2.aws/VPC", "ref: VPC", "must be group/Kind"},
    {"sandbox_field", "ec2.aws/Subnet", "ec2", "    SubnetId: \"subnet-{hex17}\"",
     "    SubnetNo: \"subnet-{hex17}\"", "there is no field 'SubnetNo'"},
    {"sandbox_identity", "ec2.aws/Subnet", "ec2", "    SubnetId: \"subnet-{hex17}\"\n", "",
     "nothing says what 'SubnetId' looks like"},
    {"sandbox_placeholder", "ec2.aws/Subnet", "ec2", "subnet-{hex17}", "subnet-{hexes}",
     "stands for nothing"},
    {"example", "ec2.aws/Subnet", "ec2", "    CidrBlock: 10.0.1.0/24", "    CidrBlock: ten",
     "the example is wrong: 'ten' is no address range"},
    {"example_missing", "ec2.aws/Subnet", "ec2", "example:", "exemple:", "unknown key 'exemple'"},
};

void PrintTo(const Plant& plant, std::ostream* out) { *out << plant.name; }

class PlantedFault : public testing::TestWithParam<Plant> {};

TEST_P(PlantedFault, IsSaid) {
  const Plant& plant = GetParam();
  const std::string path = std::string("kinds/aws/") + plant.file + ".yaml";
  std::string text = ReadText(path);
  ASSERT_EQ(LintText(text, plant.service), "") << "the file is true before the plant";
  const size_t at = text.find(plant.before);
  ASSERT_NE(at, std::string::npos) << plant.before;
  text.replace(at, std::string(plant.before).size(), plant.after);
  const std::string said = LintText(text, plant.service);
  EXPECT_NE(said.find(plant.says), std::string::npos) << "said only:\n" << said;
}

INSTANTIATE_TEST_SUITE_P(Lint, PlantedFault, testing::ValuesIn(kPlants),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tandem
