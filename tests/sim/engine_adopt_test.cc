// Taking over what somebody else made (R12).
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

/// A role that nobody marked.
void MakeOutside(EngineRig& rig, const std::string& name, const std::string& policy) {
  rig.MakeOutside(name, policy);
  rig.Pass(std::chrono::minutes(1));
}

TEST(EngineAdopt, R12_WhatWasAdoptedIsRetainedUntilSaidOtherwise) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("first", "one")), "succeeded: 1 done");
  MakeOutside(rig, "old", "one");
  const std::string adopting = Role("first", "one") + Role("old", "one", "tandem/adopt: if-identical");
  ASSERT_EQ(rig.Apply(adopting), "succeeded: 1 done");
  // The next plan has no changes: that no policy is written does not mean "delete".
  const PlanAnswer again = rig.Plan(adopting);
  ASSERT_NE(again.plan, nullptr) << again.message;
  EXPECT_TRUE(again.plan->steps.empty());
  // Nor does it once the annotation has done its work.
  const PlanAnswer plain = rig.Plan(Role("first", "one") + Role("old", "one"));
  ASSERT_NE(plain.plan, nullptr) << plain.message;
  EXPECT_TRUE(plain.plan->steps.empty());
  // Said otherwise, it is a change of the record, and governance (R7).
  const PlanAnswer said =
      rig.Plan(Role("first", "one") + Role("old", "one", "tandem/deletion-policy: delete"));
  ASSERT_NE(said.plan, nullptr) << said.message;
  ASSERT_EQ(said.plan->steps.size(), 1u);
  EXPECT_EQ(said.plan->steps[0]->blast, BlastClass::kGovernance);
}

// A create whose reply was lost and whose run was cancelled leaves an object with our mark and no record.
TEST(EngineAdopt, WhatWeMadeOurselvesIsNotRetained) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("first", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(10));
  const std::vector<Row> before = rig.store.Rows();
  ASSERT_EQ(rig.Apply(Role("first", "one") + Role("ours", "one")), "succeeded: 1 done");
  rig.engine.reset();
  rig.store.Restore(before);
  rig.Boot();
  rig.Pass(std::chrono::minutes(5));
  const PlanAnswer plan = rig.Plan(Role("first", "one") + Role("ours", "one"));
  ASSERT_EQ(EngineRig::Steps(plan), "adopt iam.sim/Role/ours");
  ASSERT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Role("first", "one"))), "delete iam.sim/Role/ours");
}

constexpr char kSchemas[] = TANDEM_SOURCE_DIR "/schemas";

/// The shipped kinds, an account of them, a zone, and more in `rest`.
std::string Zone(const std::string& rest) {
  return "apiVersion: tandem/v1\nkind: Platform\nmetadata: {name: shop}\nspec: {activeSite: aws, sites: {aws: {}}, "
         "values: {path: /shop}}\n---\n"
         "apiVersion: tandem/v1\nkind: Account\nmetadata: {name: main}\nspec: {provider: aws, site: aws, region: "
         "us-east-1, accountId: \"111122223333\"}\n---\n"
         "apiVersion: route53.aws/v1\nkind: HostedZone\nmetadata: {name: shop}\nspec: {Name: shop.example}\n---\n" +
         rest;
}

/// A document that names its object by an expression.
std::string Record(const std::string& annotations = "") {
  return "apiVersion: route53.aws/v1\nkind: RecordSet\nmetadata: {name: www, annotations: {" + annotations +
         "}}\nspec: {HostedZoneId: '${ref(\"route53.aws/HostedZone/shop\").Id}', Name: www.shop.example, Type: A, "
         "TTL: 60, ResourceRecords: [{Value: 192.0.2.1}]}\n---\n";
}
std::string Logs(const std::string& annotations = "") {
  return "apiVersion: logs.aws/v1\nkind: LogGroup\nmetadata: {name: web, annotations: {" + annotations +
         "}}\nspec: {logGroupName: '${platform.values.path}/web'}\n---\n";
}

/// Made by somebody else, without a mark.
void Make(EngineRig& rig, const Address& address, const Map& desired) {
  ApplyRequest request;
  request.account = "main";
  request.address = address;
  request.kind = address.kind_name();
  request.call = "create";
  request.intent = "theirs";
  request.desired = Packed::From(desired);
  std::optional<ApplyAnswer> answer;
  rig.cloud->Apply(request, [&](ApplyAnswer given) { answer = std::move(given); });
  rig.Pass(std::chrono::minutes(1));
  ASSERT_TRUE(answer && answer->error.ok) << answer->error.message;
}

TEST(EngineAdopt, R12_WhatAnExpressionNamesIsFound) {
  EngineRig rig({}, std::move(*OpenCatalog(kSchemas)));
  const auto plan_of = [&](const std::string& model) { return rig.Plan(EngineRig::Request(model, false)); };
  const PlanAnswer zone = plan_of(Zone(""));
  ASSERT_NE(zone.plan, nullptr) << zone.message;
  ASSERT_EQ(rig.Wait(rig.Start(zone.plan->hash).run), "succeeded: 1 done");
  ASSERT_EQ(rig.cloud->Objects().size(), 1u);
  const std::string id = rig.cloud->Objects()[0].key.identity;
  Make(rig, {"route53.aws", "RecordSet", "", "theirs", ""},
       Map{{"HostedZoneId", id}, {"Name", "www.shop.example."}, {"Type", "A"}, {"TTL", 60},
           {"ResourceRecords", List{Map{{"Value", "192.0.2.1"}}}}});
  Make(rig, {"logs.aws", "LogGroup", "", "theirs", ""}, Map{{"logGroupName", "/shop/web"}});

  for (const std::string& document : {Record(), Logs()}) {
    const PlanAnswer refused = plan_of(Zone(document));
    EXPECT_EQ(refused.plan, nullptr) << EngineRig::Steps(refused);
    EXPECT_NE(refused.message.find("exists already and is not tandem's"), std::string::npos) << refused.message;
  }
  const std::string adopting =
      Zone(Record("tandem/adopt: if-identical") + Logs("tandem/adopt: if-identical"));
  const PlanAnswer plan = plan_of(adopting);
  ASSERT_EQ(EngineRig::Steps(plan), "adopt logs.aws/LogGroup/web; adopt route53.aws/RecordSet/www") << plan.message;
  EXPECT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 2 done");
  EXPECT_EQ(rig.Effects("create"), 3);  // the zone and the two that were there
  const PlanAnswer again = plan_of(adopting);
  ASSERT_NE(again.plan, nullptr) << again.message;
  EXPECT_TRUE(again.plan->steps.empty());
}

std::string Groups(const std::string& name) {
  return "apiVersion: ec2.aws/v1\nkind: VPC\nmetadata: {name: main}\nspec: {CidrBlock: 10.0.0.0/16}\n---\n"
         "apiVersion: ec2.aws/v1\nkind: SecurityGroup\nmetadata: {name: " + name + "}\nspec: {Description: web, VpcId: "
         "'${ref(\"ec2.aws/VPC/main\").VpcId}', GroupName: web}\n---\n";
}

// Names of security groups are told apart by their network.
TEST(EngineAdopt, R12_WhatHasTheNameAndLivesElsewhereIsAnother) {
  EngineRig rig({}, std::move(*OpenCatalog(kSchemas)));
  const auto plan_of = [&](const std::string& model) { return rig.Plan(EngineRig::Request(model, false)); };
  const auto identity_of = [&](const std::string& address) {
    for (const SimObject& object : rig.cloud->Objects())
      if (object.address == address) return object.key.identity;
    return std::string();
  };
  (void)plan_of(Zone(""));  // the account is open from then on
  Make(rig, {"ec2.aws", "VPC", "", "other", ""}, Map{{"CidrBlock", "10.9.0.0/16"}});
  Make(rig, {"ec2.aws", "SecurityGroup", "", "other", ""},
       Map{{"GroupName", "web"}, {"Description", "x"}, {"VpcId", identity_of("ec2.aws/VPC/other")}});
  const PlanAnswer both = plan_of(Zone(Groups("web")));  // neither network is ours yet
  ASSERT_EQ(EngineRig::Steps(both),
            "create ec2.aws/VPC/main; create route53.aws/HostedZone/shop; create ec2.aws/SecurityGroup/web");
  ASSERT_EQ(rig.Wait(rig.Start(both.plan->hash).run), "succeeded: 3 done");
  // One more of the name, where it is wanted.
  const PlanAnswer gone = plan_of(Zone(Groups("web").substr(0, Groups("web").find("---") + 4)));
  ASSERT_EQ(EngineRig::Steps(gone), "delete ec2.aws/SecurityGroup/web");
  ASSERT_EQ(rig.Wait(rig.Start(gone.plan->hash).run), "succeeded: 1 done");
  ASSERT_EQ(EngineRig::Steps(plan_of(Zone(Groups("front")))), "create ec2.aws/SecurityGroup/front");
  Make(rig, {"ec2.aws", "SecurityGroup", "", "theirs", ""},
       Map{{"GroupName", "web"}, {"Description", "x"}, {"VpcId", identity_of("ec2.aws/VPC/main")}});
  const PlanAnswer taken = plan_of(Zone(Groups("front")));
  EXPECT_NE(EngineRig::Steps(taken).find(identity_of("ec2.aws/SecurityGroup/theirs") + " exists already"),
            std::string::npos)
      << EngineRig::Steps(taken);
}

TEST(EngineAdopt, R12_WhichOfTwoOfOneNameIsMeantIsAsked) {
  EngineRig rig({}, std::move(*OpenCatalog(kSchemas)));
  const auto plan_of = [&](const std::string& model) { return rig.Plan(EngineRig::Request(model, false)); };
  (void)plan_of(Zone(""));  // the account is open from then on
  for (const char* by : {"first", "second"})
    Make(rig, {"route53.aws", "HostedZone", "", by, ""}, Map{{"Name", "shop.example."}});
  const PlanAnswer asked = plan_of(Zone(""));
  ASSERT_NE(asked.plan, nullptr) << asked.message;
  EXPECT_TRUE(asked.plan->steps.empty());
  EXPECT_EQ(asked.plan->unobserved, std::vector<std::string>{"route53.aws/HostedZone/shop"});
  ASSERT_EQ(asked.diagnostics.items().size(), 1u);
  EXPECT_NE(asked.diagnostics.items()[0].summary.find("2 objects have its name"), std::string::npos)
      << asked.diagnostics.items()[0].summary;
  std::string named = Zone("");
  const std::string name = "metadata: {name: shop}\nspec: {Name";
  named.replace(named.find(name), name.size(),
                "metadata: {name: shop, annotations: {tandem/adopt: if-identical, tandem/external-name: " +
                    rig.cloud->Objects()[1].key.identity + "}}\nspec: {Name");
  const PlanAnswer plan = plan_of(named);
  ASSERT_EQ(EngineRig::Steps(plan), "adopt route53.aws/HostedZone/shop") << FormatDiagnostics(plan.diagnostics);
  EXPECT_EQ(plan.plan->steps[0]->base.identity, rig.cloud->Objects()[1].key.identity);
}

}  // namespace
}  // namespace tandem::testing
