// What is due when: a wheel of 64 slots a level, eleven levels of microseconds, so that everything between
// now and the end of time has a slot. An item lies on the level of the highest six bits in which its time
// differs from the wheel's own, comes nearer whenever its slot is opened, and leaves in the order of
// (time, push): each push and each take costs a few moves, whatever the number of items. An item is never
// removed: its owner says with `live` which ones still count, and the others are dropped on the way.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "tandem/base/clock.h"

namespace tandem {

class DueWheel {
 public:
  struct Item {
    uint64_t when;  // Order(time)
    uint32_t handle;
    uint32_t ticket;
  };

  void Push(Time when, uint32_t handle, uint32_t ticket) {
    const Item item{Order(when), handle, ticket};
    if (item.when < base_) {
      early_.push_back(item);
    } else {
      Put(item);
    }
  }

  /// Takes out all that are due at `now`, in order, and calls `due` with each that is live.
  template <typename Live, typename Due>
  void Take(Time now, const Live& live, const Due& due) {
    const uint64_t end = Order(now);
    if (!early_.empty()) TakeEarly(end, live, due);
    while (levels_ != 0) {
      const auto [level, slot] = First();
      Slot& first = slots_[level][slot];
      if (first.soonest.when > end) break;
      items_.swap(first.items);
      Empty(level, slot);
      if (level == 0) {
        for (const Item& item : items_)
          if (live(item)) due(item);
      } else {
        // Nothing of the wheel is earlier, so its time can stand there: these come nearer.
        base_ = first.soonest.when;
        for (const Item& item : items_)
          if (live(item)) Put(item);
      }
      items_.clear();
      // Small buffers go back to their slot; a large one is kept once, for the next that is opened.
      if (items_.capacity() <= kSmall) first.items.swap(items_);
    }
  }

  /// The time of the earliest item, live or not. After DropStale it is that of a live one.
  std::optional<Time> Next() const {
    std::optional<uint64_t> next;
    for (const Item& item : early_)
      if (!next || item.when < *next) next = item.when;
    if (!next && levels_ != 0) {
      const auto [level, slot] = First();
      next = slots_[level][slot].soonest.when;
    }
    if (!next) return std::nullopt;
    return Time(Duration(static_cast<int64_t>(*next ^ kSign)));
  }

  template <typename Live>
  void DropStale(const Live& live) {
    if (!early_.empty()) std::erase_if(early_, [&](const Item& item) { return !live(item); });
    while (levels_ != 0) {
      const auto [level, slot] = First();
      Slot& first = slots_[level][slot];
      if (live(first.soonest)) return;
      std::erase_if(first.items, [&](const Item& item) { return !live(item); });
      if (first.items.empty()) {
        Empty(level, slot);
        continue;
      }
      first.soonest = first.items.front();
      for (const Item& item : first.items)
        if (item.when < first.soonest.when) first.soonest = item;
    }
  }

 private:
  static constexpr int kBits = 6;
  static constexpr int kLevels = 11;
  static constexpr size_t kSmall = 64;
  static constexpr uint64_t kSign = uint64_t{1} << 63;
  struct Slot {
    std::vector<Item> items;
    Item soonest{};
  };

  static uint64_t Order(Time when) {
    return static_cast<uint64_t>(when.time_since_epoch().count()) ^ kSign;
  }

  std::pair<int, int> First() const {
    const int level = std::countr_zero(levels_);
    return {level, std::countr_zero(filled_[level])};
  }

  void Put(const Item& item) {
    const uint64_t differ = item.when ^ base_;
    const int level = differ == 0 ? 0 : (63 - std::countl_zero(differ)) / kBits;
    const int slot = static_cast<int>(item.when >> (level * kBits)) & 63;
    Slot& place = slots_[level][slot];
    if (place.items.empty() || item.when < place.soonest.when) place.soonest = item;
    place.items.push_back(item);
    filled_[level] |= uint64_t{1} << slot;
    levels_ |= uint32_t{1} << level;
  }

  void Empty(int level, int slot) {
    filled_[level] &= ~(uint64_t{1} << slot);
    if (filled_[level] == 0) levels_ &= ~(uint32_t{1} << level);
  }

  /// Items that were pushed for a time before the wheel's own; seldom any.
  template <typename Live, typename Due>
  void TakeEarly(uint64_t end, const Live& live, const Due& due) {
    std::stable_sort(early_.begin(), early_.end(),
                     [](const Item& a, const Item& b) { return a.when < b.when; });
    size_t taken = 0;
    for (; taken < early_.size() && early_[taken].when <= end; ++taken)
      if (live(early_[taken])) due(early_[taken]);
    early_.erase(early_.begin(), early_.begin() + static_cast<std::ptrdiff_t>(taken));
  }

  std::array<std::array<Slot, 64>, kLevels> slots_;
  std::array<uint64_t, kLevels> filled_{};  // by level, a bit for each slot that has items
  uint32_t levels_ = 0;                     // a bit for each level that has any
  uint64_t base_ = 0;                       // the wheel's own time; its items are not before it
  std::vector<Item> early_;                 // those that are
  std::vector<Item> items_;                 // of the slot that is being opened
};

}  // namespace tandem
