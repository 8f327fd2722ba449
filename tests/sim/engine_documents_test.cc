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
