// Renames that change something as well (R13, R4).
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

std::string NetworkOf(const std::string& name, const std::string& annotations, const std::string& spec) {
  return "apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: " + name + ", annotations: {" +
         annotations + "}}\nspec: {CidrBlock: 10.0.0.0/16" + spec + "}\n";
}

TEST(EngineMove, R4_WhatTheModelNamesNoMoreGoesWithTheRename) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(NetworkOf("old", "", ", Note: one")), "succeeded: 1 done");
  const std::string renamed = NetworkOf("new", "tandem/moved-from: net.sim/Network/old", "");
  const PlanAnswer plan = rig.Plan(renamed);
  ASSERT_EQ(EngineRig::Steps(plan), "moved net.sim/Network/new");
  ASSERT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
  EXPECT_EQ(rig.cloud->Objects().back().fields().Unpack().StringOr("Note", ""), "");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(renamed)), "");
}

// R11: with and without "@account" is one address, so one resource is shown, whichever form the document has by now.
TEST(EngineMove, R11_TheOtherFormOfAnAddressIsNoSecondResource) {
  EngineRig rig;
  const std::string named = Role("a", "one", "tandem/account: main");
  const auto shown = [&] {
    std::string addresses;
    for (const auto& page : rig.engine->snapshot()->pages)
      for (const auto& view : *page) addresses += view->address.str() + " ";
    return addresses;
  };
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  const PlanAnswer plan = rig.Plan(named);
  rig.Pass(std::chrono::minutes(15));
  EXPECT_EQ(shown(), "iam.sim/Role/a ") << "a plan changes nothing";
  EXPECT_EQ(rig.Wait(rig.Start(plan.plan->hash).run), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(15));
  EXPECT_EQ(shown(), "iam.sim/Role/a@main ");
  EXPECT_NE(rig.engine->snapshot()->Find("iam.sim/Role/a"), nullptr);
  EXPECT_NE(rig.engine->snapshot()->Find("iam.sim/Role/a@main"), nullptr);
  EXPECT_EQ(rig.engine->snapshot()->Find("iam.sim/Role/a@other"), nullptr);
  PlanRequest request = EngineRig::Request(Role("a", "two", "tandem/account: main") + Role("b", "two"));
  request.targets = {"iam.sim/Role/a"};
  EXPECT_EQ(EngineRig::Steps(rig.Plan(std::move(request))), "update iam.sim/Role/a@main");
  EXPECT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(15));
  EXPECT_EQ(shown(), "iam.sim/Role/a ");
}

// What has its name from the document's spec keeps it when the document is called otherwise: making it and deleting it
// in one plan would lose it.
TEST(EngineMove, R13_ARenameThatWasNotSaidIsRefused) {
  EngineRig rig({}, std::move(*OpenCatalog(TANDEM_SOURCE_DIR "/schemas")));
  const auto model = [](const std::string& name, const std::string& annotations) {
    return "apiVersion: tandem/v1\nkind: Platform\nmetadata: {name: shop}\nspec: {activeSite: aws, sites: {aws: {}}}\n"
           "---\napiVersion: tandem/v1\nkind: Account\nmetadata: {name: main}\nspec: {provider: aws, site: aws, region: "
           "us-east-1, accountId: \"111122223333\"}\n---\napiVersion: route53.aws/v1\nkind: HostedZone\nmetadata: "
           "{name: shop}\nspec: {Name: shop.example}\n---\n"
           "apiVersion: route53.aws/v1\nkind: RecordSet\nmetadata: {name: " + name + ", annotations: {" + annotations +
           "}}\nspec: {HostedZoneId: '${ref(\"route53.aws/HostedZone/shop\").Id}', Name: www.shop.example, Type: A, TTL: "
           "60, ResourceRecords: [{Value: 192.0.2.1}]}\n---\n"
           "apiVersion: logs.aws/v1\nkind: LogGroup\nmetadata: {name: " + name + ", annotations: {" + annotations +
           "}}\nspec: {logGroupName: /shop/web}\n---\n";
  };
  const auto plan_of = [&](const std::string& text) { return rig.Plan(EngineRig::Request(text, false)); };
  const PlanAnswer first = plan_of(model("www", ""));
  ASSERT_NE(first.plan, nullptr) << first.message;
  ASSERT_EQ(rig.Wait(rig.Start(first.plan->hash).run), "succeeded: 3 done");
  const PlanAnswer renamed = plan_of(model("web", ""));
  EXPECT_EQ(renamed.plan, nullptr) << EngineRig::Steps(renamed);
  for (const char* kind : {"route53.aws/RecordSet", "logs.aws/LogGroup"})
    EXPECT_NE(renamed.message.find("deleted as " + std::string(kind) + "/www and made as " + kind + "/web"),
              std::string::npos)
        << renamed.message;
}

}  // namespace
}  // namespace tandem::testing
