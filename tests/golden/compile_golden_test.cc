// tests/golden/diagnostics/CASE/: a model with something wrong in it, and expected.txt, word for
// word what `tandem validate -f` says of it. TANDEM_ACCEPT=1 rewrites expected.txt and marks the
// test skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/support/compile_case.h"

namespace tandem {
namespace {

namespace fs = std::filesystem;

fs::path Folder() { return fs::path(TANDEM_SOURCE_DIR) / "tests/golden/diagnostics"; }

std::vector<std::string> Cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(Folder()))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

class DiagnosticsGolden : public testing::TestWithParam<std::string> {};

TEST_P(DiagnosticsGolden, SaysWhatIsWrongAndWhere) {
  const fs::path folder = Folder() / GetParam();
  const auto sources = testing_support::SourcesUnder(folder);
  ASSERT_FALSE(sources.empty()) << "no *.yaml in " << folder;
  auto compiled = testing_support::CompileSources(sources);
  const std::string shown = compiled.Shown();
  EXPECT_EQ(compiled.found.has_errors(), compiled.model == nullptr);
  EXPECT_FALSE(shown.empty()) << "nothing is wrong with this model";

  // The same, whatever the number of threads: here each chunk of work in the other order.
  CompileOptions backwards;
  backwards.parallel = [](size_t count, const std::function<void(size_t)>& work) {
    while (count > 0) work(--count);
  };
  EXPECT_EQ(testing_support::CompileSources(sources, backwards).Shown(), shown);

  if (std::getenv("TANDEM_ACCEPT") != nullptr) {
    std::ofstream(folder / "expected.txt") << shown;
    GTEST_SKIP() << "rewritten";
  }
  EXPECT_EQ(shown, testing_support::ReadWhole(folder / "expected.txt")) << folder;
}

INSTANTIATE_TEST_SUITE_P(Cases, DiagnosticsGolden, testing::ValuesIn(Cases()),
                         [](const testing::TestParamInfo<std::string>& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace tandem
