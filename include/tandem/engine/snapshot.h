// What readers see: an immutable picture of the platform, published once per turn.
//
// Safe to hold on any thread for as long as one likes. Pages of 256 resources are shared between
// snapshots and copied only when one of theirs changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/copy_on_write.h"
#include "tandem/base/interned.h"
#include "tandem/base/kept.h"
#include "tandem/compile/compile.h"
#include "tandem/record/record.h"

namespace tandem {

/// Ready, Synced, Drifted, Paused, Stalled of a resource.
using Conditions = CopyOnWrite<std::vector<Condition>>;

/// Where a model has a resource, and what it needs there.
struct Placement {
  Interned account;
  Interned component;
  Interned site;
  Interned manage;
  std::vector<Interned> needs;
};

/// One resource as `tandem get resources` shows it: in the accepted model, recorded, or both. It shares what the
/// engine remembers.
struct ResourceView {
  Interned address;
  Kept<Record> record;
  Kept<Observation> seen;
  /// By the accepted model, where that says another thing than the record; null pointer: as recorded.
  std::shared_ptr<const Placement> placed;
  std::optional<bool> in_model;  // not known until the accepted model is read
  Interned paused_by;
  Conditions conditions;
  std::vector<std::string> drift;  // paths, when Drifted
  Time observed_at;

  std::string_view kind() const { return std::string_view(address).substr(0, address.str().find('/', address.str().find('/') + 1)); }
  const Interned& account() const { return placed ? placed->account : record ? record->account : Nothing(); }
  const Interned& component() const { return placed ? placed->component : record ? record->component : Nothing(); }
  const Interned& site() const { return placed ? placed->site : record ? record->site : Nothing(); }
  const Interned& manage() const { return placed ? placed->manage : record ? record->manage : Nothing(); }
  const std::vector<Interned>& needs() const;
  const Interned& identity() const;
  /// ready | busy | failed | ""
  const Interned& state() const { return seen && seen->exists ? seen->state : Nothing(); }
  bool is_protected() const { return record && record->protected_; }
  int64_t generation() const { return record ? record->generation : 0; }
  /// Observed, owned and declared paths only.
  Packed fields() const { return seen ? seen->fields : Packed(); }
  /// The desired form that settled last.
  Packed settled() const { return record ? record->settled : Packed(); }

 private:
  static const Interned& Nothing();
};

struct ComponentView {
  std::string name;
  std::string title;
  std::string site;
  std::string layer;
  std::string group;
  int64_t resources = 0;
  std::vector<Condition> conditions;  // Ready and Synced at least; Unknown/NoResources when it has none
};

struct ConnectionView {
  std::string from;
  std::string to;
  std::string type;
  bool both = false;
  std::string state;  // ready | degraded | failed | unknown
};

struct AccountView {
  std::string name;
  std::string provider;
  std::string site;
  std::string principal;
  std::string verified_id;
  std::string state;  // unknown | open | blocked
  std::string message;
  Time observed_at;
};

/// The steps of a run in plan order, read like a vector. Pages are shared between snapshots.
class StepList {
 public:
  static constexpr size_t kPage = 256;
  using StepPage = std::vector<StepRow>;

  class Iterator {
   public:
    using value_type = StepRow;
    using reference = const StepRow&;
    using pointer = const StepRow*;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    Iterator() = default;
    Iterator(const StepList* list, size_t at) : list_(list), at_(at) {}
    reference operator*() const { return (*list_)[at_]; }
    pointer operator->() const { return &(*list_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++at_;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }
    friend bool operator!=(const Iterator& a, const Iterator& b) { return a.at_ != b.at_; }

   private:
    const StepList* list_ = nullptr;
    size_t at_ = 0;
  };

  StepList() = default;
  explicit StepList(std::vector<StepRow> rows);

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const StepRow& operator[](size_t i) const { return (*pages_[i / kPage])[i % kPage]; }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size_}; }
  /// Replaces row `i`; copies its page unless nobody else holds it.
  void Set(size_t i, StepRow row);

 private:
  std::vector<std::shared_ptr<StepPage>> pages_;
  size_t size_ = 0;
};

struct RunView {
  Run run;
  StepList steps;  // empty for runs that ended long ago
};

/// At most 256 resources, sorted by address. Never null pointers.
using ResourcePage = std::vector<std::shared_ptr<const ResourceView>>;

struct Snapshot {
  int64_t sequence = 0;  // grows with every publication; watchers resume from it
  int64_t accepted = 0;  // revision, 0 before the first apply
  std::string platform;
  std::string platform_uid;
  std::shared_ptr<const CompiledModel> model;  // accepted; null pointer before the first apply
  std::vector<std::shared_ptr<const ResourcePage>> pages;  // sorted by address
  std::vector<ComponentView> components;    // the diagram's order
  std::vector<ConnectionView> connections;
  std::map<std::string, AccountView> accounts;
  std::vector<RunView> runs;                // newest first, at most 100
  bool readable = false;                    // every resource with what was last seen of it
  bool read = false;                        // the whole store; before that, only resources are here
  bool ready = false;                       // every account observed once, or failed one attempt (R18)
  bool old_store = false;                   // R12: a person must accept a plan first

  /// By its address, or by the other form of it, with or without "@account" (R11); null pointer when there is none, or
  /// when it is one of several.
  const ResourceView* Find(const std::string& address) const;
  size_t size() const;
};

}  // namespace tandem
