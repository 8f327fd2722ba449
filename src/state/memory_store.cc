#include "tandem/state/memory_store.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace tandem {

Status CheckCommit(const std::vector<Write>& writes) {
  if (writes.empty()) return InvalidArgument("a commit has no writes");
  if (writes.size() > kMaxWrites)
    return InvalidArgument("a commit has " + std::to_string(writes.size()) + " writes; at most " +
                           std::to_string(kMaxWrites) + " are allowed");
  size_t bytes = 0;
  std::set<std::string_view> keys;
  for (const Write& write : writes) {
    if (write.key.empty()) return InvalidArgument("a write has no key");
    if (!keys.insert(write.key).second)
      return InvalidArgument("the key '" + write.key + "' is written twice in one commit");
    bytes += write.key.size() + (write.value ? write.value->size() : 0);
  }
  if (bytes > kMaxCommitBytes)
    return InvalidArgument("a commit has " + std::to_string(bytes) + " bytes; at most " +
                           std::to_string(kMaxCommitBytes) + " are allowed");
  return OkStatus();
}

MemoryStore::MemoryStore(Post post) : post_(std::move(post)) {}
MemoryStore::~MemoryStore() = default;

Result<StoreRevision> MemoryStore::Apply(State& state, std::vector<Write>& writes) {
  TANDEM_RETURN_IF_ERROR(CheckCommit(writes));
  if (!state.failure.ok()) return state.failure;
  for (const Write& write : writes) {
    if (!write.expected) continue;
    const auto found = state.rows.find(write.key);
    const StoreRevision there = found == state.rows.end() ? 0 : found->second.revision;
    if (there != *write.expected)
      return Aborted("the row '" + write.key + "' is at revision " + std::to_string(there) +
                     ", not " + std::to_string(*write.expected));
  }
  ++state.revision;
  for (Write& write : writes) {
    if (write.value) {
      state.rows[std::move(write.key)] = {std::move(*write.value), state.revision};
    } else {
      state.rows.erase(write.key);
    }
  }
  return state.revision;
}

void MemoryStore::Commit(std::vector<Write> writes, Completion<StoreRevision> done) {
  auto result = state_.With([&](State& state) { return Apply(state, writes); });
  post_([done = std::move(done), result = std::move(result)] { done(result); });
}

void MemoryStore::Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) {
  Page page = state_.With([&](const State& state) {
    Page found;
    auto at = state.rows.lower_bound(prefix);
    if (after >= prefix) at = state.rows.upper_bound(after);
    for (; at != state.rows.end() && at->first.compare(0, prefix.size(), prefix) == 0; ++at) {
      if (found.rows.size() == limit) {
        found.more = true;
        break;
      }
      found.rows.push_back({at->first, at->second.value, at->second.revision});
    }
    return found;
  });
  post_([done = std::move(done), page = std::move(page)] { done(page); });
}

void MemoryStore::Get(std::string key, Completion<Row> done) {
  auto result = state_.With([&](const State& state) -> Result<Row> {
    const auto found = state.rows.find(key);
    if (found == state.rows.end()) return NotFound("there is no row '" + key + "'");
    return Row{key, found->second.value, found->second.revision};
  });
  post_([done = std::move(done), result = std::move(result)] { done(result); });
}

void MemoryStore::FailCommits(Status status) {
  state_.With([&](State& state) { state.failure = std::move(status); });
}

std::vector<Row> MemoryStore::Rows() const {
  return state_.With([](const State& state) {
    std::vector<Row> rows;
    for (const auto& [key, stored] : state.rows)
      rows.push_back({key, stored.value, stored.revision});
    return rows;
  });
}

void MemoryStore::Restore(const std::vector<Row>& rows) {
  state_.With([&](State& state) {
    state.rows.clear();
    state.revision = 0;
    for (const Row& row : rows) {
      state.rows[row.key] = {row.value, row.revision};
      state.revision = std::max(state.revision, row.revision);
    }
  });
}

}  // namespace tandem
