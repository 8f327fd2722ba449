#include "engine/store/stored_documents.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "tandem/codec/json.h"
#include "tandem/record/record.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {

constexpr size_t kFew = 64;     // are asked for one by one; many are found among all
constexpr size_t kPage = 1000;  // rows at a time

struct Reading {
  Context* context;
  std::map<std::string, std::vector<size_t>> wanted;  // key → places in `sources`
  Sources sources;
  std::function<void(Result<Sources>)> done;

  Status Take(const Row& row) {
    const auto found = wanted.find(row.key);
    if (found == wanted.end()) return OkStatus();
    Result<StoredDocument> document = FromRow<StoredDocument>(row.value);
    if (!document.ok()) return document.status().Annotate(row.key);
    const auto source = std::make_shared<const SourceText>(
        SourceText{std::move(document->file), std::move(document->text),
                   static_cast<int>(std::max<int64_t>(1, document->line))});
    for (const size_t place : found->second) sources[place] = source;
    wanted.erase(found);
    return OkStatus();
  }

  void Finish() {
    if (wanted.empty()) return done(std::move(sources));
    done(NotFound("it is not in the store").Annotate(wanted.begin()->first));
  }
};

void ReadPage(const std::shared_ptr<Reading>& reading, const std::string& after) {
  reading->context->ports.store->Scan(
      DocumentKey(""), after, kPage,
      reading->context->InTurn<Result<Page>>([reading](Result<Page> page) {
        if (!page.ok()) return reading->done(page.status().Annotate("reading documents"));
        for (const Row& row : page->rows)
          if (Status status = reading->Take(row); !status.ok()) return reading->done(status);
        if (page->more && !page->rows.empty() && !reading->wanted.empty())
          return ReadPage(reading, page->rows.back().key);
        reading->Finish();
      }));
}

void ReadNext(const std::shared_ptr<Reading>& reading) {
  if (reading->wanted.empty()) return reading->Finish();
  reading->context->ports.store->Get(
      reading->wanted.begin()->first,
      reading->context->InTurn<Result<Row>>([reading](Result<Row> row) {
        if (!row.ok())
          return reading->done(row.status().Annotate(reading->wanted.begin()->first));
        if (Status status = reading->Take(*row); !status.ok()) return reading->done(status);
        ReadNext(reading);
      }));
}

/// Finds in the accepted model the documents that another shares with it.
class Shared {
 public:
  explicit Shared(const Memory& memory)
      : documents_(memory.model ? &memory.model->documents : nullptr), digests_(memory.documents.get()) {
    if (digests_ == nullptr || documents_->size() != digests_->size()) documents_ = nullptr;
  }

  /// The digest of `document` in the store, or null pointer. Most come in the order that they had.
  /// Asked of each document of the other model, in order.
  const std::string* Find(const std::shared_ptr<const Document>& document) {
    instead_ = nullptr;
    if (documents_ == nullptr) return nullptr;
    if (next_ >= documents_->size() || (*documents_)[next_] != document) {
      if (places_.empty())
        for (size_t i = 0; i < documents_->size(); ++i) places_.emplace((*documents_)[i].get(), i);
      const auto found = places_.find(document.get());
      if (found == places_.end()) {
        // It most likely took the place of another: its file was read again.
        if (next_ < digests_->size()) instead_ = &(*digests_)[next_++];
        return nullptr;
      }
      next_ = found->second;
    }
    return &(*digests_)[next_++];
  }
  /// Whether the one that was not found comes out as what it took the place of.
  bool Same(const std::string& digest) const { return instead_ != nullptr && *instead_ == digest; }

 private:
  const std::vector<std::shared_ptr<const Document>>* documents_;
  const std::vector<std::string>* digests_;
  size_t next_ = 0;
  const std::string* instead_ = nullptr;
  std::unordered_map<const Document*, size_t> places_;  // looked up, never iterated
};

}  // namespace

std::vector<RowChange> DocumentRows(const Memory& memory, const CompiledModel& model,
                                    std::vector<std::string>* digests) {
  std::vector<RowChange> rows;
  std::set<std::string> seen;
  Shared shared(memory);
  digests->reserve(model.documents.size());
  // Documents come in the order of their files: lines are counted on from the one before.
  const SourceText* source = nullptr;
  size_t counted = 0;
  int64_t line = 1;
  for (const std::shared_ptr<const Document>& document : model.documents) {
    if (const std::string* digest = shared.Find(document)) {
      digests->push_back(*digest);
      continue;
    }
    StoredDocument stored;
    if (document->source) {
      if (document->source.get() != source || document->begin < counted) {
        source = document->source.get();
        counted = 0;
        line = source->first_line;
      }
      const auto at = source->text.begin() + static_cast<std::ptrdiff_t>(document->begin);
      line += std::count(source->text.begin() + static_cast<std::ptrdiff_t>(counted), at, '\n');
      counted = document->begin;
      stored.text = document->source->text.substr(document->begin, document->end - document->begin);
      stored.file = document->source->name;
      stored.line = line;
    }
    const std::string json = ToRow(stored);
    const std::string digest = Fingerprint(json);
    digests->push_back(digest);
    if (!shared.Same(digest) && seen.insert(digest).second)
      rows.push_back({DocumentKey(digest), json, true});
  }
  return rows;
}

void ReadDocuments(Context* context, std::vector<std::string> digests,
                   std::function<void(Result<Sources>)> done) {
  auto reading = std::make_shared<Reading>();
  reading->context = context;
  reading->done = std::move(done);
  reading->sources.resize(digests.size());
  for (size_t i = 0; i < digests.size(); ++i)
    reading->wanted[DocumentKey(digests[i])].push_back(i);
  if (reading->wanted.size() > kFew) return ReadPage(reading, "");
  ReadNext(reading);
}

}  // namespace tandem
