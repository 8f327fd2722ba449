// Which object a resource is, by what its document says.
#include "tandem/schema/identity.h"

#include <gtest/gtest.h>

#include "tests/support/compile_case.h"

namespace tandem {
namespace {

std::shared_ptr<const Kind> KindOf(const std::string& group, const std::string& kind) {
  return testing_support::ShippedCatalog().Find({group, kind});
}

TEST(LivesIn, ByWhatAnImmutableMemberRefersTo) {
  const auto group = KindOf("ec2.aws", "SecurityGroup");
  const Map home = HomeOf(*group, Map{{"GroupName", "web"}, {"VpcId", "vpc-1"}});
  EXPECT_EQ(home, (Map{{"VpcId", "vpc-1"}}));
  EXPECT_TRUE(LivesIn(*group, home, Map{{"VpcId", "vpc-1"}}));
  EXPECT_FALSE(LivesIn(*group, home, Map{{"VpcId", "vpc-2"}}));
  EXPECT_TRUE(LivesIn(*group, home, Map{})) << "what is not shown says nothing";
  EXPECT_TRUE(LivesIn(*group, {}, Map{{"VpcId", "vpc-2"}}));
  const Map nowhere{{"VpcId", Value(Unknown{Type::kString, "ec2.aws/VPC/main.VpcId"})}};
  EXPECT_FALSE(LivesIn(*group, nowhere, Map{})) << "its network is yet to come";
}

TEST(HomeKinds, AreTheParentAndWhatTellsNamesApart) {
  const auto names = [](const std::string& group, const std::string& kind) {
    std::string text;
    for (const KindName& name : HomeKinds(*KindOf(group, kind))) text += name.ToString() + " ";
    return text;
  };
  EXPECT_EQ(names("ec2.aws", "SecurityGroup"), "ec2.aws/VPC ");
  EXPECT_EQ(names("route53.aws", "RecordSet"), "route53.aws/HostedZone ");
  EXPECT_EQ(names("route53.aws", "HostedZone"), "");
  EXPECT_EQ(names("ec2.aws", "Subnet"), "") << "its identity is the API's, and it has no name";
}

TEST(IdentityFields, AreThoseByWhichTheModelTellsTheObject) {
  using Fields = std::vector<std::string>;
  EXPECT_EQ(IdentityFields(*KindOf("ec2.aws", "SecurityGroup")), (Fields{"GroupName", "VpcId"}));
  EXPECT_EQ(IdentityFields(*KindOf("iam.aws", "Policy")), (Fields{"PolicyName"}));
  EXPECT_EQ(IdentityFields(*KindOf("logs.aws", "LogGroup")), (Fields{"logGroupName"}));
  EXPECT_EQ(IdentityFields(*KindOf("route53.aws", "HostedZone")), Fields());
}

TEST(ExpectedIdentity, IsKnownOnceItsMembersAre) {
  const auto record = KindOf("route53.aws", "RecordSet");
  const Address address("route53.aws", "RecordSet", "", "www", "");
  const Map spec{{"HostedZoneId", "${ref('x').Id}"}, {"Name", "www.shop.example."}, {"Type", "A"}};
  EXPECT_TRUE(NamedByExpression(*record, spec));
  EXPECT_EQ(ExpectedIdentity(*record, address, "", spec), "");
  Map known = spec;
  known["HostedZoneId"] = "Z1";
  EXPECT_EQ(ExpectedIdentity(*record, address, "", known), "Z1/www.shop.example/A/");
}

}  // namespace
}  // namespace tandem
