#include "engine/store/stored_documents.h"

#include <algorithm>
#include <map>
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
    const Result<Value> value = ParseJson(row.value);
    if (!value.ok()) return DataLoss(value.status().message()).Annotate(row.key);
    Result<StoredDocument> document = FromValue<StoredDocument>(*value);
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

}  // namespace

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
