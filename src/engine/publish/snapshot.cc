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

const ResourceView* Snapshot::Find(const std::string& address) const {
  const auto page = std::upper_bound(
      pages.begin(), pages.end(), address,
      [](const std::string& key, const auto& p) { return key < p->front()->address; });
  if (page == pages.begin()) return nullptr;
  const ResourcePage& rows = **std::prev(page);
  const auto row = std::lower_bound(
      rows.begin(), rows.end(), address,
      [](const auto& view, const std::string& key) { return view->address < key; });
  return row != rows.end() && (*row)->address == address ? row->get() : nullptr;
}

size_t Snapshot::size() const {
  size_t count = 0;
  for (const auto& page : pages) count += page->size();
  return count;
}

}  // namespace tandem
