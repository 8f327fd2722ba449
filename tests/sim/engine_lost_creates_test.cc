// R9 on the kinds as they are shipped: the reply to each create is lost, and each object is made once.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

constexpr char kSchemas[] = TANDEM_SOURCE_DIR "/schemas";

std::string Account() {
  return "apiVersion: tandem/v1\nkind: Platform\nmetadata: {name: shop}\nspec: {activeSite: aws, sites: "
         "{aws: {}}}\n---\napiVersion: tandem/v1\nkind: Account\nmetadata: {name: main}\nspec: {provider: "
         "aws, site: aws, region: us-east-1, accountId: \"111122223333\"}\n---\n";
}

std::string Document(const std::string& group, const std::string& kind, const std::string& spec) {
  return "apiVersion: " + group + "/v1\nkind: " + kind + "\nmetadata: {name: x}\nspec: " + spec +
         "\n---\n";
}

struct LostCase {
  const char* name;
  std::string document;
};

class LostCreates : public ::testing::TestWithParam<LostCase> {};

TEST_P(LostCreates, R9_IsFoundAgainByWhatItsListShows) {
  EngineRig rig({}, std::move(*OpenCatalog(kSchemas)));
  int lost = 0;
  rig.provider->lose = [&](const ApplyRequest& request) {
    return request.call == "create" && lost++ == 0;
  };
  const PlanAnswer plan = rig.Plan(EngineRig::Request(Account() + GetParam().document, false));
  ASSERT_NE(plan.plan, nullptr) << plan.message;
  const StartAnswer started = rig.Start(plan.plan->hash);
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 1 done");
  EXPECT_GE(lost, 1);
  EXPECT_EQ(rig.Effects("create"), 1);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, LostCreates,
    ::testing::Values(
        LostCase{"Vpc", Document("ec2.aws", "VPC", "{CidrBlock: 10.0.0.0/16}")},
        LostCase{"Policy", Document("iam.aws", "Policy",
                                "{PolicyName: read, PolicyDocument: '{\"Statement\": []}'}")},
        LostCase{"Role", Document("iam.aws", "Role", "{AssumeRolePolicyDocument: '{\"Statement\": []}'}")},
        LostCase{"HostedZone", Document("route53.aws", "HostedZone", "{Name: shop.example}")},
        LostCase{"HealthCheck", Document("route53.aws", "HealthCheck",
                                     "{HealthCheckConfig: {Type: TCP, IPAddress: 203.0.113.1, Port: 443}}")},
        LostCase{"LogGroup", Document("logs.aws", "LogGroup", "{logGroupName: /a}")},
        LostCase{"Table", Document("dynamodb.aws", "Table",
                               "{BillingMode: PAY_PER_REQUEST, AttributeDefinitions: [{AttributeName: id, "
                               "AttributeType: S}], KeySchema: [{AttributeName: id, KeyType: HASH}]}")}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tandem::testing
