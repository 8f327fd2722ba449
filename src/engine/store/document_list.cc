#include "engine/store/document_list.h"

#include <algorithm>
#include <utility>

#include "tandem/base/hash.h"
#include "tandem/codec/json.h"

namespace tandem {
namespace {
constexpr size_t kMost = 1024;            // of one page
constexpr std::string_view kLast = "00";  // how the last digest of a page ends: one in 256
}  // namespace

bool DocumentList::EndsPage(const DocumentPage& page) {
  return page.digests.size() >= kMost || page.digests.back().ends_with(kLast);
}

std::string DocumentList::RowOf(const DocumentPage& page) {
  List list;
  for (const std::string& digest : page.digests) list.push_back(digest);
  return ToCanonicalJson(Value(std::move(list)));
}

Result<DocumentPage> DocumentList::FromRow(const std::string& row) {
  const Result<Value> list = ParseJson(row);
  if (!list.ok() || !list->is_list()) return DataLoss("it is no list of documents");
  DocumentPage page;
  for (const Value& digest : list->as_list()) {
    if (!digest.is_string()) return DataLoss("it is no list of documents");
    page.digests.push_back(digest.as_string());
  }
  page.digest = Fingerprint(row);
  return page;
}

void DocumentList::Add(PagePtr page) {
  starts_.push_back(size_);
  size_ += page->digests.size();
  pages_.push_back(std::move(page));
}

const std::string& DocumentList::at(size_t place) const {
  const auto start = std::prev(std::upper_bound(starts_.begin(), starts_.end(), place));
  return pages_[static_cast<size_t>(start - starts_.begin())]->digests[place - *start];
}

void DocumentListBuilder::Add(std::string digest) {
  page_.digests.push_back(std::move(digest));
  if (DocumentList::EndsPage(page_)) Close();
}

void DocumentListBuilder::Close() {
  if (page_.digests.empty()) return;
  page_.digest = Fingerprint(DocumentList::RowOf(page_));
  page_.stored = false;
  list_.Add(std::make_shared<const DocumentPage>(std::exchange(page_, DocumentPage())));
}

std::shared_ptr<const DocumentList> DocumentListBuilder::Finish() {
  Close();
  return std::make_shared<const DocumentList>(std::move(list_));
}

}  // namespace tandem
