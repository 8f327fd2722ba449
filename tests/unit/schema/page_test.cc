// docs/kinds holds what KindPage makes. TANDEM_ACCEPT=1 rewrites the pages and marks the test
// skipped.
#include "tandem/schema/page.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/schema/kind_fixture.h"

namespace tandem {
namespace {

namespace fs = std::filesystem;

TEST(KindPages, AreAsTheirKindsSay) {
  const bool accept = std::getenv("TANDEM_ACCEPT") != nullptr;
  const fs::path folder = TANDEM_SOURCE_DIR "/docs/kinds";
  std::string index =
      "# Kinds\n\nMade from the kind files; see [kind files](../kind-files.md).\n\n";
  for (const KindName& name : ShippedCatalog().kinds()) {
    const std::shared_ptr<const Kind> kind = ShippedCatalog().Find(name);
    ASSERT_NE(kind, nullptr) << name.ToString();
    index += "- [" + name.ToString() + "](" + name.group + "/" + name.kind + ".md)\n";
  }
  const auto check = [&](const fs::path& path, const std::string& page) {
    if (accept) {
      fs::create_directories(path.parent_path());
      std::ofstream(path, std::ios::binary) << page;
      return;
    }
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    EXPECT_EQ(text.str(), page) << path << ": run with TANDEM_ACCEPT=1 to rewrite it";
  };
  check(folder / "README.md", index);
  for (const KindName& name : ShippedCatalog().kinds())
    check(folder / name.group / (name.kind + ".md"), KindPage(*ShippedCatalog().Find(name)));
  if (accept) GTEST_SKIP() << "pages rewritten";
}

}  // namespace
}  // namespace tandem
