// Requests of create calls and of calls that carry fields, over the tree's own kind files.
#include "providers/aws/kinds/fields.h"

#include <gtest/gtest.h>

#include "tests/providers_aws/kinds_world.h"

namespace tandem::aws {
namespace {

Variables With(const Kind& kind, const std::string& identity, const std::string& desired,
               const std::string& observed, const std::string& recorded) {
  Variables variables;
  variables.identity = identity;
  if (!identity.empty()) variables.identity_parts = *IdentityParts(kind, identity);
  variables.texts["token"] = "token-1";
  variables.values["spec"] = Json(desired);
  variables.values["observed"] = Json(observed);
  variables.values["recorded"] = Json(recorded);
  return variables;
}

TEST(CreateCallTest, TagsAndMarkGoAlongInEc2sForm) {
  const auto kind = FindKind("ec2.aws/VPC");
  const Value tags = Json(R"([{"Key":"tandem:address","Value":"x"}])");
  const auto call = CreateCall(
      *kind, *ApiOf(*kind),
      With(*kind, "", R"({"CidrBlock":"10.0.0.0/16","EnableDnsHostnames":true,"Tags":[]})", "{}",
           "{}"),
      tags);
  ASSERT_TRUE(call.ok());
  EXPECT_EQ(ToCanonicalJson(call->params),
            R"({"CidrBlock":"10.0.0.0/16","TagSpecifications":[{"ResourceType":"vpc",)"
            R"("Tags":[{"Key":"tandem:address","Value":"x"}]}]})");
}

TEST(CreateCallTest, MembersGoWhereTheFileSays) {
  const auto kind = FindKind("route53.aws/RecordSet");
  const auto call = CreateCall(
      *kind, *ApiOf(*kind),
      With(*kind, "", R"({"HostedZoneId":"Z1","Name":"a.b","Type":"A","TTL":5,
                          "ResourceRecords":[{"Value":"1.2.3.4"}]})",
           "{}", "{}"),
      Value());
  ASSERT_TRUE(call.ok());
  EXPECT_EQ(ToCanonicalJson(call->params),
            R"({"ChangeBatch":{"Changes":[{"Action":"CREATE","ResourceRecordSet":{"Name":"a.b",)"
            R"("ResourceRecords":[{"Value":"1.2.3.4"}],"TTL":5,"Type":"A"}}]},"HostedZoneId":"Z1"})");
}

TEST(CreateCallTest, AValueThatLooksLikeAVariableIsNone) {
  const auto kind = FindKind("iam.aws/Role");
  const auto call =
      CreateCall(*kind, *ApiOf(*kind),
                 With(*kind, "", R"({"RoleName":"r","Description":"$spec.RoleName $$"})", "{}", "{}"),
                 Value());
  ASSERT_TRUE(call.ok());
  EXPECT_EQ(call->params.StringOr("Description", ""), "$spec.RoleName $$");
}

struct FieldsCase {
  std::string name;
  std::string kind;
  std::string call;
  std::string identity;
  std::string desired;
  std::string observed;
  std::string recorded;
  std::vector<std::string> changed;
  std::string want;  // "Operation {params}", "" for no call, or a failure's message
};

class FieldsTest : public ::testing::TestWithParam<FieldsCase> {};

TEST_P(FieldsTest, FieldsCall) {
  const FieldsCase& c = GetParam();
  const auto kind = FindKind(c.kind);
  const auto rule = FindCall(*kind, c.call);
  ASSERT_TRUE(rule.has_value());
  const auto call =
      FieldsCall(*kind, *ApiOf(*kind), rule->body,
                 With(*kind, c.identity, c.desired, c.observed, c.recorded), c.changed);
  std::string got;
  if (!call.ok())
    got = call.status().message();
  else if (call->has_value())
    got = std::string((*call)->operation->name) + " " + ToCanonicalJson((*call)->params);
  EXPECT_EQ(got, c.want);
}

INSTANTIATE_TEST_SUITE_P(
    All, FieldsTest,
    ::testing::Values(
        FieldsCase{"wrapped", "ec2.aws/VPC", "update:attributes.EnableDnsSupport", "vpc-1",
                   R"({"EnableDnsSupport":false})", "{}", "{}", {"EnableDnsSupport"},
                   R"(ModifyVpcAttribute {"EnableDnsSupport":{"Value":false},"VpcId":"vpc-1"})"},
        FieldsCase{"given_up_has_a_value", "ec2.aws/VPC", "update:attributes.EnableDnsSupport",
                   "vpc-1", "{}", "{}", R"({"EnableDnsSupport":false})", {"EnableDnsSupport"},
                   R"(ModifyVpcAttribute {"EnableDnsSupport":{"Value":true},"VpcId":"vpc-1"})"},
        FieldsCase{"released_needs_no_call", "eks.aws/Nodegroup", "update:config", "c/n", "{}",
                   R"({"scalingConfig":{"minSize":1}})", R"({"scalingConfig":{"minSize":1}})",
                   {"scalingConfig"}, ""},
        FieldsCase{"only_what_changed", "eks.aws/Nodegroup", "update:config", "c/n",
                   R"({"scalingConfig":{"minSize":2},"updateConfig":{"maxUnavailable":1}})", "{}",
                   "{}", {"scalingConfig.minSize"},
                   R"(UpdateNodegroupConfig {"clientRequestToken":"token-1","clusterName":"c",)"
                   R"("nodegroupName":"n","scalingConfig":{"minSize":2}})"},
        // The whole object is written again: what is there stays, what was given up goes (R4).
        FieldsCase{"whole", "route53.aws/RecordSet", "update:record", "Z1/a%2Fb/A/",
                   R"({"TTL":30,"ResourceRecords":[{"Value":"1.1.1.1"}]})",
                   R"({"TTL":60,"ResourceRecords":[{"Value":"2.2.2.2"}],"HealthCheckId":"h",
                       "Weight":1})",
                   R"({"TTL":60,"HealthCheckId":"h"})", {"TTL", "HealthCheckId"},
                   R"(ChangeResourceRecordSets {"ChangeBatch":{"Changes":[{"Action":"UPSERT",)"
                   R"("ResourceRecordSet":{"Name":"a/b","ResourceRecords":[{"Value":"1.1.1.1"}],)"
                   R"("TTL":30,"Type":"A","Weight":1}}]},"HostedZoneId":"Z1"})"},
        FieldsCase{"all_that_the_call_carries", "dynamodb.aws/Table", "update:capacity", "t",
                   R"({"BillingMode":"PROVISIONED","ProvisionedThroughput":
                       {"ReadCapacityUnits":1,"WriteCapacityUnits":2}})",
                   "{}", "{}", {"BillingMode"},
                   R"(UpdateTable {"BillingMode":"PROVISIONED","ProvisionedThroughput":)"
                   R"({"ReadCapacityUnits":1,"WriteCapacityUnits":2},"TableName":"t"})"},
        FieldsCase{"spread_with_precondition", "route53.aws/HealthCheck", "update:config", "h",
                   R"({"HealthCheckConfig":{"Type":"HTTP","Port":81}})",
                   R"({"HealthCheckConfig":{"Type":"HTTP","Port":80},"HealthCheckVersion":7})",
                   "{}", {"HealthCheckConfig.Port"},
                   R"(UpdateHealthCheck {"HealthCheckId":"h","HealthCheckVersion":7,"Port":81})"},
        FieldsCase{"reset_by_name", "route53.aws/HealthCheck", "update:config", "h",
                   R"({"HealthCheckConfig":{"Type":"HTTP"}})",
                   R"({"HealthCheckVersion":7})",
                   R"({"HealthCheckConfig":{"Type":"HTTP","ResourcePath":"/x"}})",
                   {"HealthCheckConfig.ResourcePath"},
                   R"(UpdateHealthCheck {"HealthCheckId":"h","HealthCheckVersion":7,)"
                   R"("ResetElements":["ResourcePath"]})"},
        FieldsCase{"another_call_instead", "logs.aws/LogGroup", "update:retention", "/g", "{}",
                   R"({"retentionInDays":7})", R"({"retentionInDays":7})", {"retentionInDays"},
                   R"(DeleteRetentionPolicy {"logGroupName":"/g"})"},
        FieldsCase{"instead_uses_what_is_there", "dynamodb.aws/Table", "update:ttl", "t", "{}",
                   R"({"TimeToLiveSpecification":{"AttributeName":"e","Enabled":true}})",
                   R"({"TimeToLiveSpecification":{"AttributeName":"e","Enabled":true}})",
                   {"TimeToLiveSpecification"},
                   R"(UpdateTimeToLive {"TableName":"t","TimeToLiveSpecification":)"
                   R"({"AttributeName":"e","Enabled":false}})"},
        FieldsCase{"given_up_inside_a_field", "eks.aws/Nodegroup", "update:config", "c/n",
                   R"({"scalingConfig":{"minSize":2}})", "{}",
                   R"({"scalingConfig":{"minSize":2,"maxSize":4}})", {"scalingConfig.maxSize"},
                   R"(UpdateNodegroupConfig {"clientRequestToken":"token-1","clusterName":"c",)"
                   R"("nodegroupName":"n","scalingConfig":{"minSize":2}})"},
        FieldsCase{"placed_by_the_template", "iam.aws/Role", "update:trust", "r",
                   R"({"AssumeRolePolicyDocument":"{}"})", "{}", "{}",
                   {"AssumeRolePolicyDocument"},
                   R"(UpdateAssumeRolePolicy {"PolicyDocument":"{}","RoleName":"r"})"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tandem::aws
