#include "tandem/compile/file_digests.h"

#include <map>
#include <string_view>
#include <utility>

#include "tandem/base/hash.h"

namespace tandem {
namespace {

void AddLine(int64_t line, const std::string& digest, std::string* lines) {
  *lines += std::to_string(line) + " " + digest + "\n";
}

// "" for a text without a document; nullopt for one with a document that is none: that has to be said.
std::optional<std::string> DigestOf(const std::shared_ptr<const SourceText>& source) {
  Diagnostics found;
  LineCount count;
  std::string lines;
  for (const DocumentText& text : SplitDocuments(source, ParseLimits(), found))
    AddLine(count.At(*source, text.begin), text.digest, &lines);
  if (!found.empty()) return std::nullopt;
  return lines.empty() ? "" : Hex(Sha256(lines));
}

}  // namespace

std::vector<FileDigest> DigestFiles(const CompiledModel& model) {
  std::vector<FileDigest> files;
  std::map<std::string_view, size_t> places;
  LineCount count;
  for (const auto& document : model.documents) {
    const SourceText& source = *document->source;
    const auto [place, fresh] = places.emplace(source.name, files.size());
    if (fresh) files.push_back({source.name, ""});
    const std::string_view text = source.text;
    AddLine(count.At(source, document->begin),
            Hex(Sha256(text.substr(document->begin, document->end - document->begin))),
            &files[place->second].digest);
  }
  for (FileDigest& file : files) file.digest = Hex(Sha256(file.digest));
  return files;
}

std::optional<ModelChanges> ChangesSince(
    const std::vector<FileDigest>& accepted,
    const std::vector<std::shared_ptr<const SourceText>>& sources) {
  std::map<std::string_view, size_t> places;
  for (const FileDigest& file : accepted) places.emplace(file.name, places.size());
  std::vector<bool> there(accepted.size(), false);
  ModelChanges changes;
  size_t next = 0;  // in `accepted`
  for (const auto& source : sources) {
    const std::optional<std::string> digest = DigestOf(source);
    if (digest == "" && places.count(source->name) == 0) continue;  // no part of any model
    const auto [place, fresh] = places.emplace(source->name, accepted.size());
    if (place->second < next || (!fresh && place->second == accepted.size())) return std::nullopt;
    next = fresh ? accepted.size() : place->second + 1;
    if (!fresh) there[place->second] = true;
    if (fresh || digest != accepted[place->second].digest) changes.files.push_back(source);
  }
  for (size_t i = 0; i < accepted.size(); ++i)
    if (!there[i]) changes.removed.push_back(accepted[i].name);
  return changes;
}

}  // namespace tandem
