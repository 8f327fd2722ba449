// What is cut out of canonical JSON is what a Value of it would be written as.
#include <gtest/gtest.h>

#include "tandem/codec/json.h"
#include "tests/unit/codec/damaged.h"

namespace tandem {
namespace {

const char* const kObjects[] = {
    "{}", R"({"a":1})", R"({"":null,"a":"","b":"x\n\"\\","c":[1,-2,true,false,null],"d":{"e":{"f":[]}},"é":"ü€😀"})",
    R"({"at":1700000000000000,"conditions":[{"type":"Ready"},{"type":"Synced"}],"fields":{"Note":"x","Tags":{"k":"v"}}})"};

TEST(CanonicalParts, MembersAreWhatTheirValuesAreWrittenAs) {
  for (const std::string text : kObjects) {
    const auto members = JsonMembers(text);
    ASSERT_TRUE(members.has_value()) << text;
    const Result<Value> value = ParseJson(text);
    ASSERT_EQ(members->size(), value->as_map().size()) << text;
    auto at = value->as_map().begin();
    for (const JsonMember& member : *members) {
      EXPECT_EQ(member.key, at->first) << text;
      EXPECT_EQ(member.text, ToCanonicalJson(at->second)) << text;
      ++at;
    }
    EXPECT_FALSE(JsonItems(text).has_value()) << text;
  }
}

TEST(CanonicalParts, ItemsAreWhatTheirValuesAreWrittenAs) {
  const auto items = JsonItems(R"([1,"two",[3,[4]],{"five":6},null,-7])");
  ASSERT_TRUE(items.has_value());
  const std::vector<std::string_view> expected = {"1", "\"two\"", "[3,[4]]", R"({"five":6})", "null", "-7"};
  EXPECT_EQ(*items, expected);
  EXPECT_TRUE(JsonItems("[]")->empty());
  EXPECT_FALSE(JsonMembers("[]").has_value());
}

TEST(CanonicalParts, WhatIsWrittenInAnotherWayIsForTheParser) {
  const std::string others[] = {R"({"b":1,"a":2})", R"({"a":1,"a":2})", R"({ "a":1})",     R"({"a":1} )",   R"({"a":-0})",
                                R"({"a":1.5})",     R"({"a":1e3})",     R"({"a":"\u00e9"})", R"({"a":"\/"})", R"({"a\n":1})",
                                R"({"a":01})",      R"({"a":1)",        R"({"a":})",       "",              "\"a\"",
                                "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\x01\"}", R"({"a":tru})", R"({"a":[1,]})", R"({"a":1}{})"};
  for (const std::string& text : others) EXPECT_FALSE(JsonMembers(text).has_value()) << text;
  const std::string deep = std::string(201, '[') + std::string(201, ']');
  EXPECT_FALSE(JsonItems(deep).has_value());
  EXPECT_TRUE(JsonItems(deep.substr(1, deep.size() - 2)).has_value());
}

// Bytes changed, cut out and doubled at random: whatever is taken is canonical.
TEST(CanonicalParts, TakesNothingElse) {
  SeededRandom random(5);
  int taken = 0;
  for (int round = 0; round < 60'000; ++round) {
    const std::string text = Damaged(kObjects[random.Below(std::size(kObjects))], random);
    if (!JsonMembers(text)) continue;
    ++taken;
    const Result<Value> value = ParseJson(text);
    ASSERT_TRUE(value.ok()) << text;
    ASSERT_EQ(ToCanonicalJson(*value), text);
  }
  EXPECT_GT(taken, 5'000);
}

}  // namespace
}  // namespace tandem
