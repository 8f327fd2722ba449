// Templates, identities and answers, as providers and the sandbox use them.
#include "tandem/schema/calls.h"

#include <gtest/gtest.h>

#include "tandem/codec/json.h"
#include "tests/unit/schema/kind_fixture.h"

namespace tandem {
namespace {

TEST(FindCall, ByName) {
  const auto vpc = Shipped("ec2.aws", "VPC");
  EXPECT_EQ(FindCall(*vpc, "create")->body.StringOr("call", ""), "CreateVpc");
  EXPECT_EQ(FindCall(*vpc, "delete")->body.StringOr("call", ""), "DeleteVpc");
  EXPECT_EQ(FindCall(*vpc, "mark")->body.StringOr("call", ""), "CreateTags");
  EXPECT_EQ(FindCall(*vpc, "update:attributes.EnableDnsSupport")->fields[0], "EnableDnsSupport");
  EXPECT_EQ(FindCall(*vpc, "update:tags")->body.At("add.call")->as_string(), "CreateTags");
  EXPECT_EQ(FindCall(*vpc, "update:nothing"), std::nullopt);
  EXPECT_EQ(FindCall(*Shipped("route53.aws", "RecordSet"), "mark"), std::nullopt);
}

TEST(Tags, R12WhereTheMarkGoes) {
  EXPECT_TRUE(MarksAtCreate(*Shipped("ec2.aws", "SecurityGroup")));
  EXPECT_TRUE(MarksAtCreate(*Shipped("eks.aws", "Cluster")));
  EXPECT_FALSE(MarksAtCreate(*Shipped("route53.aws", "HostedZone")));
  EXPECT_FALSE(MarksAtCreate(*Shipped("route53.aws", "RecordSet")));
  EXPECT_EQ(TagsOf(*Shipped("ec2.aws", "SecurityGroup")).StringOr("resource", ""),
            "security-group");
  EXPECT_EQ(TagsOf(*Shipped("ec2.aws", "VPC")).StringOr("resource", ""), "vpc");
  EXPECT_TRUE(TagsOf(*Shipped("route53.aws", "RecordSet")).is_null());
}

TEST(FillTemplate, KeepsTypesAndLeavesOut) {
  const Value request = ValueOf(
      "{A: $id, B: [$spec.Gone], C: {D: $spec.Gone}, E: $$literal, F: $spec.Size, G: [], H: true}");
  const Value filled =
      FillTemplate(request, nullptr, [](const Variable& v) -> std::optional<Value> {
        if (v.name == "id") return Value("x");
        if (v.path == "Size") return Value(3);
        return std::nullopt;
      });
  EXPECT_EQ(ToCanonicalJson(filled), R"({"A":"x","E":"$literal","F":3,"G":[],"H":true})");
}

struct Identity {
  const char* name;
  const char* group;
  const char* kind;
  const char* fields;
  const char* identity;
};

TEST(Identity, OfFieldsAndBack) {
  const Identity cases[] = {
      {"assigned", "ec2.aws", "VPC", "{VpcId: vpc-1}", "vpc-1"},
      {"named", "iam.aws", "Role", "{RoleName: r}", "r"},
      {"composed", "eks.aws", "Nodegroup", "{clusterName: c, nodegroupName: n}", "c/n"},
      {"canonical", "route53.aws", "RecordSet",
       "{HostedZoneId: Z, Name: '\\052.A.example.', Type: A}", "Z/*.a.example/A/"},
      {"escaped", "route53.aws", "RecordSet",
       "{HostedZoneId: Z, Name: 0/25.in-addr.arpa, Type: PTR, SetIdentifier: 50%}",
       "Z/0%2F25.in-addr.arpa/PTR/50%25"},
  };
  for (const Identity& c : cases) {
    const auto kind = Shipped(c.group, c.kind);
    const auto identity = IdentityOf(*kind, ValueOf(c.fields));
    ASSERT_TRUE(identity.ok()) << c.name << identity.status().ToString();
    EXPECT_EQ(*identity, c.identity) << c.name;
    const auto parts = IdentityParts(*kind, *identity);
    ASSERT_TRUE(parts.ok()) << c.name;
    if (!parts->empty()) {
      EXPECT_EQ(*IdentityOf(*kind, Value(*parts)), c.identity) << c.name;
    }
  }
  EXPECT_FALSE(IdentityOf(*Shipped("ec2.aws", "VPC"), ValueOf("{}")).ok());
  EXPECT_FALSE(IdentityParts(*Shipped("eks.aws", "Nodegroup"), "only-one").ok());
}

struct Answer {
  const char* name;
  const char* group;
  const char* kind;
  const char* answer;
  const char* path;
  const char* json;  // "" when it must not be there
};

TEST(FromAnswer, Rules) {
  const Answer cases[] = {
      {"url", "iam.aws", "Role", "{AssumeRolePolicyDocument: '%7B%22a%22%3A1%7D'}",
       "AssumeRolePolicyDocument", R"("{\"a\":1}")"},
      {"structure_becomes_text", "iam.aws", "Role",
       "{PermissionsBoundary: {PermissionsBoundaryArn: arn}}", "PermissionsBoundary", R"("arn")"},
      {"each_entry", "iam.aws", "Role",
       "{InlinePolicies: [{PolicyDocument: '%7B%7D', RoleName: r}]}",
       "InlinePolicies[0].PolicyDocument", R"("{}")"},
      {"drop", "iam.aws", "Role", "{InlinePolicies: [{PolicyDocument: '%7B%7D', RoleName: r}]}",
       "InlinePolicies[0].RoleName", ""},
      {"prefix", "route53.aws", "HostedZone", "{HostedZone: {Id: /hostedzone/Z1, Name: a.}}", "Id",
       R"("Z1")"},
      {"suffix", "logs.aws", "LogGroup", "{arn: 'arn:x:*'}", "logGroupArn", R"("arn:x")"},
      {"octal", "route53.aws", "RecordSet", "{Name: '\\052.a.example.'}", "Name",
       R"("*.a.example.")"},
      {"no_structure_out_of_nothing", "route53.aws", "RecordSet", "{Name: a}", "AliasTarget", ""},
      {"is", "dynamodb.aws", "Table", "{TimeToLiveSpecification: {TimeToLiveStatus: ENABLED}}",
       "TimeToLiveSpecification.Enabled", "true"},
      {"is_not", "dynamodb.aws", "Table", "{}", "SSESpecification.Enabled", "false"},
      {"absent", "dynamodb.aws", "Table", "{}", "BillingMode", R"("PROVISIONED")"},
      {"from", "dynamodb.aws", "Table", "{BillingModeSummary: {BillingMode: PAY_PER_REQUEST}}",
       "BillingMode", R"("PAY_PER_REQUEST")"},
      {"from_entry", "dynamodb.aws", "Table",
       "{Replicas: [{RegionName: r, ReplicaTableClassSummary: {TableClass: STANDARD}}]}",
       "Replicas[0].TableClassOverride", R"("STANDARD")"},
  };
  for (const Answer& c : cases) {
    const Value fields = FromAnswer(*Shipped(c.group, c.kind), ValueOf(c.answer));
    const Value* value = fields.At(c.path);
    EXPECT_EQ(value == nullptr ? "" : ToCanonicalJson(*value), c.json)
        << c.name << ": " << ToCanonicalJson(fields);
  }
}

}  // namespace
}  // namespace tandem
