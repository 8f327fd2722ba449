#include "engine/turns/work_queue.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "tandem/base/check.h"

namespace tandem {
namespace {

constexpr size_t kTextBlock = size_t{1} << 16;

uint64_t Mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t Load(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

/// Folded multiplications over words of eight bytes, the last of which overlaps the one before.
uint32_t Hash(std::string_view key) {
  constexpr uint64_t kA = 0x9E3779B97F4A7C15;
  constexpr uint64_t kB = 0xD1B54A32D192ED03;
  uint64_t hash = key.size() * kB;
  const char* at = key.data();
  size_t left = key.size();
  for (; left > 16; at += 16, left -= 16) hash = Mix(Load(at) ^ kA ^ hash, Load(at + 8) ^ kB);
  uint64_t first = 0, last = 0;
  if (left >= 8) {
    first = Load(at);
    last = Load(at + left - 8);
  } else {
    std::memcpy(&first, at, left);
  }
  hash = Mix(first ^ kA ^ hash, last ^ kB);
  return static_cast<uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

WorkQueue::WorkQueue() : table_(64, 0) {}

void WorkQueue::Place(uint64_t cell) {
  const size_t mask = table_.size() - 1;
  size_t at = (cell >> 32) & mask;
  while (table_[at] != 0) at = (at + 1) & mask;
  table_[at] = cell;
}

/// Makes room in the table: forgets the keys that are idle where they are many, else doubles it.
void WorkQueue::Grow() {
  const bool forget = idle_ >= table_.size() / 4;
  std::vector<uint64_t> cells(forget ? table_.size() : table_.size() * 2, 0);
  cells.swap(table_);
  for (const uint64_t cell : cells) {
    if (cell == 0) continue;
    const uint32_t handle = static_cast<uint32_t>(cell) - 1;
    if (forget && at(handle).idle()) {
      at(handle).known = false;
      continue;
    }
    Place(cell);
  }
  if (!forget) return;
  // By handle, so that which place the next key gets does not depend on hashes.
  free_.clear();
  for (uint32_t handle = used_; handle-- > 0;)
    if (!at(handle).known) free_.push_back(handle);
  idle_ = 0;
}

void WorkQueue::Keep(Entry& entry, std::string_view key) {
  if (key.size() > entry.room) {
    const size_t room = std::bit_ceil(std::max<size_t>(key.size(), 32));
    if (room > kTextBlock / 4) {
      text_.push_back(std::make_unique<char[]>(room));
      entry.key = text_.back().get();
      text_left_ = 0;
    } else {
      if (room > text_left_) {
        text_.push_back(std::make_unique<char[]>(kTextBlock));
        text_left_ = kTextBlock;
      }
      entry.key = text_.back().get() + (kTextBlock - text_left_);
      text_left_ -= room;
    }
    entry.room = static_cast<uint32_t>(room);
  }
  if (!key.empty()) std::memcpy(entry.key, key.data(), key.size());
  entry.size = static_cast<uint32_t>(key.size());
}

/// The handle of `key`, a new one where it is not known. The caller puts it to use at once.
uint32_t WorkQueue::Find(std::string_view key) {
  const uint32_t hash = Hash(key);
  size_t mask = table_.size() - 1;
  size_t place = hash & mask;
  for (; table_[place] != 0; place = (place + 1) & mask) {
    if (table_[place] >> 32 != hash) continue;
    const uint32_t handle = static_cast<uint32_t>(table_[place]) - 1;
    const Entry& entry = at(handle);
    if (entry.size != key.size() || std::memcmp(entry.key, key.data(), key.size()) != 0) continue;
    if (entry.idle()) --idle_;
    return handle;
  }
  if ((known() + 1) * 8 > table_.size() * 5) {
    Grow();
    mask = table_.size() - 1;
    for (place = hash & mask; table_[place] != 0;) place = (place + 1) & mask;
  }
  uint32_t handle;
  if (free_.empty()) {
    handle = used_++;
    if (handle % kBlock == 0) blocks_.push_back(std::make_unique<Entry[]>(kBlock));
  } else {
    handle = free_.back();
    free_.pop_back();
  }
  Entry& entry = at(handle);
  Keep(entry, key);
  entry.hash = hash;
  entry.known = true;
  table_[place] = uint64_t{hash} << 32 | (handle + 1);
  return handle;
}

void WorkQueue::Unlink(uint32_t handle, Entry& entry) {
  Ends& line = lines_[static_cast<size_t>(entry.priority)];
  TANDEM_CHECK(entry.before != kNone || line.first == handle);
  (entry.before == kNone ? line.first : at(entry.before).next) = entry.next;
  (entry.next == kNone ? line.last : at(entry.next).before) = entry.before;
}

void WorkQueue::Line(uint32_t handle, Entry& entry, Priority priority, Time now) {
  if (entry.waiting) {
    if (priority >= entry.priority) return;
    Unlink(handle, entry);  // moves to the better line
  } else {
    entry.waiting = true;
    entry.since = now;
    ++depth_;
  }
  entry.priority = priority;
  Ends& line = lines_[static_cast<size_t>(priority)];
  entry.before = line.last;
  entry.next = kNone;
  (line.last == kNone ? line.first : at(line.last).next) = handle;
  line.last = handle;
}

void WorkQueue::Add(std::string_view key, Priority priority, Time now) {
  ++counters_.adds;
  const uint32_t handle = Find(key);
  Entry& entry = at(handle);
  if (entry.out) {
    if (!entry.dirty || priority < entry.priority) entry.priority = priority;
    entry.dirty = true;
    return;
  }
  Line(handle, entry, priority, now);
}

void WorkQueue::AddAt(std::string_view key, Priority priority, Time when) {
  ++counters_.retries;
  const uint32_t handle = Find(key);
  Entry& entry = at(handle);
  const bool again = entry.delayed;
  if (again) {
    if (priority < entry.delayed_priority) entry.delayed_priority = priority;
    if (entry.due <= when) return;
  } else {
    entry.delayed = true;
    entry.delayed_priority = priority;
    ++delayed_;
  }
  entry.due = when;
  entry.ticket = next_ticket_++;
  wheel_.Push(when, handle, entry.ticket);
}

void WorkQueue::Promote(Time now) {
  if (delayed_ == 0) return;
  const auto live = [this](const DueWheel::Item& item) {
    const Entry& entry = at(item.handle);
    return entry.delayed && entry.ticket == item.ticket;
  };
  wheel_.Take(now, live, [&](const DueWheel::Item& item) {
    Entry& entry = at(item.handle);
    entry.delayed = false;
    --delayed_;
    if (entry.out) {
      if (!entry.dirty || entry.delayed_priority < entry.priority)
        entry.priority = entry.delayed_priority;
      entry.dirty = true;
    } else {
      Line(item.handle, entry, entry.delayed_priority, now);
    }
  });
  wheel_.DropStale(live);
}

std::optional<WorkQueue::Out> WorkQueue::Get(Time now) {
  Promote(now);
  if (depth_ == 0) return std::nullopt;
  const uint32_t user = lines_[static_cast<size_t>(Priority::kUser)].first;
  const uint32_t resync = lines_[static_cast<size_t>(Priority::kResync)].first;
  const bool resyncs_turn = user == kNone || (resync != kNone && users_in_a_row_ >= kUsersInARow);
  users_in_a_row_ = resyncs_turn ? 0 : users_in_a_row_ + 1;
  const uint32_t handle = resyncs_turn ? resync : user;
  Entry& entry = at(handle);
  Unlink(handle, entry);
  entry.waiting = false;
  entry.out = true;
  --depth_;
  ++out_;
  ++counters_.gets;
  counters_.waited += now - entry.since;
  return Out{{entry.key, entry.size}, handle};
}

void WorkQueue::Done(const Out& out, Time now) {
  TANDEM_CHECK(out.handle < used_);
  Entry& entry = at(out.handle);
  TANDEM_CHECK(entry.out);
  entry.out = false;
  --out_;
  if (entry.dirty) {
    entry.dirty = false;
    Line(out.handle, entry, entry.priority, now);
    return;
  }
  if (entry.idle()) ++idle_;
}

}  // namespace tandem
