// Models written in a test, and the shipped catalog, for tests of what Compile makes of them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tandem/compile/compile.h"

namespace tandem::testing_support {

/// schemas/ of the source tree, opened once a program.
inline const Catalog& ShippedCatalog() {
  static const std::unique_ptr<Catalog> catalog = [] {
    auto opened = OpenCatalog(std::string(TANDEM_SOURCE_DIR) + "/schemas");
    return opened.ok() ? *std::move(opened) : nullptr;
  }();
  return *catalog;
}

inline std::string ReadWhole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

using Sources = std::vector<std::shared_ptr<const SourceText>>;

/// The *.yaml files under `folder` by path, each named by its path from there.
inline Sources SourcesUnder(const std::filesystem::path& folder) {
  Sources sources;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().extension() == ".yaml")
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths)
    sources.push_back(std::make_shared<const SourceText>(
        SourceText{path.lexically_relative(folder).string(), ReadWhole(path)}));
  return sources;
}

struct Compiled {
  std::shared_ptr<const CompiledModel> model;
  Diagnostics found;
  /// What a person is shown.
  std::string Shown() {
    found.Sort();
    return FormatDiagnostics(found);
  }
  std::vector<std::string> Summaries() const {
    std::vector<std::string> summaries;
    for (const Diagnostic& item : found.items()) summaries.push_back(item.summary);
    return summaries;
  }
};

inline Compiled CompileSources(const Sources& sources, const CompileOptions& options = {}) {
  Compiled compiled;
  compiled.model = Compile(sources, ShippedCatalog(), options, compiled.found);
  compiled.found.Append(ShippedCatalog().problems());
  return compiled;
}

inline Compiled CompileText(std::string text, const CompileOptions& options = {}) {
  return CompileSources(
      {std::make_shared<const SourceText>(SourceText{"model.yaml", std::move(text)})}, options);
}

}  // namespace tandem::testing_support
