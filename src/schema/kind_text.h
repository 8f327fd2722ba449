// A kind file as text: its YAML, the places in it, and whether its keys are the ones that
// docs/kind-files.md lists. What the keys mean together with an API description is proven in
// lint.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/config/parse.h"
#include "tandem/model/address.h"
#include "tandem/model/source.h"
#include "tandem/schema/kind.h"

namespace tandem {

struct KindText {
  KindName name;
  YamlTree tree;
  std::vector<FieldRule> rules;  // of `fields`, in the order of paths

  const Value& body() const { return tree.value; }
  /// An error at the value of `path`, or at its key.
  void Error(Diagnostics& found, const std::string& path, std::string summary,
             std::string detail = "", bool at_key = false) const;
};

/// Checks keys, types of values and words. Nullopt when `found` got errors.
std::optional<KindText> ReadKindText(const std::shared_ptr<const SourceText>& source,
                                     Diagnostics& found);

/// "group.provider/Kind.Field" → the kind and the field.
std::optional<std::pair<KindName, std::string>> ParseKindRef(std::string_view text);

}  // namespace tandem
