// tests/golden/plan/CASE/: case.json (tests/support/plan_case.h) and what a person sees of it, as
// text and as markdown. TANDEM_ACCEPT=1 rewrites the expected files and marks the test skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/plan_case.h"

namespace tandem {
namespace {

namespace fs = std::filesystem;

fs::path Folder() { return fs::path(TANDEM_SOURCE_DIR) / "tests/golden/plan"; }

std::vector<std::string> Cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(Folder()))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class PlanGolden : public testing::TestWithParam<std::string> {
 protected:
  void Compare(const fs::path& path, const std::string& actual) {
    if (std::getenv("TANDEM_ACCEPT") != nullptr) {
      std::ofstream(path) << actual;
      accepted_ = true;
      return;
    }
    EXPECT_EQ(ReadFile(path), actual) << path;
  }
  bool accepted_ = false;
};

TEST_P(PlanGolden, ShowsWhatIsExpected) {
  const fs::path folder = Folder() / GetParam();
  testing_support::PlanCase built(ReadFile(folder / "case.json"));
  const PlanResult result = BuildPlan(built.input());
  if (!result.plan) {
    Compare(folder / "refused.txt", FormatDiagnostics(result.problems));
  } else {
    Compare(folder / "plan.txt", PlanToText(*result.plan, {}));
    Compare(folder / "plan.md", PlanToMarkdown(*result.plan));
    Compare(folder / "plan.json", ToPrettyJson(PlanToValue(*result.plan)) + "\n");
  }
  EXPECT_EQ(fs::exists(folder / "refused.txt"), !result.plan) << "no file of another outcome";
  if (accepted_) GTEST_SKIP() << "rewritten";
}

INSTANTIATE_TEST_SUITE_P(Cases, PlanGolden, testing::ValuesIn(Cases()),
                         [](const testing::TestParamInfo<std::string>& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace tandem
