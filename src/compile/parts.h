// What a compile of everything and one of what changed have in common.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "tandem/compile/compile.h"

namespace tandem {

/// `known` as it stands at another place, its parse reused.
std::shared_ptr<const Document> MoveTo(const std::shared_ptr<const Document>& known,
                                       const DocumentText& text);

/// Puts it to rest, unless it is one of tandem's own: those are few, and read by many.
void Rest(Document& document);

/// `work(i)` for each i < count, a chunk of neighbours on one thread: most take microseconds.
template <typename Work>
void ForEachChunk(const ParallelFor& parallel, size_t count, const Work& work, size_t size = 64) {
  const auto chunk = [&](size_t number) {
    const size_t end = std::min(count, (number + 1) * size);
    for (size_t i = number * size; i < end; ++i) work(i);
  };
  const size_t chunks = (count + size - 1) / size;
  if (parallel) {
    parallel(chunks, chunk);
  } else {
    for (size_t number = 0; number < chunks; ++number) chunk(number);
  }
}

/// A model's digest, of CompiledModel::digests.
std::string DigestOfAll(const std::string& digests);

/// The model that `known` becomes by `changes`, by looking at the changed documents alone; everything
/// else is shared. Null pointer where that cannot be told from them: anything is wrong, an address goes,
/// documents of tandem itself or under for-each are among them, and so on.
std::shared_ptr<const CompiledModel> CompileFew(const CompiledModel& known,
                                                const ModelChanges& changes, const Catalog& catalog,
                                                const CompileOptions& options);

}  // namespace tandem
