// The documents of a revision or of a waiting plan: written into the store, and read back.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/context.h"
#include "engine/store/document_list.h"
#include "tandem/model/source.h"

namespace tandem {

using Sources = std::vector<std::shared_ptr<const SourceText>>;

/// A model's documents as the store has them: texts, each with the place that it had in its file.
struct StoredModel {
  Sources sources;
  std::shared_ptr<const DocumentList> documents;  // of `sources`, one each
};

/// The documents that `model` has, and in `rows` those of their rows and pages that the accepted model, which has
/// `stored` in the store, does not share. Both may be null pointers.
std::shared_ptr<const DocumentList> DocumentRows(const CompiledModel* accepted, const DocumentList* stored,
                                                 const CompiledModel& model, std::vector<RowChange>* rows);

/// `pages` as JSON, and what ReadModel is given of it.
Value PagesOf(const DocumentList& documents);

/// The documents of `pages`: what PagesOf gave. kNotFound or kDataLoss names what is missing or damaged. `done` runs in
/// a turn, or at once.
void ReadModel(Context* context, const Value& pages, std::function<void(Result<StoredModel>)> done);
/// The same, of the digests of all documents: how stores had them before there were pages.
void ReadModelOf(Context* context, const List& digests, std::function<void(Result<StoredModel>)> done);

}  // namespace tandem
