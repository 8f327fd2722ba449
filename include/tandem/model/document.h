// One YAML object of the model, with the place of every path in it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/model/address.h"
#include "tandem/model/source.h"
#include "tandem/model/value.h"

namespace tandem {

/// Where each path of a document is, as offsets from the document's start, so that unchanged text that
/// moved in its file is not parsed again. Keys are FormatPath texts; "" is the whole document.
struct PositionTable {
  struct Span {
    uint32_t key_begin = 0;  // of the key, or of the value for list items
    uint32_t key_end = 0;
    uint32_t value_begin = 0;
    uint32_t value_end = 0;
  };
  std::map<std::string, Span, std::less<>> spans;
};

struct Document {
  std::string api_version;  // as written
  std::string group;        // of api_version; "core" for a bare version
  std::string version;
  std::string kind;
  std::string name;  // metadata.name
  std::string ns;    // metadata.namespace, or ""
  std::map<std::string, std::string, std::less<>> labels;
  std::map<std::string, std::string, std::less<>> annotations;
  /// The whole object as written, expressions unevaluated.
  Value body;

  std::shared_ptr<const SourceText> source;
  size_t begin = 0;  // offset of this document in source
  size_t end = 0;
  std::shared_ptr<const PositionTable> positions;

  /// Without the account: that is chosen when the model is compiled.
  Address address() const { return {group, kind, ns, name, ""}; }
  KindName kind_name() const { return {group, kind}; }
  /// The value of `path` (its key when `of_key`), or of its nearest parent that has a place.
  SourceRange RangeOf(std::string_view path, bool of_key = false) const;
  std::string Annotation(std::string_view key) const;
};

}  // namespace tandem
