// Which documents a model has, as the store keeps it: their digests in order, in pages that models share. A change of
// one document writes one page, whatever the size of the platform.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tandem/base/status.h"

namespace tandem {

struct DocumentPage {
  std::vector<std::string> digests;  // of documents
  std::string digest;                // of this page's row
  bool stored = true;                // under its digest
};

class DocumentList {
 public:
  using PagePtr = std::shared_ptr<const DocumentPage>;

  /// A page ends where a digest says so, not at a number: what is put in between moves no other page.
  static bool EndsPage(const DocumentPage& page);
  static std::string RowOf(const DocumentPage& page);
  /// kDataLoss: it is no such row.
  static Result<DocumentPage> FromRow(const std::string& row);

  void Add(PagePtr page);
  const std::vector<PagePtr>& pages() const { return pages_; }
  size_t size() const { return size_; }
  /// Where each page begins.
  const std::vector<size_t>& starts() const { return starts_; }
  const std::string& at(size_t place) const;

 private:
  std::vector<PagePtr> pages_;
  std::vector<size_t> starts_;
  size_t size_ = 0;
};

/// Adds digests one by one, or whole pages of another list where a page ends.
class DocumentListBuilder {
 public:
  void Add(std::string digest);
  /// Only at a page's start.
  void Share(DocumentList::PagePtr page) { list_.Add(std::move(page)); }
  bool at_page_start() const { return page_.digests.empty(); }
  std::shared_ptr<const DocumentList> Finish();

 private:
  void Close();

  DocumentList list_;
  DocumentPage page_;
};

}  // namespace tandem
