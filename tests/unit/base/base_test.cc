#include <gtest/gtest.h>

#include "tandem/base/clock.h"
#include "tandem/base/hash.h"
#include "tandem/base/random.h"
#include "tandem/base/spelling.h"
#include "tandem/base/status.h"

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

}  // namespace
}  // namespace tandem
