// Every kind file that is shipped, proven against its API description.
#include <gtest/gtest.h>

#include "tandem/schema/kind.h"
#include "tandem/schema/lint.h"

namespace tandem {
namespace {

TEST(ShippedKinds, AreTrueToTheirApiDescriptions) {
  auto catalog = OpenCatalog(TANDEM_SOURCE_DIR "/schemas");
  ASSERT_TRUE(catalog.ok()) << catalog.status().ToString();
  const Diagnostics found = LintKinds(**catalog);
  EXPECT_TRUE(found.empty()) << FormatDiagnostics(found);
  EXPECT_GE((*catalog)->kinds().size(), 12U);
  for (const KindName& name : (*catalog)->kinds())
    EXPECT_NE((*catalog)->Find(name), nullptr) << name.ToString();
}

}  // namespace
}  // namespace tandem
