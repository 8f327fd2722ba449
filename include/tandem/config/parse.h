// YAML text → Documents, with the place of every path.
//
// A byte pass (SplitDocuments) checks size, encoding and control characters and splits at `---` and
// `...` lines. A DocumentText is the unit of hashing, and texts may be parsed on several threads at
// once: every function here is pure. Scalars follow the YAML 1.2 core schema; duplicate keys, keys
// that are no strings, merge keys, local tags, NaN, infinities and integers outside int64 are
// errors. Aliases are expanded within bounds. Whatever is wrong is a Diagnostic with its place;
// nothing throws.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/model/document.h"
#include "tandem/model/source.h"
#include "tandem/model/value.h"

namespace tandem {

struct ParseLimits {
  size_t document_bytes = 1 << 20;
  size_t scalar_bytes = 1 << 20;
  size_t documents = 200'000;  // in one text
  int depth = 100;             // maps and lists within one another
  int aliases = 100;           // in one document
  size_t expanded = 100'000;   // values that all aliases of one document may stand for
};

/// One document's text, not yet parsed: the unit of hashing and of parsing in parallel. Its
/// separators are outside, so the same text has the same digest wherever it stands.
struct DocumentText {
  std::shared_ptr<const SourceText> source;
  size_t begin = 0;  // offsets in source
  size_t end = 0;
  std::string digest;  // SHA-256 of its bytes, in hexadecimal

  std::string_view text() const {
    return std::string_view(source->text).substr(begin, end - begin);
  }
};

/// The documents of a text in order, those of only blanks and comments left out. A document that
/// breaks a limit or holds bytes that are no text is reported and left out.
std::vector<DocumentText> SplitDocuments(const std::shared_ptr<const SourceText>& source,
                                         const ParseLimits& limits, Diagnostics& found);

/// Any YAML, without the members that a Document must have: kind files, the daemon's settings.
struct YamlTree {
  Value value;
  std::shared_ptr<const SourceText> source;
  size_t begin = 0;
  size_t end = 0;
  PositionTable positions;

  /// As Document::RangeOf.
  SourceRange RangeOf(std::string_view path, bool of_key = false) const;
};

/// Nullopt on errors (then `found` has some) and for a text without a value.
std::optional<YamlTree> ParseYaml(const DocumentText& text, const ParseLimits& limits,
                                  Diagnostics& found);
/// The same for a text that must hold exactly one document.
std::optional<YamlTree> ParseYaml(const std::shared_ptr<const SourceText>& source,
                                  const ParseLimits& limits, Diagnostics& found);

/// A map with apiVersion, kind and metadata.name. Nullopt on errors, and for a text without a
/// value. Documents of tandem's and the providers' groups may have no other members than
/// apiVersion, kind, metadata (name, namespace, labels, annotations) and spec; native Kubernetes
/// documents may.
std::optional<Document> ParseDocument(const DocumentText& text, const ParseLimits& limits,
                                      Diagnostics& found);

/// Lets go of the tree and the places of a document that ParseDocument made, which weigh several times what its text
/// does; they are made anew when somebody asks.
void PutToRest(Document& document);

/// Splits and parses, in order; documents with errors are left out.
std::vector<Document> ParseText(const std::shared_ptr<const SourceText>& source,
                                const ParseLimits& limits, Diagnostics& found);

}  // namespace tandem
