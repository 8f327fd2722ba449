// The fast reader takes nothing that the other does not take, and reads the same.
#include "codec/quick_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tandem/base/random.h"
#include "tandem/codec/json.h"

namespace tandem {
namespace {

Value AsIs(Map map) { return Value(std::move(map)); }

Value Converted(const nlohmann::json& json) {
  if (json.is_null()) return Value();
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_number_float()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_array()) {
    List list;
    for (const auto& item : json) list.push_back(Converted(item));
    return list;
  }
  Map map;
  for (const auto& [key, member] : json.items()) map.emplace(key, Converted(member));
  return map;
}

const char* const kTexts[] = {
    R"({"a":[1,-2,3.5,1e3,-0.25E-2],"b":{"c":"d\n\"\\\/é","e":null},"f":true,"g":false,"h":[],"i":{}})",
    R"( [ "ü€😀" , { "z" : 1 , "a" : 2 } , 0 , -9223372036854775808 ] )",
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]})",
    "\"plain\"", "0", "-0", "true", "[[[[[[]]]]]]", "\"\xed\x9f\xbf\xef\xbf\xbd\"",
    R"({"$tandem":"x","$$tandem":1})"};

TEST(QuickJson, ReadsWhatTheOtherReads) {
  for (const char* text : kTexts) {
    Value value;
    ASSERT_TRUE(ParseQuickly(text, AsIs, &value)) << text;
    EXPECT_EQ(value, Converted(nlohmann::json::parse(text))) << text;
  }
}

TEST(QuickJson, TakesNothingThatTheOtherRefuses) {
  const std::string bad[] = {"",       "01",     "1.",    ".5",     "+1",        "1e",       "[1,]",
                             "{\"a\":1,}", "nul",   "\"a",   "\"\x01\"", "\"\\x\"",   "[1 2]",
                             "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
                             "\"\xe0\x80\x80\"", "{\"a\":1,\"a\":2}", "9223372036854775808", "1e999", "1 2",
                             std::string(201, '[') + std::string(201, ']'), "- 1", "--1"};
  for (const std::string& text : bad) {
    Value value;
    EXPECT_FALSE(ParseQuickly(text, AsIs, &value)) << text;
  }
}

// Bytes changed, cut out and doubled at random: whatever is taken is good JSON and reads the same.
TEST(QuickJson, AgreesOnDamagedTexts) {
  SeededRandom random(11);
  const std::string_view bytes = "{}[]\",:\\ntf0123456789.eE+- \xc3\xa9\xed\xa0\x80\xf0";
  int taken = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text = kTexts[random.Below(std::size(kTexts))];
    for (uint64_t i = 0, changes = 1 + random.Below(3); i < changes; ++i) {
      const size_t at = random.Below(text.size());
      const char byte = bytes[random.Below(bytes.size())];
      switch (random.Below(3)) {
        case 0: text[at] = byte; break;
        case 1: text.erase(at, 1 + random.Below(3)); break;
        default: text.insert(at, 1, byte);
      }
      if (text.empty()) text = "0";
    }
    Value value;
    if (!ParseQuickly(text, AsIs, &value)) continue;
    ++taken;
    ASSERT_TRUE(nlohmann::json::accept(text)) << text;
    ASSERT_EQ(value, Converted(nlohmann::json::parse(text))) << text;
  }
  EXPECT_GT(taken, 1000);
}

}  // namespace
}  // namespace tandem
