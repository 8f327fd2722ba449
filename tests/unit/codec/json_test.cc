#include "tandem/codec/json.h"

#include <gtest/gtest.h>

namespace tandem {
namespace {

TEST(CanonicalJson, SortsKeysAndWritesNumbersOneWay) {
  Value value = Map{{"b", 1}, {"a", List{1.0, 1.5, -0.0, 1e300, true, Value(), "ü\n\x01"}}};
  EXPECT_EQ(ToCanonicalJson(value), "{\"a\":[1,1.5,0,1e+300,true,null,\"ü\\n\\u0001\"],\"b\":1}");
}

TEST(CanonicalJson, RoundTripsMarkersAndKeysThatLookLikeThem) {
  Value value = Map{{"u", Unknown{Type::kString, "ec2.aws/VPC/main.VpcId"}},
                    {"s", Sensitive{{{false, "x:"}, {true, "env:PW"}}, "d", "1"}},
                    {"$tandem", "mine"},
                    {"$$tandem-x", Map{{"$tandem", "unknown"}}},
                    {"$other", 1}};
  const auto back = ParseJson(ToCanonicalJson(value));
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(*back, value);
}

struct Bad {
  const char* name;
  std::string text;
};

TEST(ParseJson, RefusesWhatIsNotOneCleanValue) {
  const Bad cases[] = {{"empty", ""},
                       {"duplicate key", R"({"a":1,"a":2})"},
                       {"outside int64", "9223372036854775808"},
                       {"bad UTF-8", "\"\xff\""},
                       {"huge number", "1e999"},
                       {"trailing text", "1 2"},
                       {"too deep", std::string(5000, '[')}};
  for (const Bad& bad : cases) EXPECT_FALSE(ParseJson(bad.text).ok()) << bad.name;
  EXPECT_EQ(ParseJson("-9223372036854775808")->as_int(), INT64_MIN);
}

TEST(Packed, ComparesByFingerprint) {
  EXPECT_EQ(Packed::From(Map{{"a", 1}}), Packed::From(Map{{"a", 1.0}}));
  EXPECT_FALSE(Packed::From(Map{{"a", 1}}) == Packed::From(Map{{"a", 2}}));
  EXPECT_EQ(Packed::From(List{1, "x"}).Unpack(), Value(List{1, "x"}));
}

TEST(Json, DoublesOfAnySizeCanBeReadAgain) {
  for (const double number : {66646677777677777777.7, -66646677777677777777.7, 9223372036854775808.0, 1e21, 1e300,
                              9007199254740994.0, 9.2e18, 0.1, -2.5e-300}) {
    const std::string text = ToCanonicalJson(Value(number));
    const Result<Value> again = ParseJson(text);
    ASSERT_TRUE(again.ok()) << text << ": " << again.status().message();
    EXPECT_EQ(ToCanonicalJson(*again), text);
    EXPECT_EQ(again->is_int() ? static_cast<double>(again->as_int()) : again->as_double(), number) << text;
    EXPECT_EQ(ToCanonicalJson(Packed::From(Value(Map{{"x", Value(number)}})).Unpack()), "{\"x\":" + text + "}");
  }
}

TEST(Json, ANulByteEndsNothing) {
  const std::string text("1\0 garbage", 11);
  EXPECT_EQ(ParseJson(text).status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace tandem
