#include "engine/turns/work_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>

namespace tandem {
namespace {

using P = WorkQueue::Priority;
const Time kNow{std::chrono::seconds(1000)};
constexpr Duration kSecond = std::chrono::seconds(1);

TEST(WorkQueue, EqualKeysMerge) {
  WorkQueue queue;
  queue.Add("a", P::kUser, kNow);
  queue.Add("a", P::kUser, kNow);
  EXPECT_EQ(queue.depth(), 1u);
  EXPECT_EQ(queue.Get(kNow), "a");
  EXPECT_EQ(queue.Get(kNow), std::nullopt);
}

TEST(WorkQueue, NeverTwiceAtOnceAndDirtyMeansOnceMore) {
  WorkQueue queue;
  queue.Add("a", P::kUser, kNow);
  const auto out = queue.Get(kNow);
  ASSERT_EQ(out, "a");
  queue.Add("a", P::kUser, kNow);
  queue.Add("a", P::kUser, kNow);
  EXPECT_EQ(queue.Get(kNow), std::nullopt) << "it is out";
  queue.Done(*out, kNow);
  const auto again = queue.Get(kNow);
  ASSERT_EQ(again, "a");
  queue.Done(*again, kNow);
  EXPECT_EQ(queue.Get(kNow), std::nullopt) << "once more, not twice";
  EXPECT_EQ(queue.out(), 0u);
}

TEST(WorkQueue, UsersBeforeResyncsAndFifoWithin) {
  WorkQueue queue;
  queue.Add("r1", P::kResync, kNow);
  queue.Add("u1", P::kUser, kNow);
  queue.Add("r2", P::kResync, kNow);
  queue.Add("u2", P::kUser, kNow);
  queue.Add("r2", P::kUser, kNow);  // promoted, behind u2
  std::string order;
  while (const auto key = queue.Get(kNow)) order.append(key->key) += " ";
  EXPECT_EQ(order, "u1 u2 r2 r1 ");
}

TEST(WorkQueue, DirtyKeepsTheBetterPriority) {
  WorkQueue queue;
  queue.Add("a", P::kResync, kNow);
  const auto out = queue.Get(kNow);
  ASSERT_EQ(out, "a");
  queue.Add("a", P::kUser, kNow);
  queue.Add("a", P::kResync, kNow);
  queue.Add("r", P::kResync, kNow);
  queue.Done(*out, kNow);
  EXPECT_EQ(queue.Get(kNow), "a");
}

TEST(WorkQueue, DelayedAddsComeWhenDueAndTheEarliestCounts) {
  WorkQueue queue;
  queue.AddAt("a", P::kUser, kNow + 5 * kSecond);
  queue.AddAt("a", P::kUser, kNow + 2 * kSecond);
  queue.AddAt("a", P::kUser, kNow + 9 * kSecond);
  EXPECT_EQ(queue.Get(kNow), std::nullopt);
  EXPECT_EQ(queue.NextDue(), kNow + 2 * kSecond);
  const auto out = queue.Get(kNow + 2 * kSecond);
  ASSERT_EQ(out, "a");
  queue.Done(*out, kNow + 2 * kSecond);
  EXPECT_EQ(queue.NextDue(), std::nullopt);
  EXPECT_EQ(queue.Get(kNow + 60 * kSecond), std::nullopt);
}

TEST(WorkQueue, DelayedWhileOutComesAfterDone) {
  WorkQueue queue;
  queue.Add("a", P::kUser, kNow);
  const auto out = queue.Get(kNow);
  ASSERT_EQ(out, "a");
  queue.AddAt("a", P::kUser, kNow + kSecond);
  EXPECT_EQ(queue.Get(kNow + 2 * kSecond), std::nullopt);
  queue.Done(*out, kNow + 2 * kSecond);
  EXPECT_EQ(queue.Get(kNow + 2 * kSecond), "a");
}

TEST(WorkQueue, ManyKeysComeOutOnceEach) {
  WorkQueue queue;
  for (int i = 0; i < 10'000; ++i) queue.Add(std::to_string(i % 5'000), P::kResync, kNow);
  int count = 0;
  while (const auto key = queue.Get(kNow)) {
    queue.Done(*key, kNow);
    ++count;
  }
  EXPECT_EQ(count, 5'000);
}

TEST(WorkQueue, DelayedAddsInThePastComeInTheOrderOfTheirTimes) {
  WorkQueue queue;
  queue.AddAt("late", P::kUser, kNow);
  ASSERT_EQ(queue.Get(kNow), "late");
  queue.AddAt("b", P::kUser, kNow - kSecond);
  queue.AddAt("a", P::kUser, kNow - 2 * kSecond);
  queue.AddAt("c", P::kUser, kNow + kSecond);
  EXPECT_EQ(queue.NextDue(), kNow - 2 * kSecond);
  EXPECT_EQ(queue.Get(kNow - 3 * kSecond), std::nullopt) << "the clock was set back";
  EXPECT_EQ(queue.Get(kNow), "a");
  EXPECT_EQ(queue.Get(kNow), "b");
  EXPECT_EQ(queue.Get(kNow), std::nullopt);
  EXPECT_EQ(queue.NextDue(), kNow + kSecond);
}

TEST(WorkQueue, SteadyWorkOfUsersLetsResyncsThrough) {
  WorkQueue queue;
  for (int i = 0; i < 3; ++i) queue.Add("resync/" + std::to_string(i), P::kResync, kNow);
  std::string resyncs;
  for (int i = 0; i < 64; ++i) {
    queue.Add("user/" + std::to_string(i), P::kUser, kNow);
    queue.Add("user/more/" + std::to_string(i), P::kUser, kNow);
    const auto out = queue.Get(kNow);
    ASSERT_TRUE(out);
    if (out->key.starts_with("resync")) resyncs += std::to_string(i) + " ";
    queue.Done(*out, kNow);
  }
  EXPECT_EQ(resyncs, "15 31 47 ");
}

TEST(WorkQueue, KeysThatCameAndWentDoNotStay) {
  WorkQueue queue;
  for (int i = 0; i < 100'000; ++i) {
    queue.Add("key/" + std::to_string(i), P::kUser, kNow);
    const auto out = queue.Get(kNow);
    ASSERT_TRUE(out);
    queue.Done(*out, kNow);
  }
  EXPECT_LT(queue.known(), 100u);
}

// The queue against its laws written down as slowly as possible, over random operations.
class Laws {
 public:
  void Add(const std::string& key, P priority) {
    if (out_.contains(key)) {
      const auto dirty = dirty_.find(key);
      if (dirty == dirty_.end()) dirty_[key] = priority;
      else dirty->second = std::min(dirty->second, priority);
      return;
    }
    for (auto at = line_.begin(); at != line_.end(); ++at) {
      if (at->second != key) continue;
      if (at->first <= priority) return;
      line_.erase(at);
      break;
    }
    auto at = line_.begin();
    while (at != line_.end() && at->first <= priority) ++at;
    line_.insert(at, {priority, key});
  }
  void AddAt(const std::string& key, P priority, Time when) {
    for (auto& [time, ticket, name, better] : delayed_) {
      if (name != key) continue;
      better = std::min(better, priority);
      if (when < time) time = when, ticket = ticket_++;
      return;
    }
    delayed_.push_back({when, ticket_++, key, priority});
  }
  std::optional<std::string> Get(Time now) {
    std::sort(delayed_.begin(), delayed_.end());
    while (!delayed_.empty() && std::get<0>(delayed_.front()) <= now) {
      const auto due = delayed_.front();
      delayed_.erase(delayed_.begin());
      Add(std::get<2>(due), std::get<3>(due));
    }
    if (line_.empty()) return std::nullopt;
    auto at = line_.begin();
    if (at->first == P::kUser && users_ >= WorkQueue::kUsersInARow) {
      const auto other = std::find_if(at, line_.end(), [](const auto& each) { return each.first == P::kResync; });
      if (other != line_.end()) at = other;
    }
    users_ = at->first == P::kUser ? users_ + 1 : 0;
    const std::string key = at->second;
    line_.erase(at);
    out_.insert(key);
    return key;
  }
  void Done(const std::string& key) {
    out_.erase(key);
    if (const auto dirty = dirty_.extract(key)) Add(key, dirty.mapped());
  }
  std::optional<Time> NextDue() const {
    if (delayed_.empty()) return std::nullopt;
    return std::get<0>(*std::min_element(delayed_.begin(), delayed_.end()));
  }
  size_t depth() const { return line_.size(); }

 private:
  std::deque<std::pair<P, std::string>> line_;
  std::vector<std::tuple<Time, int, std::string, P>> delayed_;
  std::set<std::string> out_;
  std::map<std::string, P> dirty_;
  int ticket_ = 0;
  uint32_t users_ = 0;  // one behind the other
};

TEST(WorkQueue, RandomOperationsKeepTheLaws) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](uint32_t bound) { return random() % bound; };
    const uint32_t keys = 1 + below(seed % 2 == 0 ? 12 : 3000);
    WorkQueue queue;
    Laws laws;
    std::vector<WorkQueue::Out> out;
    Time now = kNow;
    for (int i = 0; i < 4000; ++i) {
      const std::string key = std::string(below(4) * 9, 'k') + std::to_string(below(keys));
      const P priority = below(2) == 0 ? P::kUser : P::kResync;
      switch (below(6)) {
        case 0:
          queue.Add(key, priority, now);
          laws.Add(key, priority);
          break;
        case 1: {
          // From a little in the past to some weeks ahead.
          const Time when = now + Duration(int64_t{1} << below(42)) - Duration(below(2000));
          queue.AddAt(key, priority, when);
          laws.AddAt(key, priority, when);
          break;
        }
        case 2:
        case 3: {
          const auto got = queue.Get(now);
          const auto expected = laws.Get(now);
          ASSERT_EQ(got.has_value(), expected.has_value()) << i;
          if (!got) break;
          ASSERT_EQ(got->key, *expected) << i;
          out.push_back(*got);
          break;
        }
        case 4:
          if (out.empty()) break;
          std::swap(out[below(static_cast<uint32_t>(out.size()))], out.back());
          laws.Done(std::string(out.back().key));
          queue.Done(out.back(), now);
          out.pop_back();
          break;
        default:
          now += Duration(below(10) == 0 ? int64_t{1} << below(40) : below(300));
      }
      ASSERT_EQ(queue.NextDue(), laws.NextDue()) << i;
      ASSERT_EQ(queue.depth(), laws.depth()) << i;
      ASSERT_EQ(queue.out(), out.size());
    }
  }
}

}  // namespace
}  // namespace tandem
