// The example platform on the real kind files: applied, then nothing left to do (promise 6).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

std::vector<std::shared_ptr<const SourceText>> ReadExample() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::string(TANDEM_SOURCE_DIR) + "/examples/storefront"))
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::shared_ptr<const SourceText>> sources;
  for (const std::string& path : paths) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    sources.push_back(std::make_shared<SourceText>(SourceText{path, text.str()}));
  }
  return sources;
}

TEST(Storefront, AppliedOnceThenNoChanges) {
  Result<std::unique_ptr<Catalog>> catalog = OpenCatalog(std::string(TANDEM_SOURCE_DIR) + "/schemas");
  ASSERT_TRUE(catalog.ok()) << catalog.status().ToString();
  EngineRig rig({}, std::move(*catalog));
  PlanRequest request;
  request.sources = ReadExample();
  request.actor = "uid:1";
  const PlanAnswer plan = rig.Plan(request);
  ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message << FormatDiagnostics(plan.diagnostics);
  StartAnswer started = rig.Start(plan.plan->hash);
  if (started.pending) started = rig.Approve(plan.plan->hash, "uid:2");
  ASSERT_FALSE(started.run.empty()) << started.message;
  const std::string outcome = rig.Wait(started.run, std::chrono::hours(12));
  EXPECT_EQ(outcome.substr(0, 10), "succeeded:") << outcome << "\n" << rig.Events("StepFailed")
                                                 << rig.Events("StepVoid");
  EXPECT_EQ(rig.Events("NotConverged"), "");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(request)), "");
  EXPECT_EQ(rig.Effects("create"), static_cast<int>(plan.plan->counts.create));
  for (const std::string& address : [&] {
         std::vector<std::string> open;
         for (const auto& [key, row] : rig.Rows(started.run))
           if (row.state != StepState::kVerified) open.push_back(key + ": " + row.error);
         return open;
       }())
    ADD_FAILURE() << address;
}

}  // namespace
}  // namespace tandem::testing
