// What a kind says of its paths, calls and canonical forms.
#include <gtest/gtest.h>

#include "tandem/codec/json.h"
#include "tests/unit/schema/kind_fixture.h"

namespace tandem {
namespace {

std::vector<std::string> Names(const std::vector<CallRule>& calls) {
  std::vector<std::string> names;
  for (const CallRule& call : calls) names.push_back(call.name);
  return names;
}
using Texts = std::vector<std::string>;

TEST(Catalog, MissingFolderIsNamed) {
  const auto catalog = OpenCatalog("/nonexistent/schemas");
  ASSERT_FALSE(catalog.ok());
  EXPECT_EQ(catalog.status().code(), Code::kNotFound);
  EXPECT_NE(catalog.status().message().find("/nonexistent/schemas/kinds"), std::string::npos);
}

TEST(Catalog, FindsKindsAndProviders) {
  EXPECT_EQ(ShippedCatalog().Find({"ec2.aws", "Vpc"}), nullptr);
  EXPECT_EQ(ShippedCatalog().Find({"ec2.aws", "VPC"}), ShippedCatalog().Find({"ec2.aws", "VPC"}));
  EXPECT_EQ(ShippedCatalog().ProviderOf("ec2.aws"), "aws");
  EXPECT_EQ(ShippedCatalog().ProviderOf("ec2.gcp"), "");
}

TEST(Kind, SaysWhatItIs) {
  const auto vpc = Shipped("ec2.aws", "VPC");
  EXPECT_EQ(vpc->create_class(), 'B');
  EXPECT_EQ(vpc->identity_field(), "VpcId");
  EXPECT_FALSE(vpc->named());
  EXPECT_TRUE(vpc->can_mark());
  EXPECT_TRUE(vpc->lists());
  EXPECT_TRUE(vpc->list_names_only());
  EXPECT_EQ(vpc->consistency(), std::chrono::seconds(30));
  EXPECT_EQ(vpc->timeout(), std::chrono::minutes(10));
  EXPECT_EQ(vpc->bucket(), "ec2-mutate");
  EXPECT_EQ(vpc->digest().size(), 71U);
  EXPECT_NE(vpc->digest(), Shipped("ec2.aws", "Subnet")->digest());

  const auto table = Shipped("dynamodb.aws", "Table");
  EXPECT_TRUE(table->protected_by_default());
  EXPECT_TRUE(table->named());
  EXPECT_EQ(table->name_field(), "TableName");

  const auto record = Shipped("route53.aws", "RecordSet");
  EXPECT_FALSE(record->can_mark());
  EXPECT_EQ(record->parent_field(), "HostedZoneId");
  EXPECT_EQ(record->parent_kind()->ToString(), "route53.aws/HostedZone");
  // The service refuses to delete a cluster that has nodegroups.
  EXPECT_TRUE(Shipped("eks.aws", "Cluster")->cascades().empty());
  EXPECT_EQ(Shipped("iam.aws", "Policy")->name_field(), "PolicyName");
}

TEST(RuleFor, FindsPatternsAndHandsDown) {
  const auto group = Shipped("ec2.aws", "SecurityGroup");
  const FieldRule range = group->RuleFor(ParsePath("IpPermissions[3].IpRanges[0].CidrIp"));
  EXPECT_EQ(range.path, "IpPermissions[].IpRanges[].CidrIp");
  EXPECT_EQ(range.compare, CompareMode::kCidr);
  const auto nodes = Shipped("eks.aws", "Nodegroup");
  EXPECT_TRUE(nodes->RuleFor(ParsePath("remoteAccess.ec2SshKey")).replace) << "handed down";
  EXPECT_EQ(nodes->RuleFor(ParsePath("subnets[1]")).ref->ToString(), "ec2.aws/Subnet");
  EXPECT_EQ(nodes->RuleFor(ParsePath("labels.tier")).blast, BlastClass::kSafe) << "handed down";
  EXPECT_EQ(nodes->RuleFor(ParsePath("labels.tier")).unset, UnsetMode::kNull)
      << "entries of a map are removed";
  EXPECT_TRUE(nodes->RuleFor(ParsePath("health.issues")).computed);
  EXPECT_TRUE(nodes->RuleFor(ParsePath("nodegroupArn")).computed);
}

TEST(RuleFor, R7ClassesByDirection) {
  const FieldRule days = Shipped("logs.aws", "LogGroup")->RuleFor(ParsePath("retentionInDays"));
  EXPECT_EQ(days.blast_up, BlastClass::kSafe);
  EXPECT_EQ(days.blast_down, BlastClass::kDataLoss);
  EXPECT_EQ(days.blast, BlastClass::kDataLoss);
  EXPECT_EQ(Shipped("eks.aws", "Cluster")->RuleFor(ParsePath("logging")).blast, BlastClass::kSafe);
  EXPECT_EQ(Shipped("ec2.aws", "VPC")->RuleFor(ParsePath("CidrBlock")).blast, BlastClass::kReplace);
}

TEST(RuleFor, R4Unset) {
  const auto vpc = Shipped("ec2.aws", "VPC");
  EXPECT_EQ(vpc->RuleFor(ParsePath("EnableDnsSupport")).unset, UnsetMode::kValue);
  EXPECT_EQ(vpc->RuleFor(ParsePath("EnableDnsSupport")).unset_value, Value(true));
  EXPECT_EQ(Shipped("logs.aws", "LogGroup")->RuleFor(ParsePath("kmsKeyId")).unset,
            UnsetMode::kCall);
  EXPECT_EQ(Shipped("route53.aws", "RecordSet")->RuleFor(ParsePath("TTL")).unset, UnsetMode::kNull);
}

TEST(TypeOf, KnowsSpecAndAnswers) {
  const auto cluster = Shipped("eks.aws", "Cluster");
  EXPECT_EQ(cluster->TypeOf(ParsePath("version")), Type::kString);
  EXPECT_EQ(cluster->TypeOf(ParsePath("resourcesVpcConfig.subnetIds")), Type::kList);
  EXPECT_EQ(cluster->TypeOf(ParsePath("resourcesVpcConfig.clusterSecurityGroupId")), Type::kString);
  EXPECT_EQ(cluster->TypeOf(ParsePath("identity.oidc.issuer")), Type::kString);
  EXPECT_EQ(cluster->TypeOf(ParsePath("tags.any")), Type::kString);
  EXPECT_EQ(cluster->TypeOf(ParsePath("nothing")), std::nullopt);
  const auto zone = Shipped("route53.aws", "HostedZone");
  EXPECT_EQ(zone->TypeOf(ParsePath("NameServers")), Type::kList);
  EXPECT_EQ(zone->TypeOf(ParsePath("Id")), Type::kString);
  EXPECT_EQ(Shipped("route53.aws", "RecordSet")->TypeOf(ParsePath("Id")), Type::kString);
}

TEST(Calls, CreateIsFollowedByWhatItCannotCarry) {
  EXPECT_EQ(Names(Shipped("ec2.aws", "VPC")
                      ->CreateCalls(ValueOf("{CidrBlock: 10.0.0.0/16, EnableDnsHostnames: true,"
                                            " Tags: [{Key: a, Value: b}]}"))),
            (Texts{"create", "update:attributes.EnableDnsHostnames"}));
  EXPECT_EQ(Names(Shipped("ec2.aws", "SecurityGroup")
                      ->CreateCalls(ValueOf("{Description: x, IpPermissions: []}"))),
            (Texts{"create", "update:ingress"}));
  EXPECT_EQ(Names(Shipped("logs.aws", "LogGroup")
                      ->CreateCalls(ValueOf("{retentionInDays: 3, kmsKeyId: k, tags: {a: b}}"))),
            (Texts{"create", "update:retention"}));
}

TEST(Calls, R9MarkThatNeedsACallOfItsOwnComesRightAfterCreate) {
  EXPECT_EQ(Names(Shipped("route53.aws", "HostedZone")
                      ->CreateCalls(ValueOf("{Name: a, Tags: [{Key: a, Value: b}]}"))),
            (Texts{"create", "mark", "update:tags"}));
  EXPECT_EQ(Names(Shipped("route53.aws", "RecordSet")->CreateCalls(ValueOf("{Name: a, TTL: 1}"))),
            (Texts{"create"}));
}

TEST(Calls, UpdatesAreTheFilesOrder) {
  const auto cluster = Shipped("eks.aws", "Cluster");
  EXPECT_EQ(Names(cluster->UpdateCalls({"version", "resourcesVpcConfig.subnetIds[0]", "logging"})),
            (Texts{"update:network", "update:logging", "update:version"}));
  EXPECT_EQ(Names(cluster->UpdateCalls({"resourcesVpcConfig"})),
            (Texts{"update:endpoint", "update:network", "update:egress"}))
      << "the whole of it touches every call that carries a part";
  EXPECT_EQ(Names(cluster->UpdateCalls({"tags.team"})), (Texts{"update:tags"}));
  EXPECT_EQ(Names(Shipped("route53.aws", "HostedZone")->UpdateCalls({"HostedZoneConfig.Comment"})),
            (Texts{"update:comment"}));
  EXPECT_TRUE(cluster->UpdateCalls({"roleArn"}).empty());
  EXPECT_EQ(Shipped("ec2.aws", "VPC")->DeleteCall().body.StringOr("call", ""), "DeleteVpc");
}

struct CanonicalCase {
  const char* name;
  const char* group;
  const char* kind;
  const char* a;
  const char* b;
  bool equal;
};
void PrintTo(const CanonicalCase& c, std::ostream* out) { *out << c.name; }

const CanonicalCase kCanonical[] = {
    {"cidr_host_bits", "ec2.aws", "VPC", "{CidrBlock: 10.0.7.1/16}", "{CidrBlock: 10.0.0.0/16}",
     true},
    {"cidr_six", "ec2.aws", "VPC", "{Ipv6CidrBlock: \"2001:DB8:0::/56\"}",
     "{Ipv6CidrBlock: \"2001:db8::/56\"}", true},
    {"cidr_differs", "ec2.aws", "VPC", "{CidrBlock: 10.1.0.0/16}", "{CidrBlock: 10.0.0.0/16}",
     false},
    {"json_spacing", "iam.aws", "Role", "{AssumeRolePolicyDocument: '{\"b\": 1, \"a\": [1]}'}",
     "{AssumeRolePolicyDocument: '{\"a\":[1],\"b\":1}'}", true},
    {"json_differs", "iam.aws", "Role", "{AssumeRolePolicyDocument: '{\"a\": [1, 2]}'}",
     "{AssumeRolePolicyDocument: '{\"a\": [2, 1]}'}", false},
    {"domain_dot_case_octal", "route53.aws", "RecordSet", "{Name: \"*.Shop.example\"}",
     "{Name: '\\052.shop.example.'}", true},
    {"set_order_and_twice", "iam.aws", "Role", "{ManagedPolicyArns: [b, a, b]}",
     "{ManagedPolicyArns: [a, b]}", true},
    {"keyed_order", "ec2.aws", "VPC", "{Tags: [{Key: b, Value: x}, {Key: a, Value: y}]}",
     "{Tags: [{Key: a, Value: y}, {Key: b, Value: x}]}", true},
    {"keyed_value_differs", "ec2.aws", "VPC", "{Tags: [{Key: a, Value: x}]}",
     "{Tags: [{Key: a, Value: y}]}", false},
    {"rules_merged_by_the_server", "ec2.aws", "SecurityGroup",
     "{IpPermissions: [{IpProtocol: TCP, FromPort: 443, ToPort: 443, IpRanges: [{CidrIp: "
     "10.0.0.1/8}]},"
     " {IpProtocol: tcp, FromPort: 443, ToPort: 443, UserIdGroupPairs: [{GroupId: sg-1}]}]}",
     "{IpPermissions: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, IpRanges: [{CidrIp: "
     "10.0.0.0/8}],"
     " Ipv6Ranges: [], UserIdGroupPairs: [{GroupId: sg-1, UserId: \"1111\"}], PrefixListIds: []}]}",
     true},
    {"rules_differ_in_port", "ec2.aws", "SecurityGroup",
     "{IpPermissions: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, IpRanges: [{CidrIp: "
     "10.0.0.0/8}]}]}",
     "{IpPermissions: [{IpProtocol: tcp, FromPort: 80, ToPort: 443, IpRanges: [{CidrIp: "
     "10.0.0.0/8}]}]}",
     false},
    {"rules_differ_in_description", "ec2.aws", "SecurityGroup",
     "{IpPermissions: [{IpProtocol: tcp, FromPort: 1, ToPort: 1, IpRanges: [{CidrIp: 10.0.0.0/8, "
     "Description: a}]}]}",
     "{IpPermissions: [{IpProtocol: tcp, FromPort: 1, ToPort: 1, IpRanges: [{CidrIp: "
     "10.0.0.0/8}]}]}",
     false},
    {"integral_double", "logs.aws", "LogGroup", "{retentionInDays: 30.0}", "{retentionInDays: 30}",
     true},
};

class CanonicalForm : public testing::TestWithParam<CanonicalCase> {};

TEST_P(CanonicalForm, TellsEqualFromDifferent) {
  const CanonicalCase& c = GetParam();
  const auto kind = Shipped(c.group, c.kind);
  const Value a = kind->Canonical(ValueOf(c.a));
  const Value b = kind->Canonical(ValueOf(c.b));
  EXPECT_EQ(a == b, c.equal) << ToCanonicalJson(a) << "\n" << ToCanonicalJson(b);
  EXPECT_EQ(kind->Canonical(a), a) << "the form of a form is itself";
}

INSTANTIATE_TEST_SUITE_P(Kinds, CanonicalForm, testing::ValuesIn(kCanonical),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(CanonicalForm, UnknownsStay) {
  const auto kind = Shipped("ec2.aws", "SecurityGroup");
  const Value spec =
      Map{{"VpcId", Unknown{Type::kString, "v"}},
          {"IpPermissions",
           List{Map{{"IpProtocol", "tcp"},
                    {"UserIdGroupPairs", List{Map{{"GroupId", Unknown{Type::kString, "g"}}}}}}}}};
  EXPECT_TRUE(
      kind->Canonical(spec).At("IpPermissions[0].UserIdGroupPairs[0].GroupId")->is_unknown());
}

TEST(Explain, TellsOfTheKind) {
  const std::string text = *Shipped("ec2.aws", "Subnet")->Explain("");
  for (const char* part :
       {"ec2.aws/Subnet", "SubnetId, given by the server", "B: the mark goes with the create call",
        "CidrBlock  <string>  forces replacement", "VpcId  <string>  required, forces replacement",
        "create: CreateSubnet", "ready: available", "apiVersion: ec2.aws/v1", "SubnetArn"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
}

TEST(Explain, TellsOfAPath) {
  const auto kind = Shipped("dynamodb.aws", "Table");
  const std::string mode = *kind->Explain("spec.BillingMode");
  EXPECT_NE(mode.find("values:    PROVISIONED, PAY_PER_REQUEST"), std::string::npos) << mode;
  const std::string index = *kind->Explain("GlobalSecondaryIndexes.Projection");
  EXPECT_NE(index.find("ProjectionType  <string>"), std::string::npos) << index;
  EXPECT_NE(kind->Explain("TableArn")->find("set by the server"), std::string::npos);
}

TEST(Explain, SaysWhatWasMeant) {
  const auto text = Shipped("dynamodb.aws", "Table")->Explain("spec.BilingMode");
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.status().code(), Code::kNotFound);
  EXPECT_NE(text.status().message().find("did you mean 'BillingMode'?"), std::string::npos);
}

}  // namespace
}  // namespace tandem
