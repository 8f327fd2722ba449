// Makes the snapshot that readers see, once a turn, copying only what changed; and tells watchers.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/calls/accounts.h"
#include "engine/context.h"
#include "engine/run/runner.h"
#include "tandem/base/synchronized.h"

namespace tandem {

class Publisher {
 public:
  Publisher(Context* context, Accounts* accounts, Runner* runner);

  /// Publishes what was touched since the last time. Cheap when nothing was.
  void Publish();
  /// Thread-safe, never null.
  std::shared_ptr<const Snapshot> snapshot() const;

  Result<int64_t> Watch(int64_t after, std::function<void(const Change&)> each);
  void Unwatch(int64_t id);

  /// Of what is published: how many resources are recorded, and how many have drifted.
  int64_t recorded() const { return recorded_; }
  int64_t drifted() const { return drifted_; }

 private:
  using PagePtr = std::shared_ptr<const ResourcePage>;
  ResourceView ViewOf(const Resource& resource) const;
  void UpdatePages(Snapshot& snapshot, const std::set<std::string>& touched);
  void UpdateMembers(const ResourceView* before, const ResourceView* after);
  void Count(const ResourceView* view, int64_t by);
  void UpdateComponents(Snapshot& snapshot, bool all);
  void UpdateConnections(Snapshot& snapshot);
  void UpdateRuns(Snapshot& snapshot);
  void Tell();

  struct Member {
    ConditionStatus ready = ConditionStatus::kUnknown;
    ConditionStatus synced = ConditionStatus::kUnknown;
    std::string reason;
    std::string message;
    bool operator==(const Member&) const = default;
  };
  /// Of a component. What is bad is known by address, so that the worst is found without looking at all.
  struct Members {
    std::map<std::string, Member> all;
    struct Roll {
      std::set<std::string> bad, unknown;
      void Move(const std::string& address, ConditionStatus from, ConditionStatus to);
    };
    Roll ready, synced;

    /// True if it was another before; nullopt takes it out.
    bool Set(const std::string& address, std::optional<Member> member);
  };

  Context& context_;
  Accounts& accounts_;
  Runner& runner_;
  Synchronized<std::shared_ptr<const Snapshot>> current_;
  std::shared_ptr<const Snapshot> last_;  // the same, for turns
  std::map<std::string, Members> members_;  // by component
  std::set<std::string> dirty_components_;
  int64_t recorded_ = 0;
  int64_t drifted_ = 0;

  int64_t sequence_;
  std::deque<Change> kept_;
  struct Watcher {
    int64_t after = 0;
    std::function<void(const Change&)> each;
  };
  Synchronized<std::map<int64_t, Watcher>> new_watchers_;
  Synchronized<std::set<int64_t>> gone_watchers_;
  std::map<int64_t, Watcher> watchers_;
  std::atomic<int64_t> next_watcher_{1};
  std::atomic<int64_t> oldest_{0};
};

}  // namespace tandem
