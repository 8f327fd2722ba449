#include <gtest/gtest.h>

#include <future>
#include <mutex>

#include "tandem/base/clock.h"
#include "tandem/base/hash.h"
#include "tandem/base/lock.h"
#include "tandem/base/printable.h"
#include "tandem/base/random.h"
#include "tandem/base/spelling.h"
#include "tandem/base/status.h"
#include "tandem/base/utf8.h"

namespace tandem {
namespace {

TEST(Status, AnnotatesFailuresOnly) {
  EXPECT_EQ(NotFound("no row").Annotate("reading state").ToString(), "NOT_FOUND: reading state: no row");
  EXPECT_TRUE(OkStatus().Annotate("x").ok());
}

TEST(Time, ReadsBackWhatItWrites) {
  const Time time = Time(std::chrono::microseconds(1'600'000'000'123'456));
  EXPECT_EQ(FormatTime(time), "2020-09-13T12:26:40Z");
  EXPECT_EQ(*ParseTime(FormatTime(time, true)), time);
  EXPECT_EQ(*ParseTime("2020-09-13T14:26:40.123456+02:00"), time);
  EXPECT_FALSE(ParseTime("yesterday").ok());
}

TEST(Duration, ReadsBackWhatItWrites) {
  for (const char* text : {"0s", "500ms", "90us", "1h30m", "7d", "1d1h1m1s1ms1us"})
    EXPECT_EQ(FormatDuration(*ParseDuration(text)), text);
  for (const char* text : {"", "5", "5x", "-5s", "h", "99999999999999d"})
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
}

TEST(Hash, MatchesPublishedVectors) {
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(Base64("foob"), "Zm9vYg==");
  std::string bytes;
  EXPECT_TRUE(FromBase64("Zm9vYg==", &bytes));
  EXPECT_EQ(bytes, "foob");
  EXPECT_FALSE(FromBase64("Zm9", &bytes));
}

TEST(Random, SeedsRepeat) {
  SeededRandom a(7);
  SeededRandom b(7);
  EXPECT_EQ(a.Uuid(), b.Uuid());
  EXPECT_EQ(a.Hex(17).size(), 17u);
  for (int i = 0; i < 100; ++i) EXPECT_LT(a.Below(3), 3u);
}

TEST(Spelling, FindsTheNearWordOnly) {
  EXPECT_EQ(NearestWord("CidrBlok", {"CidrBlock", "VpcId"}), "CidrBlock");
  EXPECT_EQ(NearestWord("teh", {"the"}), "the");
  EXPECT_EQ(NearestWord("Engine", {"VpcId"}), "");
}

// --- EvenClock ---

struct SetClock final : Clock {
  Time Now() const override { return now; }
  Time now{std::chrono::hours(1'000)};
};

TEST(EvenClock, FollowsAClockThatIsSetByATenthOfTheTimeThatPasses) {
  struct Case {
    const char* name;
    Duration set;
  };
  const Case cases[] = {{"forward by an hour", std::chrono::hours(1)},
                        {"back by an hour", -std::chrono::hours(1)},
                        {"forward by a second", std::chrono::seconds(1)},
                        {"back by a second", -std::chrono::seconds(1)}};
  for (const Case& c : cases) {
    SetClock wall;
    Duration running{0};
    const EvenClock clock(&wall, [&] { return running; });
    EXPECT_EQ(clock.Now(), wall.now) << c.name;
    wall.now += c.set;
    Time last = clock.Now();
    // Steps of a microsecond to a minute.
    for (int64_t step = 1; running < std::chrono::hours(2); step = std::min<int64_t>(step * 3 / 2 + 1, 60'000'000)) {
      const Duration by(step);
      running += by;
      wall.now += by;
      const Time now = clock.Now();
      EXPECT_GE(now, last) << c.name;
      EXPECT_LE(now - last, by + std::max(by / 10, Duration(100'000))) << c.name;
      last = now;
    }
    const Duration off = std::chrono::abs(wall.now - last);
    EXPECT_LE(off, std::max(std::chrono::abs(c.set) - running / 12, Duration(0))) << c.name;
  }
}

TEST(EvenClock, CatchesUpThoughItIsAskedAllTheTime) {
  SetClock wall;
  Duration running{0};
  const EvenClock clock(&wall, [&] { return running; });
  wall.now += std::chrono::milliseconds(1);
  for (int i = 0; i < 20'000; ++i) {
    running += Duration(1);
    wall.now += Duration(1);
    (void)clock.Now();
  }
  EXPECT_EQ(clock.Now(), wall.now);
}

TEST(Lock, IsTakenGivenBackAndTakenAgain) {
  std::mutex one, two;
  {
    Lock lock(one);
    EXPECT_FALSE(std::async(std::launch::async, [&] { return one.try_lock(); }).get());
    lock.unlock();
    { Lock other(two); }
    lock.lock();
  }
  EXPECT_TRUE(one.try_lock());
  one.unlock();
}

#ifndef NDEBUG
TEST(LockDeathTest, AnotherOrderThanThatOfTheLevelsEndsADebugBuild) {
  std::mutex one, two;
  {
    Lock outer(one, LockLevel::kCloud);
    Lock inner(two);
  }
  const auto nested = [&](LockLevel first, LockLevel second) {
    Lock outer(one, first);
    Lock inner(two, second);
  };
  for (const LockLevel second : {LockLevel::kLeaf, LockLevel::kCloud})
    EXPECT_DEATH(nested(LockLevel::kLeaf, second), "level < held");
  EXPECT_DEATH(nested(LockLevel::kCloud, LockLevel::kCloud), "level < held");
}
#endif

TEST(Printable, LeavesNothingThatATerminalObeys) {
  const struct {
    std::string_view text, line;
  } cases[] = {
      {"", ""},
      {"plain, ünï¢ödé, 😀", "plain, ünï¢ödé, 😀"},
      {"\x1b[2Jgone\x07\x7f", "?[2Jgone??"},
      {"a\tb\nc\r", "a b?c?"},
      {"C1: \xc2\x80\xc2\x9b\xc2\x9f, and behind it \xc2\xa0", "C1: ???, and behind it \xc2\xa0"},
      {"no UTF-8: \x9b \xff \xc3", "no UTF-8: ? ? ?"},
      {std::string_view("nul\0nul", 7), "nul?nul"},
  };
  for (const auto& c : cases) EXPECT_EQ(Printable(c.text), c.line);
  EXPECT_EQ(PrintableLines("a\x1b\nb\r\n"), "a?\nb?\n");
}

TEST(Utf8, TellsWellFormedCharactersApart) {
  const struct {
    std::string_view text;
    size_t bytes;
  } cases[] = {{"", 0},          {"a", 1},           {std::string_view("\0", 1), 1},
               {"\xc3\xa9", 2},  {"\xe2\x82\xac", 3}, {"\xf0\x9f\x98\x80", 4},
               {"\xc3", 0},      {"\x80", 0},         {"\xc0\xaf", 0},
               {"\xc1\xbf", 0},  {"\xe0\x9f\xbf", 0}, {"\xed\xa0\x80", 0},
               {"\xed\x9f\xbf", 3}, {"\xf0\x8f\xbf\xbf", 0}, {"\xf4\x8f\xbf\xbf", 4},
               {"\xf4\x90\x80\x80", 0}, {"\xf5\x80\x80\x80", 0}, {"\xff", 0}};
  for (const auto& c : cases) EXPECT_EQ(CharacterBytes(c.text), c.bytes);
  EXPECT_EQ(WellFormedBytes("a\xc3\xa9\xff" "b"), 3u);
  EXPECT_EQ(WellFormedBytes("ab"), 2u);
}

}  // namespace
}  // namespace tandem
