// Backoff, rate limits and timers.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/calls/rate_limits.h"
#include "engine/turns/backoff.h"
#include "engine/turns/inbox.h"
#include "engine/turns/timers.h"

namespace tandem {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
const Time kStart{seconds(1000)};

TEST(Backoff, DoublesUpToTheMostWithJitterAndForgets) {
  SeededRandom random(1);
  Backoff backoff(milliseconds(200), seconds(5), &random);
  Duration base = milliseconds(200);
  for (int i = 0; i < 12; ++i) {
    const Duration wait = backoff.Next("a");
    EXPECT_GE(wait, base) << i;
    EXPECT_LE(wait, base + base / 5) << i;
    base = std::min<Duration>(base * 2, seconds(5));
  }
  EXPECT_EQ(backoff.failures("a"), 12);
  EXPECT_LE(backoff.Next("b"), milliseconds(240)) << "keys are apart";
  backoff.Forget("a");
  EXPECT_LE(backoff.Next("a"), milliseconds(240));
}

TEST(RateLimits, OpenUntilThrottled) {
  RateLimits limits;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limits.Reserve("b", kStart), kStart);
  EXPECT_EQ(limits.RateOf("b", kStart), 0);
}

TEST(RateLimits, R10_ThrottlingHalvesTheRateAndHoldsUntilRetryAfter) {
  RateLimits limits;
  for (int i = 0; i < 100; ++i) (void)limits.Reserve("b", kStart);
  limits.Throttled("b", kStart, seconds(3));
  limits.Throttled("b", kStart, seconds(3));  // of the same burst
  EXPECT_NEAR(limits.RateOf("b", kStart), 50, 0.01);
  const Time first = limits.Reserve("b", kStart);
  EXPECT_EQ(first, kStart + seconds(3));
  const Time second = limits.Reserve("b", kStart);
  EXPECT_GT(second, first);
  EXPECT_LT(second, first + milliseconds(20));
  EXPECT_EQ(limits.Reserve("other", kStart), kStart) << "other buckets are not concerned";
}

TEST(RateLimits, RecoversAndOpensAfterAQuietTime) {
  RateLimits limits;
  for (int i = 0; i < 20; ++i) (void)limits.Reserve("b", kStart);
  limits.Throttled("b", kStart, Duration(0));
  EXPECT_NEAR(limits.RateOf("b", kStart + seconds(10)), 10 * 2.59, 0.1);
  EXPECT_EQ(limits.Reserve("b", kStart + seconds(500)), kStart + seconds(500));
  EXPECT_EQ(limits.RateOf("b", kStart + seconds(500)), 0) << "open again";
}

TEST(RateLimits, NeverBelowTheLeastRate) {
  RateLimits limits;
  Time now = kStart;
  for (int i = 0; i < 30; ++i, now += seconds(2)) {
    (void)limits.Reserve("b", now);
    limits.Throttled("b", now, Duration(0));
  }
  EXPECT_GE(limits.RateOf("b", now), 0.5);
}

TEST(Timers, InOrderOfTimeThenOfSetting) {
  Timers timers;
  std::string order;
  const auto add = [&](int at, const char* name) {
    return timers.At(kStart + seconds(at), [&order, name] { order += name; });
  };
  add(2, "c");
  add(1, "a");
  add(1, "b");
  const Timers::Id gone = add(1, "x");
  EXPECT_TRUE(timers.Cancel(gone));
  EXPECT_FALSE(timers.Cancel(gone));
  EXPECT_EQ(timers.NextDue(), kStart + seconds(1));
  EXPECT_FALSE(timers.TakeDue(kStart));
  while (const auto work = timers.TakeDue(kStart + seconds(2))) work();
  EXPECT_EQ(order, "abc");
}

TEST(Inbox, DropsWhatComesAfterClose) {
  Inbox inbox;
  int wakes = 0;
  int ran = 0;
  inbox.OnWork([&] { ++wakes; });
  inbox.Post([&] { ++ran; });
  inbox.Take()();
  inbox.Close();
  inbox.Post([&] { ++ran; });
  EXPECT_FALSE(inbox.Take());
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(wakes, 1);
}

}  // namespace
}  // namespace tandem
