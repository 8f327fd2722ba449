// The kinds and API descriptions of the tree, for tests of how the provider carries them out.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "providers/aws/kinds/apis.h"
#include "tandem/codec/json.h"
#include "tandem/schema/kind.h"

namespace tandem::aws {

inline std::string Schemas() { return std::string(TANDEM_SOURCE_DIR) + "/schemas"; }

inline const Catalog& TheCatalog() {
  static const std::unique_ptr<Catalog> catalog = std::move(OpenCatalog(Schemas())).value();
  return *catalog;
}

inline std::shared_ptr<const Kind> FindKind(const std::string& name) {
  const size_t slash = name.find('/');
  auto kind = TheCatalog().Find({name.substr(0, slash), name.substr(slash + 1)});
  TANDEM_CHECK(kind != nullptr);
  return kind;
}

inline std::shared_ptr<const ApiModel> ApiOf(const Kind& kind) {
  static Apis apis(Schemas());
  return *apis.Find(kind.body().At("api.service")->as_string());
}

inline Value Json(const std::string& text) { return std::move(ParseJson(text)).value(); }

}  // namespace tandem::aws
