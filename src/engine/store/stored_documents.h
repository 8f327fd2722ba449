// The documents of a revision or of a waiting plan: written into the store, and read back.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/context.h"
#include "tandem/model/source.h"

namespace tandem {

using Sources = std::vector<std::shared_ptr<const SourceText>>;

/// A revision's documents as the store has them.
struct StoredModel {
  Sources sources;
  std::vector<std::string> digests;  // of `sources`, one each
};

/// The rows of those of `model`'s documents that the accepted model does not share, which has its own in the
/// store. `digests` gets all that `model` has, in order: what ReadDocuments is asked for.
std::vector<RowChange> DocumentRows(const Memory& memory, const CompiledModel& model,
                                    std::vector<std::string>* digests);

/// The texts under `digests`, in their order, each with the place that it had in its file. kNotFound or
/// kDataLoss names the document that is missing or damaged. `done` runs in a turn, or at once.
void ReadDocuments(Context* context, std::vector<std::string> digests,
                   std::function<void(Result<Sources>)> done);

}  // namespace tandem
