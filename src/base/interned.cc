#include "tandem/base/interned.h"

#include <array>
#include <memory>
#include <mutex>
#include <ostream>
#include <unordered_set>

#include "tandem/base/lock.h"

namespace tandem {

/// The texts that are held. In parts, so that threads that make texts seldom meet.
struct InternedTable {
  using Entry = Interned::Entry;

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    size_t operator()(const Entry* entry) const { return (*this)(entry->text); }
  };
  struct Same {
    using is_transparent = void;
    bool operator()(const Entry* a, const Entry* b) const { return a->text == b->text; }
    bool operator()(const Entry* a, std::string_view b) const { return a->text == b; }
    bool operator()(std::string_view a, const Entry* b) const { return a == b->text; }
  };
  struct Part {
    std::mutex lock;
    std::unordered_set<Entry*, Hash, Same> entries;
  };

  static constexpr size_t kParts = 64;
  std::array<Part, kParts> parts;

  Part& PartOf(std::string_view text) { return parts[(Hash()(text) >> 7) % kParts]; }

  /// Never taken apart: what is static elsewhere may hold texts until the process ends.
  static InternedTable& Get() {
    static InternedTable* const table = new InternedTable;
    return *table;
  }
};

Interned::Entry* Interned::Hold(std::string_view text) {
  InternedTable::Part& part = InternedTable::Get().PartOf(text);
  Lock lock(part.lock, LockLevel::kText);
  if (const auto found = part.entries.find(text); found != part.entries.end()) {
    (*found)->uses.fetch_add(1, std::memory_order_relaxed);
    return *found;
  }
  auto entry = std::make_unique<Entry>();
  entry->text = text;
  part.entries.insert(entry.get());
  return entry.release();
}

void Interned::Release(Entry* entry) {
  // The last one goes under the lock: until then whoever asks for the same text is given this entry.
  uint32_t uses = entry->uses.load(std::memory_order_relaxed);
  while (uses > 1)
    if (entry->uses.compare_exchange_weak(uses, uses - 1, std::memory_order_acq_rel, std::memory_order_relaxed))
      return;
  InternedTable::Part& part = InternedTable::Get().PartOf(entry->text);
  Lock lock(part.lock, LockLevel::kText);
  if (entry->uses.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  part.entries.erase(entry);
  delete entry;
}

const std::string& Interned::Nothing() {
  static const std::string* const nothing = new std::string;
  return *nothing;
}

std::ostream& operator<<(std::ostream& out, const Interned& text) { return out << text.str(); }

size_t Interned::Count() {
  size_t count = 0;
  for (InternedTable::Part& part : InternedTable::Get().parts) {
    Lock lock(part.lock, LockLevel::kText);
    count += part.entries.size();
  }
  return count;
}

}  // namespace tandem
