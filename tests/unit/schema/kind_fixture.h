// Shipped kinds and documents for them, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tandem/config/parse.h"
#include "tandem/schema/kind.h"

namespace tandem {

inline const Catalog& ShippedCatalog() {
  static const std::unique_ptr<Catalog> catalog =
      std::move(OpenCatalog(TANDEM_SOURCE_DIR "/schemas")).value();
  return *catalog;
}

inline std::shared_ptr<const Kind> Shipped(const std::string& group, const std::string& kind) {
  auto found = ShippedCatalog().Find({group, kind});
  EXPECT_NE(found, nullptr) << group << "/" << kind;
  return found;
}

inline Document DocumentOf(const std::string& yaml) {
  Diagnostics found;
  auto source = std::make_shared<SourceText>(SourceText{"doc.yaml", yaml});
  std::vector<Document> documents = ParseText(source, ParseLimits(), found);
  EXPECT_EQ(FormatDiagnostics(found), "");
  return documents.empty() ? Document() : documents[0];
}

/// A spec written as YAML in flow or block style.
inline Value ValueOf(const std::string& yaml) {
  Diagnostics found;
  auto source = std::make_shared<SourceText>(SourceText{"value.yaml", yaml});
  auto tree = ParseYaml(source, ParseLimits(), found);
  EXPECT_EQ(FormatDiagnostics(found), "");
  return tree ? tree->value : Value();
}

}  // namespace tandem
