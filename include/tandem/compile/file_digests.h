// What tells whether a file of a model is another than it was, without its text.
//
// The digest of a file is the SHA-256, in hexadecimal, of one line for each of its documents in order: where
// it begins (1-based line), a blank, the SHA-256 of its bytes in hexadecimal, a line feed. Separators, and
// what has only blanks and comments, are outside; so files that are made again from stored documents have
// the digests of those that were sent.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tandem/compile/compile.h"

namespace tandem {

struct FileDigest {
  std::string name;
  std::string digest;
  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};

/// Of the files that `model` has documents of, in source order.
std::vector<FileDigest> DigestFiles(const CompiledModel& model);

/// How `sources` differ from the files `accepted`, as a plan over those says it (docs/plan.md). Nullopt when the
/// plan of that would not be the one of `sources`: files are in another order or named twice, or a new
/// one stands before an old one.
std::optional<ModelChanges> ChangesSince(const std::vector<FileDigest>& accepted,
                                         const std::vector<std::shared_ptr<const SourceText>>& sources);

}  // namespace tandem
