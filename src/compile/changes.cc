// A model's sources, with some of its files changed.
#include <fmt/format.h>

#include <set>

#include "compile/parts.h"
#include "tandem/base/check.h"
#include "tandem/compile/compile.h"

namespace tandem {

Result<std::vector<std::shared_ptr<const SourceText>>> SourcesWith(const CompiledModel& known,
                                                                   const ModelChanges& changes) {
  std::map<std::string_view, bool> gone;  // by name: whether it was there
  for (const std::string& name : changes.removed) gone.emplace(name, false);
  std::map<std::string_view, std::vector<std::shared_ptr<const SourceText>>> changed;
  for (const auto& file : changes.files) {
    if (gone.count(file->name) > 0)
      return InvalidArgument(fmt::format("'{}' is both changed and removed", file->name));
    changed[file->name].push_back(file);
  }
  std::vector<std::shared_ptr<const SourceText>> sources;
  std::set<const SourceText*> seen;
  for (const auto& document : known.documents) {
    if (!seen.insert(document->source.get()).second) continue;
    const std::string& name = document->source->name;
    if (const auto removed = gone.find(name); removed != gone.end()) {
      removed->second = true;
    } else if (const auto found = changed.find(name); found != changed.end()) {
      // In place of the first piece of that file; the others go with it.
      sources.insert(sources.end(), found->second.begin(), found->second.end());
      found->second.clear();
    } else {
      sources.push_back(document->source);
    }
  }
  for (const auto& [name, was_there] : gone)
    if (!was_there) return InvalidArgument(fmt::format("the accepted model has no file '{}'", name));
  for (const auto& file : changes.files)
    if (const auto left = changed.find(file->name); !left->second.empty()) {
      sources.insert(sources.end(), left->second.begin(), left->second.end());
      left->second.clear();
    }
  return sources;
}

std::shared_ptr<const CompiledModel> CompileChanges(const ModelChanges& changes, const Catalog& catalog,
                                                    const CompileOptions& options,
                                                    Diagnostics& found) {
  TANDEM_CHECK(options.known != nullptr);
  if (auto few = CompileFew(*options.known, changes, catalog, options)) return few;
  const auto sources = SourcesWith(*options.known, changes);
  if (!sources.ok()) {
    found.Error({}, sources.status().message());
    return nullptr;
  }
  return Compile(*sources, catalog, options, found);
}

}  // namespace tandem
