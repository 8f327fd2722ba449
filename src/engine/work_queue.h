// Which address is worked on next, by the laws of client-go's queue: equal keys merge, a key is never
// out twice at once, and a key added while it is out comes once more after. Keys of users come before
// keys of resyncs; within one priority, first in, first out. Every operation is O(1), delayed adds
// O(log n). Not thread-safe: the engine owns it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "tandem/base/clock.h"

namespace tandem {

class WorkQueue {
 public:
  enum class Priority { kUser, kResync };

  struct Counters {
    int64_t adds = 0;
    int64_t retries = 0;  // delayed adds
    int64_t gets = 0;
    Duration waited{0};  // summed over gets
  };

  void Add(const std::string& key, Priority priority, Time now);
  /// Adds it at `when`; of several delayed adds of one key the earliest counts.
  void AddAt(const std::string& key, Priority priority, Time when);
  /// The next key, which is then out until Done; nullopt when none is due.
  std::optional<std::string> Get(Time now);
  void Done(const std::string& key, Time now);

  /// When the first delayed key is due.
  std::optional<Time> NextDue() const;
  size_t depth() const { return depth_; }      // waiting and due
  size_t delayed() const { return delayed_.size(); }
  size_t out() const { return out_; }
  const Counters& counters() const { return counters_; }

 private:
  struct Entry {
    bool waiting = false;
    bool out = false;
    bool dirty = false;  // added while out
    Priority priority = Priority::kResync;
    Time since;
    uint64_t ticket = 0;  // of its place in a line; places with another are stale
    int places = 0;       // in lines, stale ones included
    std::optional<std::pair<Time, uint64_t>> delayed;
    Priority delayed_priority = Priority::kResync;
  };
  using Node = std::unordered_map<std::string, Entry>::value_type;
  struct Place {
    Node* node;
    uint64_t ticket;
  };

  void Line(Node& node, Priority priority, Time now);
  void Promote(Time now);
  void Forget(Node& node);

  std::unordered_map<std::string, Entry> entries_;  // looked up, never iterated
  std::array<std::deque<Place>, 2> lines_;
  std::map<std::pair<Time, uint64_t>, Node*> delayed_;
  uint64_t next_ticket_ = 1;
  size_t depth_ = 0;
  size_t out_ = 0;
  Counters counters_;
};

}  // namespace tandem
