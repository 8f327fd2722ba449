#include "engine/work_queue.h"

#include <gtest/gtest.h>

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
  ASSERT_EQ(queue.Get(kNow), "a");
  queue.Add("a", P::kUser, kNow);
  queue.Add("a", P::kUser, kNow);
  EXPECT_EQ(queue.Get(kNow), std::nullopt) << "it is out";
  queue.Done("a", kNow);
  EXPECT_EQ(queue.Get(kNow), "a");
  queue.Done("a", kNow);
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
  while (const auto key = queue.Get(kNow)) order += *key + " ";
  EXPECT_EQ(order, "u1 u2 r2 r1 ");
}

TEST(WorkQueue, DirtyKeepsTheBetterPriority) {
  WorkQueue queue;
  queue.Add("a", P::kResync, kNow);
  ASSERT_EQ(queue.Get(kNow), "a");
  queue.Add("a", P::kUser, kNow);
  queue.Add("a", P::kResync, kNow);
  queue.Add("r", P::kResync, kNow);
  queue.Done("a", kNow);
  EXPECT_EQ(queue.Get(kNow), "a");
}

TEST(WorkQueue, DelayedAddsComeWhenDueAndTheEarliestCounts) {
  WorkQueue queue;
  queue.AddAt("a", P::kUser, kNow + 5 * kSecond);
  queue.AddAt("a", P::kUser, kNow + 2 * kSecond);
  queue.AddAt("a", P::kUser, kNow + 9 * kSecond);
  EXPECT_EQ(queue.Get(kNow), std::nullopt);
  EXPECT_EQ(queue.NextDue(), kNow + 2 * kSecond);
  EXPECT_EQ(queue.Get(kNow + 2 * kSecond), "a");
  queue.Done("a", kNow + 2 * kSecond);
  EXPECT_EQ(queue.NextDue(), std::nullopt);
  EXPECT_EQ(queue.Get(kNow + 60 * kSecond), std::nullopt);
}

TEST(WorkQueue, DelayedWhileOutComesAfterDone) {
  WorkQueue queue;
  queue.Add("a", P::kUser, kNow);
  ASSERT_EQ(queue.Get(kNow), "a");
  queue.AddAt("a", P::kUser, kNow + kSecond);
  EXPECT_EQ(queue.Get(kNow + 2 * kSecond), std::nullopt);
  queue.Done("a", kNow + 2 * kSecond);
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

}  // namespace
}  // namespace tandem
