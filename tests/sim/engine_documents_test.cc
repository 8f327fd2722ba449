// How the store keeps the documents of models: in pages that models share.
#include <gtest/gtest.h>

#include <string>

#include "tandem/codec/json.h"
#include "tandem/state/keys.h"
#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

int Pages(EngineRig& rig) {
  int count = 0;
  for (const Row& row : rig.store.Rows()) count += row.key.starts_with("document-page/");
  return count;
}

/// As a store was before there were pages: each revision lists the digests of all of its documents.
void WithoutPages(EngineRig& rig) {
  std::map<std::string, Value> pages;
  std::vector<Row> rows;
  for (const Row& row : rig.store.Rows())
    if (row.key.starts_with("document-page/")) pages[row.key] = *ParseJson(row.value);
  for (Row row : rig.store.Rows()) {
    if (pages.count(row.key) > 0) continue;
    if (row.key.starts_with("revision-chunk/")) {
      List digests;
      const Value chunk = *ParseJson(row.value);
      for (const Value& page : chunk.Find("pages")->as_list())
        for (const Value& digest : pages.at(DocumentPageKey(page.as_string())).as_list()) digests.push_back(digest);
      row.value = ToCanonicalJson(Value(std::move(digests)));
    }
    rows.push_back(std::move(row));
  }
  rig.engine.reset();
  rig.store.Restore(rows);
  rig.Boot();
}

TEST(EngineDocuments, AChangeOfOneDocumentStoresOnePage) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Roles(1500, "one")), "succeeded: 1500 done");
  const int before = Pages(rig);
  EXPECT_GT(before, 2);
  ASSERT_EQ(rig.Apply(Roles(1500, "two")), "succeeded: 1 done");
  EXPECT_LE(Pages(rig) - before, 2);
  rig.Boot();
  ASSERT_TRUE(rig.start_status.ok()) << rig.start_status.ToString();
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Roles(1500, "two"))), "");
}

/// A plan that carries the one changed file of many, and was made by deciding what that reaches alone.
PlanAnswer SmallPlan(EngineRig& rig, const std::string& over, const std::string& policy) {
  const auto few = [&] {
    rig.Settle();
    for (const Engine::Metric& metric : rig.engine->Metrics())
      if (metric.name == "tandem_plans_of_few_total") return metric.value;
    return 0.0;
  };
  PlanAnswer plan;
  // The first may be the one that tells what is at rest.
  for (const double before = few(); few() == before;) {
    PlanRequest request;
    request.actor = "uid:1";
    request.refresh = false;
    request.over = over;
    request.sources = {std::make_shared<SourceText>(SourceText{"r0.yaml", Role("r0", policy)})};
    plan = rig.Plan(std::move(request));
    if (plan.plan == nullptr) break;
  }
  return plan;
}

TEST(EngineDocuments, ASmallPlanStoresWhatItChanged) {
  constexpr int kMany = 30;
  EngineRig rig;
  const auto whole = [](const std::string& policy) {
    PlanRequest request = EngineRig::Request("");
    for (int i = 0; i < kMany; ++i) {
      const std::string name = "r" + std::to_string(i);
      request.sources.push_back(
          std::make_shared<SourceText>(SourceText{name + ".yaml", Role(name, i == 0 ? policy : "one")}));
    }
    return request;
  };
  const PlanAnswer first = rig.Plan(whole("one"));
  ASSERT_NE(first.plan, nullptr) << first.message;
  ASSERT_EQ(rig.Wait(rig.Start(first.plan->hash).run), "succeeded: 30 done");
  const PlanAnswer second = SmallPlan(rig, first.plan->proposed_digest, "two");
  ASSERT_NE(second.plan, nullptr) << second.message;
  ASSERT_EQ(rig.Wait(rig.Start(second.plan->hash).run), "succeeded: 1 done");
  rig.Boot();
  ASSERT_TRUE(rig.start_status.ok()) << rig.start_status.ToString();
  EXPECT_EQ(EngineRig::Steps(rig.Plan(whole("two"))), "");
  // One that waits for its approval has its own before it is accepted.
  const PlanAnswer third = SmallPlan(rig, second.plan->proposed_digest, "three");
  ASSERT_NE(third.plan, nullptr) << third.message;
  ASSERT_TRUE(rig.Start(third.plan->hash, false).pending);
  rig.Boot();
  ASSERT_TRUE(rig.start_status.ok()) << rig.start_status.ToString();
  EXPECT_EQ(rig.Wait(rig.Approve(third.plan->hash, "uid:2").run), "succeeded: 1 done");
  rig.Boot();
  EXPECT_EQ(EngineRig::Steps(rig.Plan(whole("three"))), "");
}

TEST(EngineDocuments, AStoreWithoutPagesIsReadAndGetsThem) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Roles(600, "one")), "succeeded: 600 done");
  ASSERT_EQ(rig.Apply(Roles(600, "two")), "succeeded: 1 done");
  WithoutPages(rig);
  ASSERT_TRUE(rig.start_status.ok()) << rig.start_status.ToString();
  EXPECT_EQ(Pages(rig), 0);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Roles(600, "two"))), "");
  PlanRequest undo;
  undo.undo_to = 1;
  undo.actor = "uid:1";
  EXPECT_EQ(EngineRig::Steps(rig.Plan(undo)), "update iam.sim/Role/r0");
  // All pages, not only the one that changed: what the accepted model has was in none.
  ASSERT_EQ(rig.Apply(Roles(600, "three")), "succeeded: 1 done");
  rig.Boot();
  ASSERT_TRUE(rig.start_status.ok()) << rig.start_status.ToString();
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Roles(600, "three"))), "");
}

TEST(EngineDocuments, APageThatIsMissingIsNamed) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Roles(10, "one")), "succeeded: 10 done");
  std::vector<Row> rows;
  for (const Row& row : rig.store.Rows())
    if (!row.key.starts_with("document-page/")) rows.push_back(row);
  rig.engine.reset();
  rig.store.Restore(rows);
  rig.Boot();
  EXPECT_EQ(rig.start_status.code(), Code::kDataLoss);
  EXPECT_NE(rig.start_status.message().find("document-page/"), std::string::npos) << rig.start_status.ToString();
}

}  // namespace
}  // namespace tandem::testing
