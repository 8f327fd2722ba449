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

constexpr size_t kFewDocuments = 64;     // are asked for one by one; many are found among all
constexpr size_t kDocumentRows = 1000;  // rows at a time

struct DocumentReading {
  Context* context;
  std::map<std::string, std::vector<size_t>> wanted;  // key → places among them
  StoredModel model;
  std::function<void(Result<StoredModel>)> done;

  Status Take(const Row& row) {
    const auto found = wanted.find(row.key);
    if (found == wanted.end()) return OkStatus();
    Result<StoredDocument> document = FromRow<StoredDocument>(row.value);
    if (!document.ok()) return document.status().Annotate(row.key);
    const auto source = std::make_shared<const SourceText>(
        SourceText{std::move(document->file), std::move(document->text),
                   static_cast<int>(std::max<int64_t>(1, document->line))});
    for (const size_t place : found->second) model.sources[place] = source;
    wanted.erase(found);
    return OkStatus();
  }

  void Finish() {
    if (wanted.empty()) return done(std::move(model));
    done(NotFound("it is not in the store").Annotate(wanted.begin()->first));
  }
};

void ReadPage(const std::shared_ptr<DocumentReading>& reading, const std::string& after) {
  reading->context->ports.store->Scan(
      DocumentKey(""), after, kDocumentRows,
      reading->context->InTurn<Result<Page>>([reading](Result<Page> page) {
        if (!page.ok()) return reading->done(page.status().Annotate("reading documents"));
        for (const Row& row : page->rows)
          if (Status status = reading->Take(row); !status.ok()) return reading->done(status);
        if (page->more && !page->rows.empty() && !reading->wanted.empty())
          return ReadPage(reading, page->rows.back().key);
        reading->Finish();
      }));
}

void ReadNext(const std::shared_ptr<DocumentReading>& reading) {
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

void ReadDocuments(Context* context, std::shared_ptr<const DocumentList> documents,
                   std::function<void(Result<StoredModel>)> done) {
  auto reading = std::make_shared<DocumentReading>();
  reading->context = context;
  reading->done = std::move(done);
  reading->model.sources.resize(documents->size());
  size_t place = 0;
  for (const DocumentList::PagePtr& page : documents->pages())
    for (const std::string& digest : page->digests) reading->wanted[DocumentKey(digest)].push_back(place++);
  reading->model.documents = std::move(documents);
  if (reading->wanted.size() > kFewDocuments) return ReadPage(reading, "");
  ReadNext(reading);
}

/// Pages, one after the other, then what they list.
struct PagesReading : std::enable_shared_from_this<PagesReading> {
  Context* context;
  std::vector<std::string> wanted;  // digests of pages
  DocumentList documents;
  std::function<void(Result<StoredModel>)> done;

  void Next() {
    const size_t place = documents.pages().size();
    if (place == wanted.size())
      return ReadDocuments(context, std::make_shared<const DocumentList>(std::move(documents)), std::move(done));
    context->ports.store->Get(
        DocumentPageKey(wanted[place]),
        context->InTurn<Result<Row>>([self = shared_from_this(), place](Result<Row> row) {
          const std::string key = DocumentPageKey(self->wanted[place]);
          if (!row.ok()) return self->done(row.status().Annotate(key));
          Result<DocumentPage> page = DocumentList::FromRow(row->value);
          if (page.ok() && page->digest != self->wanted[place]) page = DataLoss("it is another page");
          if (!page.ok()) return self->done(page.status().Annotate(key));
          self->documents.Add(std::make_shared<const DocumentPage>(*std::move(page)));
          self->Next();
        }));
  }
};

/// Finds in the accepted model the documents that another shares with it.
class Shared {
 public:
  Shared(const CompiledModel* accepted, const DocumentList* stored)
      : documents_(accepted ? &accepted->documents : nullptr), list_(stored) {
    if (list_ == nullptr || documents_->size() != list_->size()) documents_ = nullptr;
  }

  /// The page that comes next there, if the documents from `at` on are all of it; null pointer otherwise.
  DocumentList::PagePtr NextPage(const std::vector<std::shared_ptr<const Document>>& others, size_t at) {
    if (documents_ == nullptr) return nullptr;
    const auto start = std::lower_bound(list_->starts().begin(), list_->starts().end(), next_);
    if (start == list_->starts().end() || *start != next_) return nullptr;
    const DocumentList::PagePtr& page = list_->pages()[static_cast<size_t>(start - list_->starts().begin())];
    const size_t size = page->digests.size();
    if (at + size > others.size()) return nullptr;
    const auto from = [](const auto& all, size_t place) { return all.begin() + static_cast<std::ptrdiff_t>(place); };
    if (!std::equal(from(*documents_, next_), from(*documents_, next_ + size), from(others, at))) return nullptr;
    next_ += size;
    return page;
  }

  /// The digest of the document at `place` of another model in the store, or null pointer. Most come in the order that
  /// they had. Asked in order of each document that NextPage did not give.
  const std::string* Find(const std::vector<std::shared_ptr<const Document>>& others, size_t place) {
    instead_ = nullptr;
    if (documents_ == nullptr) return nullptr;
    if (Is(next_, others, place)) return &list_->at(next_++);
    // What comes next tells what most likely became of it, and spares looking among all.
    if (Is(next_ + 1, others, place + 1) || (next_ + 1 == documents_->size() && place + 1 == others.size())) {
      instead_ = &list_->at(next_++);
      return nullptr;
    }
    if (Is(next_, others, place + 1)) return nullptr;  // it was put in between
    if (places_.empty())
      for (size_t i = 0; i < documents_->size(); ++i) places_.emplace((*documents_)[i].get(), i);
    const auto found = places_.find(others[place].get());
    if (found == places_.end()) {
      // It most likely took the place of another: its file was read again.
      if (next_ < list_->size()) instead_ = &list_->at(next_++);
      return nullptr;
    }
    next_ = found->second;
    return &list_->at(next_++);
  }
  /// Whether the one that was not found comes out as what it took the place of.
  bool Same(const std::string& digest) const { return instead_ != nullptr && *instead_ == digest; }

 private:
  bool Is(size_t known, const std::vector<std::shared_ptr<const Document>>& others, size_t place) const {
    return known < documents_->size() && place < others.size() && (*documents_)[known] == others[place];
  }

  const std::vector<std::shared_ptr<const Document>>* documents_;
  const DocumentList* list_;
  size_t next_ = 0;
  const std::string* instead_ = nullptr;
  std::unordered_map<const Document*, size_t> places_;  // looked up, never iterated
};

/// The rows of documents: each with its text and where that begins.
class Rows {
 public:
  explicit Rows(std::vector<RowChange>* rows) : rows_(*rows) {}

  /// The row's digest. Documents come in the order of their files.
  std::string Of(const Document& document, std::string* json) {
    StoredDocument stored;
    if (document.source) {
      stored.text = document.source->text.substr(document.begin, document.end - document.begin);
      stored.file = document.source->name;
      stored.line = line_.At(*document.source, document.begin);
    }
    *json = ToRow(stored);
    return Fingerprint(*json);
  }
  void Add(const std::string& digest, std::string json) {
    if (seen_.insert(digest).second) rows_.push_back({DocumentKey(digest), std::move(json), true});
  }

 private:
  std::vector<RowChange>& rows_;
  std::set<std::string> seen_;
  LineCount line_;
};

}  // namespace

std::shared_ptr<const DocumentList> DocumentRows(const CompiledModel* accepted, const DocumentList* stored,
                                                 const CompiledModel& model, std::vector<RowChange>* rows) {
  Shared shared(accepted, stored);
  Rows documents(rows);
  DocumentListBuilder builder;
  for (size_t i = 0; i < model.documents.size();) {
    if (builder.at_page_start()) {
      if (DocumentList::PagePtr page = shared.NextPage(model.documents, i)) {
        i += page->digests.size();
        builder.Share(std::move(page));
        continue;
      }
    }
    const size_t place = i++;
    if (const std::string* digest = shared.Find(model.documents, place)) {
      builder.Add(*digest);
      continue;
    }
    std::string json;
    std::string digest = documents.Of(*model.documents[place], &json);
    if (!shared.Same(digest)) documents.Add(digest, std::move(json));
    builder.Add(std::move(digest));
  }
  const std::shared_ptr<const DocumentList> made = builder.Finish();
  auto list = std::make_shared<DocumentList>();
  for (const DocumentList::PagePtr& page : made->pages()) {
    if (page->stored) {
      list->Add(page);
      continue;
    }
    rows->push_back({DocumentPageKey(page->digest), DocumentList::RowOf(*page), true});
    auto added = std::make_shared<DocumentPage>(*page);
    added->stored = true;
    list->Add(std::move(added));
  }
  return list;
}

Value PagesOf(const DocumentList& documents) {
  List pages;
  for (const DocumentList::PagePtr& page : documents.pages()) pages.push_back(page->digest);
  return Value(std::move(pages));
}

void ReadModel(Context* context, const Value& pages, std::function<void(Result<StoredModel>)> done) {
  auto reading = std::make_shared<PagesReading>();
  reading->context = context;
  reading->done = std::move(done);
  if (pages.is_list())
    for (const Value& digest : pages.as_list()) reading->wanted.push_back(digest.is_string() ? digest.as_string() : "");
  reading->Next();
}

void ReadModelOf(Context* context, const List& digests, std::function<void(Result<StoredModel>)> done) {
  DocumentListBuilder builder;
  for (const Value& digest : digests) builder.Add(digest.is_string() ? digest.as_string() : "");
  ReadDocuments(context, builder.Finish(), std::move(done));
}

}  // namespace tandem
