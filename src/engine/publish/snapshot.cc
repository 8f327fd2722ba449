#include "tandem/engine/snapshot.h"

#include <algorithm>
#include <utility>

namespace tandem {

StepList::StepList(std::vector<StepRow> rows) : size_(rows.size()) {
  for (size_t begin = 0; begin < rows.size(); begin += kPage) {
    const size_t end = std::min(rows.size(), begin + kPage);
    pages_.push_back(std::make_shared<StepPage>(std::make_move_iterator(rows.begin() + begin),
                                                std::make_move_iterator(rows.begin() + end)));
  }
}

void StepList::Set(size_t i, StepRow row) {
  TANDEM_CHECK(i < size_);
  std::shared_ptr<StepPage>& page = pages_[i / kPage];
  if (page.use_count() > 1) page = std::make_shared<StepPage>(*page);
  (*page)[i % kPage] = std::move(row);
}

const Interned& ResourceView::Nothing() {
  static const Interned* const nothing = new Interned();
  return *nothing;
}

const std::vector<Interned>& ResourceView::needs() const {
  static const std::vector<Interned>* const none = new std::vector<Interned>();
  return placed ? placed->needs : record ? record->depends_on : *none;
}

const Interned& ResourceView::identity() const {
  if (record && !record->identity.empty()) return record->identity;
  return seen ? seen->identity : Nothing();
}

namespace {

using Pages = std::vector<std::shared_ptr<const ResourcePage>>;

/// The first view of `pages` at `address` or behind it, or null pointer.
const ResourceView* FirstFrom(const Pages& pages, const std::string& address) {
  const auto behind = std::upper_bound(pages.begin(), pages.end(), address, [](const std::string& key, const auto& page) {
    return key < page->front()->address;
  });
  if (behind != pages.begin()) {
    const ResourcePage& rows = **std::prev(behind);
    const auto row = std::lower_bound(rows.begin(), rows.end(), address, [](const auto& view, const std::string& key) {
      return view->address < key;
    });
    if (row != rows.end()) return row->get();
  }
  return behind == pages.end() ? nullptr : (*behind)->front().get();
}

}  // namespace

const ResourceView* Snapshot::Find(const std::string& address) const {
  const ResourceView* found = FirstFrom(pages, address);
  if (found != nullptr && found->address == address) return found;
  const size_t at = address.rfind('@');
  if (at != std::string::npos && address.find('/', at) == std::string::npos) {
    const std::string bare = address.substr(0, at);
    found = FirstFrom(pages, bare);
    return found != nullptr && found->address == bare && found->account() == address.substr(at + 1) ? found : nullptr;
  }
  const std::string prefix = address + "@";
  const auto named = [&](const ResourceView* view) {
    return view != nullptr && view->address.str().compare(0, prefix.size(), prefix) == 0;
  };
  found = FirstFrom(pages, prefix);
  if (!named(found)) return nullptr;
  return named(FirstFrom(pages, found->address.str() + '\0')) ? nullptr : found;
}

size_t Snapshot::size() const {
  size_t count = 0;
  for (const auto& page : pages) count += page->size();
  return count;
}

}  // namespace tandem
