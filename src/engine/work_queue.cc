#include "engine/work_queue.h"

#include "tandem/base/check.h"

namespace tandem {

void WorkQueue::Line(Node& node, Priority priority, Time now) {
  Entry& entry = node.second;
  if (entry.waiting) {
    if (priority >= entry.priority) return;
    // Moves to the better line: the old place becomes stale and is skipped when its turn comes.
  } else {
    entry.waiting = true;
    entry.since = now;
    ++depth_;
  }
  entry.priority = priority;
  entry.ticket = next_ticket_++;
  ++entry.places;
  lines_[static_cast<size_t>(priority)].push_back({&node, entry.ticket});
}

void WorkQueue::Add(const std::string& key, Priority priority, Time now) {
  ++counters_.adds;
  Node& node = *entries_.try_emplace(key).first;
  Entry& entry = node.second;
  if (entry.out) {
    if (!entry.dirty || priority < entry.priority) entry.priority = priority;
    entry.dirty = true;
    return;
  }
  Line(node, priority, now);
}

void WorkQueue::AddAt(const std::string& key, Priority priority, Time when) {
  ++counters_.retries;
  Node& node = *entries_.try_emplace(key).first;
  Entry& entry = node.second;
  if (entry.delayed) {
    if (priority < entry.delayed_priority) entry.delayed_priority = priority;
    if (entry.delayed->first <= when) return;
    delayed_.erase(*entry.delayed);
  } else {
    entry.delayed_priority = priority;
  }
  entry.delayed = {when, next_ticket_++};
  delayed_[*entry.delayed] = &node;
}

void WorkQueue::Promote(Time now) {
  while (!delayed_.empty() && delayed_.begin()->first.first <= now) {
    Node& node = *delayed_.begin()->second;
    delayed_.erase(delayed_.begin());
    Entry& entry = node.second;
    entry.delayed.reset();
    if (entry.out) {
      if (!entry.dirty || entry.delayed_priority < entry.priority)
        entry.priority = entry.delayed_priority;
      entry.dirty = true;
    } else {
      Line(node, entry.delayed_priority, now);
    }
  }
}

std::optional<std::string> WorkQueue::Get(Time now) {
  Promote(now);
  for (auto& line : lines_) {
    while (!line.empty()) {
      const Place place = line.front();
      line.pop_front();
      Entry& entry = place.node->second;
      --entry.places;
      if (!entry.waiting || entry.ticket != place.ticket) {
        Forget(*place.node);
        continue;
      }
      entry.waiting = false;
      entry.out = true;
      --depth_;
      ++out_;
      ++counters_.gets;
      counters_.waited += now - entry.since;
      return place.node->first;
    }
  }
  return std::nullopt;
}

void WorkQueue::Done(const std::string& key, Time now) {
  const auto found = entries_.find(key);
  TANDEM_CHECK(found != entries_.end() && found->second.out);
  Entry& entry = found->second;
  entry.out = false;
  --out_;
  if (entry.dirty) {
    entry.dirty = false;
    Line(*found, entry.priority, now);
    return;
  }
  Forget(*found);
}

void WorkQueue::Forget(Node& node) {
  const Entry& entry = node.second;
  if (entry.waiting || entry.out || entry.delayed || entry.places > 0) return;
  entries_.erase(entries_.find(node.first));
}

std::optional<Time> WorkQueue::NextDue() const {
  if (delayed_.empty()) return std::nullopt;
  return delayed_.begin()->first.first;
}

}  // namespace tandem
