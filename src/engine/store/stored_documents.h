// The documents of a revision or of a waiting plan, read back from the store.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/context.h"
#include "tandem/model/source.h"

namespace tandem {

using Sources = std::vector<std::shared_ptr<const SourceText>>;

/// The texts under `digests`, in their order, each with the place that it had in its file. kNotFound or
/// kDataLoss names the document that is missing or damaged. `done` runs in a turn, or at once.
void ReadDocuments(Context* context, std::vector<std::string> digests,
                   std::function<void(Result<Sources>)> done);

}  // namespace tandem
