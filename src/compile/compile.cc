#include "tandem/compile/compile.h"

#include <fmt/format.h>

#include <algorithm>

#include "compile/excerpts.h"
#include "compile/names.h"
#include "compile/own_kinds.h"
#include "compile/parts.h"
#include "compile/resources.h"
#include "tandem/base/spelling.h"

namespace tandem {
namespace {

const std::vector<std::string> kOwnKinds = {"Platform", "Account", "Component", "Policy"};

struct Parsed {
  bool whole = true;                                       // false: some text gave no document
  std::vector<std::shared_ptr<const Document>> documents;  // in source order
  std::vector<std::shared_ptr<Document>> fresh;            // of them, those that were parsed now
  std::vector<DocumentText> unread;                        // texts that gave none
  std::map<std::string, std::shared_ptr<const Document>, std::less<>> by_digest;  // nothing was said of them
  std::string digests;  // sorted, a line each
};

/// `sources`, with those in place that `known` was made from where they are the same: documents of
/// both models then share everything.
std::vector<std::shared_ptr<const SourceText>> Shared(
    std::vector<std::shared_ptr<const SourceText>> sources, const CompiledModel& known) {
  std::map<std::string_view, const std::shared_ptr<const SourceText>*> by_name;
  for (const auto& document : known.documents)
    by_name.emplace(document->source->name, &document->source);
  for (auto& source : sources) {
    const auto same = by_name.find(source->name);
    if (same != by_name.end() && (*same->second)->first_line == source->first_line &&
        (*same->second)->text == source->text)
      source = *same->second;
  }
  return sources;
}

/// The documents of `sources`, in their order.
std::vector<DocumentText> Split(const std::vector<std::shared_ptr<const SourceText>>& sources,
                                const CompileOptions& options, Diagnostics& found) {
  std::vector<std::vector<DocumentText>> split(sources.size());
  std::vector<Diagnostics> each(sources.size());
  ForEachChunk(options.parallel, sources.size(), [&](size_t i) {
    split[i] = SplitDocuments(sources[i], options.limits, each[i]);
  }, 1);
  for (const Diagnostics& some : each) found.Append(some);
  std::vector<DocumentText> texts;
  for (std::vector<DocumentText>& some : split)
    texts.insert(texts.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  return texts;
}

/// Whether `known` has these documents and no others, each at its line of its file: also when it was made from them
/// one by one, as a store keeps them.
bool IsMadeOf(const CompiledModel& known, const std::vector<DocumentText>& texts) {
  if (texts.size() != known.documents.size()) return false;
  LineCount now, then;
  for (size_t i = 0; i < texts.size(); ++i) {
    const DocumentText& text = texts[i];
    const Document& document = *known.documents[i];
    const SourceText& source = *document.source;
    if (source.name != text.source->name ||
        std::string_view(source.text).substr(document.begin, document.end - document.begin) != text.text() ||
        then.At(source, document.begin) != now.At(*text.source, text.begin))
      return false;
  }
  return true;
}

Parsed ParseAll(std::vector<DocumentText> texts, const CompileOptions& options, Diagnostics& found) {
  std::vector<std::shared_ptr<const Document>> documents(texts.size());
  std::vector<std::shared_ptr<Document>> fresh(texts.size());
  std::vector<Diagnostics> each(texts.size());
  ForEachChunk(options.parallel, texts.size(), [&](size_t i) {
    if (options.known != nullptr) {
      const auto known = options.known->parsed.find(texts[i].digest);
      if (known != options.known->parsed.end()) {
        documents[i] = MoveTo(known->second, texts[i]);
        return;
      }
    }
    std::optional<Document> document = ParseDocument(texts[i], options.limits, each[i]);
    if (document.has_value()) documents[i] = fresh[i] = std::make_shared<Document>(*std::move(document));
  });

  Parsed parsed;
  std::vector<std::pair<std::string, size_t>> digests;  // and places in parsed.documents
  std::vector<bool> silent;
  for (size_t i = 0; i < texts.size(); ++i) {
    found.Append(each[i]);
    if (documents[i] == nullptr) {
      parsed.unread.push_back(std::move(texts[i]));
      continue;
    }
    digests.emplace_back(std::move(texts[i].digest), parsed.documents.size());
    silent.push_back(each[i].empty());
    if (fresh[i]) parsed.fresh.push_back(std::move(fresh[i]));
    parsed.documents.push_back(std::move(documents[i]));
  }
  parsed.whole = !found.has_errors();
  std::sort(digests.begin(), digests.end());
  for (auto& [digest, place] : digests) {
    (parsed.digests += digest) += '\n';
    if (silent[place])
      parsed.by_digest.emplace_hint(parsed.by_digest.end(), std::move(digest), parsed.documents[place]);
  }
  return parsed;
}

/// Own documents by kind, each address once; others are left for ReadResources.
void ReadOwn(const std::shared_ptr<const Document>& document, CompiledModel& model,
             std::map<std::string, std::shared_ptr<const Document>>& seen,
             std::vector<Policy>& policies, Diagnostics& found) {
  const std::string address = document->address().ToString();
  const auto [first, added] = seen.emplace(address, document);
  if (!added) {
    const SourceRange range = first->second->RangeOf("metadata.name");
    const Position place = PositionAt(*range.text, range.begin);
    found.Error(document->RangeOf("metadata.name"),
                fmt::format("two documents have the address {}", address),
                fmt::format("the other is at {}:{}:{}", range.text->name, place.line, place.column),
                address);
    return;
  }
  for (const auto& [key, value] : document->annotations)
    if (key.rfind("tandem/", 0) == 0)
      found.Error(document->RangeOf(JoinPath("metadata.annotations", key), true),
                  fmt::format("'{}' means nothing on a {}", key, document->kind),
                  "the annotations under tandem/ belong to resources; take it out", address);
  if (document->version != "v1")
    found.Error(document->RangeOf("apiVersion"),
                fmt::format("unknown version '{}'", document->version), "write tandem/v1", address);
  if (document->kind == "Account") {
    ReadAccount(document, model, found);
  } else if (document->kind == "Component") {
    ReadComponent(document, model, found);
  } else if (document->kind == "Policy") {
    policies.push_back(ReadPolicy(*document, found));
  } else if (document->kind != "Platform") {
    const std::string near = NearestWord(document->kind, kOwnKinds);
    found.Error(document->RangeOf("kind"),
                fmt::format("unknown kind '{}' in group tandem", document->kind),
                near.empty() ? fmt::format("one of: {}", fmt::join(kOwnKinds, ", "))
                             : fmt::format("did you mean '{}'?", near),
                address);
  }
}

std::shared_ptr<CompiledModel> CompileParsed(
    const std::vector<std::shared_ptr<const SourceText>>& sources, const Catalog& catalog,
    const CompileOptions& options, Parsed& parsed, Diagnostics& found) {
  auto model = std::make_shared<CompiledModel>();
  model->digest = DigestOfAll(parsed.digests);
  model->digests = std::move(parsed.digests);
  model->documents = parsed.documents;
  model->parsed.whole() = std::move(parsed.by_digest);
  for (const auto& document : model->documents)
    model->files.whole()[document->source->name].push_back(document);

  std::shared_ptr<const Document> platform;
  for (const auto& document : model->documents) {
    if (document->group != "tandem" || document->kind != "Platform") continue;
    if (platform == nullptr) {
      platform = document;
      ReadPlatform(document, *model, found);
    } else if (document->name != platform->name) {
      found.Error(document->RangeOf("metadata.name"),
                  fmt::format("a model has one Platform; the other is '{}'", platform->name),
                  "keep the models of two platforms apart");
    }
  }
  if (platform == nullptr) {
    if (parsed.whole) {
      SourceRange where;
      if (!sources.empty()) where = {sources[0], 0, 0};
      found.Error(where, "there is no Platform document in the input",
                  "-f names the whole model of one platform; add a document with\n"
                  "apiVersion: tandem/v1, kind: Platform");
    }
    return nullptr;
  }
  model->platform_name = PlatformName(*model);
  model->sites_name = SitesName(*model);

  std::map<std::string, std::shared_ptr<const Document>> seen;
  std::vector<Policy> policies;
  for (const auto& document : model->documents)
    if (document->group == "tandem") ReadOwn(document, *model, seen, policies, found);
  model->policies = PolicySet(std::move(policies));
  Unread unread;
  unread.texts = !parsed.whole;
  CheckDiagram(unread.texts, *model, found);
  CheckSelectors(unread.texts, *model, catalog, found);
  ReadResources(options.parallel, model->documents, catalog, *model, unread, found);
  found.Append(catalog.problems());  // of the kinds that were asked for
  CheckResources(options.parallel, unread, *model, found);
  if (found.has_errors()) return nullptr;
  return model;
}

}  // namespace

std::shared_ptr<const CompiledModel> Compile(
    const std::vector<std::shared_ptr<const SourceText>>& given, const Catalog& catalog,
    const CompileOptions& options, Diagnostics& found) {
  const auto sources = options.known != nullptr ? Shared(given, *options.known) : given;
  Diagnostics all;
  std::vector<DocumentText> texts = Split(sources, options, all);
  if (options.known != nullptr && all.empty() && IsMadeOf(*options.known, texts)) {
    found.Append(options.known->warnings);
    return options.known;
  }
  Parsed parsed = ParseAll(std::move(texts), options, all);
  std::shared_ptr<CompiledModel> model = CompileParsed(sources, catalog, options, parsed, all);
  found.Append(all.has_errors() ? HideSecrets(parsed.documents, parsed.unread, catalog, all) : all);
  if (found.has_errors()) return nullptr;
  model->warnings = std::move(all);
  if (options.rest) ForEachChunk(options.parallel, parsed.fresh.size(), [&](size_t i) { Rest(*parsed.fresh[i]); });
  return model;
}

}  // namespace tandem
