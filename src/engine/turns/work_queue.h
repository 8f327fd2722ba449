// Which address is worked on next, by the laws of client-go's queue: equal keys merge, a key is never
// out twice at once, and a key added while it is out comes once more after. Keys of users come before
// keys of resyncs, but for one in sixteen, so that steady work of users lets drift be seen; within one priority,
// first in, first out. Every operation is O(1): a key is hashed
// once for each Add and copied once while the queue knows it; what is out is named by its handle.
// Not thread-safe: the engine owns it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/turns/due_wheel.h"
#include "tandem/base/clock.h"

namespace tandem {

class WorkQueue {
 public:
  enum class Priority : uint8_t { kUser, kResync };
  /// So many keys of users at most come one behind the other while one of a resync waits.
  static constexpr uint32_t kUsersInARow = 15;

  /// A key that is out. `key` is good until Done.
  struct Out {
    std::string_view key;
    uint32_t handle;
    friend bool operator==(const Out& out, std::string_view key) { return out.key == key; }
  };

  struct Counters {
    int64_t adds = 0;
    int64_t retries = 0;  // delayed adds
    int64_t gets = 0;
    Duration waited{0};  // summed over gets
  };

  WorkQueue();

  void Add(std::string_view key, Priority priority, Time now);
  /// Adds it at `when`; of several delayed adds of one key the earliest counts.
  void AddAt(std::string_view key, Priority priority, Time when);
  /// The next key, which is then out until Done; nullopt when none is due.
  std::optional<Out> Get(Time now);
  void Done(const Out& out, Time now);

  /// When the first delayed key is due.
  std::optional<Time> NextDue() const { return delayed_ == 0 ? std::nullopt : wheel_.Next(); }
  /// Whether no key of a user is due.
  bool only_resyncs() const { return lines_[static_cast<size_t>(Priority::kUser)].first == kNone; }
  size_t depth() const { return depth_; }  // waiting and due
  size_t delayed() const { return delayed_; }
  size_t out() const { return out_; }
  /// Keys that it keeps a place for. Idle ones are forgotten in bulk, when they are in the way.
  size_t known() const { return used_ - free_.size(); }
  const Counters& counters() const { return counters_; }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr uint32_t kBlock = 1024;
  struct Entry {
    char* key = nullptr;
    uint32_t size = 0;
    uint32_t room = 0;  // bytes at `key`
    uint32_t hash = 0;
    uint32_t next = kNone;  // in its line
    uint32_t before = kNone;
    uint32_t ticket = 0;  // of its delayed add
    Time since;
    Time due;
    Priority priority = Priority::kResync;
    Priority delayed_priority = Priority::kResync;
    bool known = false;  // in the table
    bool waiting = false;
    bool out = false;
    bool dirty = false;  // added while out
    bool delayed = false;

    bool idle() const { return !waiting && !out && !delayed; }
  };
  struct Ends {
    uint32_t first = kNone;
    uint32_t last = kNone;
  };

  Entry& at(uint32_t handle) { return blocks_[handle / kBlock][handle % kBlock]; }
  const Entry& at(uint32_t handle) const { return blocks_[handle / kBlock][handle % kBlock]; }
  uint32_t Find(std::string_view key);
  void Grow();
  void Place(uint64_t cell);
  void Keep(Entry& entry, std::string_view key);
  void Line(uint32_t handle, Entry& entry, Priority priority, Time now);
  void Unlink(uint32_t handle, Entry& entry);
  void Promote(Time now);

  std::vector<std::unique_ptr<Entry[]>> blocks_;
  uint32_t used_ = 0;           // entries handed out, those in free_ included
  std::vector<uint32_t> free_;  // whose keys were forgotten
  // Open addressing: the hash in the upper half, handle + 1 in the lower. No order comes of it.
  std::vector<uint64_t> table_;
  std::vector<std::unique_ptr<char[]>> text_;
  size_t text_left_ = 0;
  std::array<Ends, 2> lines_;
  uint32_t users_in_a_row_ = 0;
  DueWheel wheel_;
  uint32_t next_ticket_ = 1;
  size_t idle_ = 0;
  size_t depth_ = 0;
  size_t delayed_ = 0;
  size_t out_ = 0;
  Counters counters_;
};

}  // namespace tandem
