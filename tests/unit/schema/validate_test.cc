// What is wrong with a document, said at the right place.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "schema/file_kind.h"
#include "tests/unit/schema/kind_fixture.h"

namespace tandem {
namespace {

struct Case {
  const char* name;
  const char* group;
  const char* kind;
  const char* spec;  // as flow YAML; starts in column 7 of line 4
  const char* says;  // "" when nothing is wrong
  int column = 0;    // of the first finding; 0: not looked at
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

const Case kCases[] = {
    {"right", "ec2.aws", "VPC", "{CidrBlock: 10.0.0.0/16}", ""},
    {"unknown_member", "ec2.aws", "VPC", "{CidrBlok: 10.0.0.0/16, Ipv4IpamPoolId: p}",
     "unknown member 'CidrBlok'\n  --> doc.yaml:4:8", 8},
    {"did_you_mean", "ec2.aws", "VPC", "{CidrBlok: 10.0.0.0/16, Ipv4IpamPoolId: p}",
     "did you mean 'CidrBlock'?"},
    {"tag_specifications", "ec2.aws", "VPC", "{CidrBlock: 10.0.0.0/16, TagSpecifications: []}",
     "unknown member 'TagSpecifications'"},
    {"dry_run_is_not_ours", "ec2.aws", "VPC", "{CidrBlock: 10.0.0.0/16, DryRun: true}",
     "unknown member 'DryRun'"},
    {"computed", "ec2.aws", "VPC", "{CidrBlock: 10.0.0.0/16, VpcId: vpc-1}",
     "'VpcId' is set by the server", 32},
    {"R17_number_for_string", "eks.aws", "Cluster",
     "{version: 1.33, roleArn: r, resourcesVpcConfig: {subnetIds: [s]}}",
     "must be a string, not double", 17},
    {"R17_quote_it", "eks.aws", "Cluster",
     "{version: 1.33, roleArn: r, resourcesVpcConfig: {subnetIds: [s]}}", "quote it"},
    {"string_for_number", "logs.aws", "LogGroup", "{retentionInDays: \"30\"}",
     "must be a whole number, not string", 25},
    {"string_for_bool", "ec2.aws", "VPC", "{CidrBlock: 10.0.0.0/16, EnableDnsSupport: \"yes\"}",
     "must be true or false, not string"},
    {"fraction", "logs.aws", "LogGroup", "{retentionInDays: 30.5}", "must be a whole number"},
    {"integral_double", "logs.aws", "LogGroup", "{retentionInDays: 30.0}", ""},
    {"map_for_list", "ec2.aws", "VPC", "{CidrBlock: 10.0.0.0/16, Tags: {Name: x}}",
     "must be a list, not map"},
    {"required", "ec2.aws", "Subnet", "{CidrBlock: 10.0.0.0/16}",
     "required member 'VpcId' is missing", 1},
    {"required_of_list_entry", "iam.aws", "Role",
     "{AssumeRolePolicyDocument: \"{}\", Tags: [{Key: a}]}", "required member 'Value' is missing"},
    {"required_by_the_file", "dynamodb.aws", "Table",
     "{AttributeDefinitions: [{AttributeName: a, AttributeType: S}]}",
     "required member 'KeySchema' is missing"},
    {"name_field_is_filled", "eks.aws", "Cluster",
     "{roleArn: r, resourcesVpcConfig: {subnetIds: [s]}}", ""},
    {"enum", "dynamodb.aws", "Table",
     "{BillingMode: PAY_PER_REQEST, KeySchema: [{AttributeName: a, KeyType: HASH}], "
     "AttributeDefinitions: [{AttributeName: a, AttributeType: S}]}",
     "did you mean 'PAY_PER_REQUEST'?"},
    {"enum_far_off", "ec2.aws", "VPC", "{CidrBlock: 10.0.0.0/16, InstanceTenancy: mine}",
     "allowed are default, dedicated, host"},
    {"maximum", "iam.aws", "Role", "{AssumeRolePolicyDocument: \"{}\", MaxSessionDuration: 99999}",
     "value 99999 is above the maximum of 43200"},
    {"minimum", "iam.aws", "Role", "{AssumeRolePolicyDocument: \"{}\", MaxSessionDuration: 10}",
     "value 10 is below the minimum of 3600"},
    {"length", "route53.aws", "HealthCheck",
     "{HealthCheckConfig: {Type: HTTP, Regions: [us-east-1]}}", "number of entries 1 is below"},
    {"cidr", "ec2.aws", "VPC", "{CidrBlock: 10.0.0.0}", "'10.0.0.0' is no address range"},
    {"cidr_bits", "ec2.aws", "VPC", "{CidrBlock: 10.0.0.0/33}", "is no address range"},
    {"json", "iam.aws", "Role", "{AssumeRolePolicyDocument: \"{\"}", "must be JSON text"},
    {"keyed_twice", "ec2.aws", "VPC",
     "{CidrBlock: 10.0.0.0/16, Tags: [{Key: a, Value: b}, {Key: a, Value: c}]}",
     "another entry has the same Key"},
    {"exactly_one_none", "ec2.aws", "VPC", "{EnableDnsSupport: true}",
     "one of CidrBlock, Ipv4IpamPoolId is required"},
    {"exactly_one_both", "ec2.aws", "VPC", "{CidrBlock: 10.0.0.0/16, Ipv4IpamPoolId: p}",
     "only one of CidrBlock, Ipv4IpamPoolId may be given"},
    {"needs", "route53.aws", "RecordSet",
     "{HostedZoneId: Z, Name: a.example, Type: A, ResourceRecords: [{Value: 1.2.3.4}]}",
     "'ResourceRecords' needs 'TTL'"},
    {"refuses", "route53.aws", "RecordSet",
     "{HostedZoneId: Z, Name: a.example, Type: A, TTL: 1, AliasTarget: {HostedZoneId: Z, DNSName: "
     "b, EvaluateTargetHealth: true}}",
     "'TTL' cannot be given with 'AliasTarget'"},
    {"needs_when_value", "route53.aws", "HealthCheck", "{HealthCheckConfig: {Type: CALCULATED}}",
     "'HealthCheckConfig.Type' CALCULATED needs 'HealthCheckConfig.ChildHealthChecks'"},
    {"refused_value", "route53.aws", "RecordSet",
     "{HostedZoneId: Z, Name: a.example, Type: SOA, TTL: 1, ResourceRecords: [{Value: x}]}",
     "'SOA' is not taken here"},
    {"null_is_absent", "ec2.aws", "VPC", "{CidrBlock: 10.0.0.0/16, EnableDnsSupport: null}", ""},
    {"spec_is_a_list", "ec2.aws", "VPC", "[1]", "must be a map, not list"},
    {"nested_unknown", "eks.aws", "Cluster",
     "{roleArn: r, resourcesVpcConfig: {subnetIds: [s], subnetID: [t]}}",
     "did you mean 'subnetIds'?", 57},
};

class Validating : public testing::TestWithParam<Case> {};

TEST_P(Validating, Says) {
  const Case& c = GetParam();
  const Document document =
      DocumentOf(std::string("apiVersion: ") + c.group + "/v1\nkind: " + c.kind +
                 "\nmetadata: {name: thing}\nspec: " + c.spec + "\n");
  Diagnostics found;
  Shipped(c.group, c.kind)->Validate(document, *document.body.Find("spec"), found);
  found.Sort();
  const std::string said = FormatDiagnostics(found);
  if (*c.says == '\0') {
    EXPECT_EQ(said, "");
    return;
  }
  EXPECT_NE(said.find(c.says), std::string::npos) << said;
  if (c.column == 0) return;
  ASSERT_FALSE(found.empty());
  const SourceRange& range = found.items()[0].range;
  EXPECT_EQ(PositionAt(*range.text, range.begin).line, 4);
  EXPECT_EQ(PositionAt(*range.text, range.begin).column, c.column) << said;
}

INSTANTIATE_TEST_SUITE_P(Spec, Validating, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Validate, UnknownsPassWhereTheirTypeFits) {
  const auto kind = Shipped("ec2.aws", "Subnet");
  const Document document =
      DocumentOf("apiVersion: ec2.aws/v1\nkind: Subnet\nmetadata: {name: a}\nspec: {VpcId: x}\n");
  Value spec = Map{{"VpcId", Unknown{Type::kString, "ec2.aws/VPC/main.VpcId"}},
                   {"CidrBlock", Unknown{Type::kAny, "x"}}};
  Diagnostics found;
  kind->Validate(document, spec, found);
  EXPECT_EQ(FormatDiagnostics(found), "");
  spec.Set("VpcId", Unknown{Type::kList, "x"});
  kind->Validate(document, spec, found);
  EXPECT_NE(FormatDiagnostics(found).find("must be a string, not list"), std::string::npos);
}

TEST(Validate, R11ExternalNameAndNameFieldMustAgree) {
  const Document document = DocumentOf(
      "apiVersion: logs.aws/v1\nkind: LogGroup\n"
      "metadata: {name: a, annotations: {tandem/external-name: /x}}\nspec: {logGroupName: /y}\n");
  Diagnostics found;
  Shipped("logs.aws", "LogGroup")->Validate(document, *document.body.Find("spec"), found);
  EXPECT_NE(FormatDiagnostics(found).find("tandem/external-name differ"), std::string::npos);
}

TEST(Validate, R11TheNameThatFillsTheNameFieldIsChecked) {
  const std::string name(70, 'r');
  const Document document =
      DocumentOf("apiVersion: iam.aws/v1\nkind: Role\nmetadata: {name: " + name +
                 "}\nspec: {AssumeRolePolicyDocument: \"{}\"}\n");
  Diagnostics found;
  Shipped("iam.aws", "Role")->Validate(document, *document.body.Find("spec"), found);
  const std::string said = FormatDiagnostics(found);
  EXPECT_NE(said.find("length 70 is above the maximum of 64"), std::string::npos) << said;
  EXPECT_NE(said.find("doc.yaml:3:"), std::string::npos) << said;
}

// No shipped kind has a secret yet, so this one is made of a shipped file.
std::shared_ptr<const FileKind> WithSecretDescription() {
  const auto read = [](const std::string& path) {
    std::ifstream in(std::string(TANDEM_SOURCE_DIR "/schemas/") + path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  };
  std::string text = read("kinds/aws/iam.aws/Role.yaml");
  const std::string before = "Description: {class: safe,";
  text.replace(text.find(before), before.size(), "Description: {secret: true, class: safe,");
  Diagnostics found;
  auto kind_text = ReadKindText(std::make_shared<SourceText>(SourceText{"k", text}), found);
  return FileKind::Make(std::move(*kind_text), *ApiModel::Load(read("apis/aws/iam.json")), "d",
                        found);
}

TEST(Validate, R15LiteralSecretIsAnErrorAndItsExcerptIsMasked) {
  const auto kind = WithSecretDescription();
  const Document document = DocumentOf(
      "apiVersion: iam.aws/v1\nkind: Role\nmetadata: {name: a}\n"
      "spec: {AssumeRolePolicyDocument: \"{}\", Description: hunter2, Pathh: /}\n");
  Diagnostics found;
  kind->Validate(document, *document.body.Find("spec"), found);
  const std::string said = FormatDiagnostics(found);
  EXPECT_NE(said.find("a secret must not be written out"), std::string::npos) << said;
  EXPECT_NE(said.find("unknown member 'Pathh'"), std::string::npos) << said;
  EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
  EXPECT_NE(said.find("*******"), std::string::npos) << said;
}

TEST(Validate, R15SensitivePassesAtSecretAndStringPathsOnly) {
  const auto kind = WithSecretDescription();
  Document document;
  document.name = "a";
  Sensitive secret;
  secret.parts.push_back({true, "env:X"});
  Diagnostics found;
  kind->Validate(document, Map{{"AssumeRolePolicyDocument", secret}, {"Description", secret}},
                 found);
  EXPECT_EQ(FormatDiagnostics(found), "");
  kind->Validate(document, Map{{"AssumeRolePolicyDocument", "{}"}, {"MaxSessionDuration", secret}},
                 found);
  EXPECT_NE(FormatDiagnostics(found).find("a secret cannot be given here"), std::string::npos);
}

}  // namespace
}  // namespace tandem
