// The fast reader takes nothing that the other does not take, and reads the same.
#include "codec/quick_json.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "codec/plain_text.h"
#include "tandem/codec/json.h"
#include "tests/unit/codec/damaged.h"

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
  int taken = 0;
  for (int round = 0; round < 60'000; ++round) {
    const std::string text = Damaged(kTexts[random.Below(std::size(kTexts))], random);
    Value value;
    if (!ParseQuickly(text, AsIs, &value)) continue;
    ++taken;
    ASSERT_TRUE(nlohmann::json::accept(text)) << text;
    ASSERT_EQ(value, Converted(nlohmann::json::parse(text))) << text;
  }
  EXPECT_GT(taken, 1000);
}

TEST(QuickJson, PlainBytesStopAtTheFirstThatIsNone) {
  for (size_t size = 0; size < 40; ++size) {
    for (int c = 0; c < 256; ++c) {
      const bool plain = c >= 0x20 && c != '"' && c != '\\';
      for (size_t at = 0; at < size; ++at) {
        for (const char other : {'a', '"', '\x7f', '\xff'}) {  // behind it
          std::string text(at, 'x');
          text += static_cast<char>(c);
          text.append(size - at - 1, other);
          const bool stops = other == '"' && at + 1 < size;
          ASSERT_EQ(PlainBytes(text, false), !plain ? at : stops ? at + 1 : size) << c << " at " << at;
          ASSERT_EQ(PlainBytes(text, true),
                    !plain || c >= 0x80 ? at : (stops || other == '\xff') && at + 1 < size ? at + 1 : size)
              << c << " at " << at;
        }
      }
    }
  }
}

Value Grown(SeededRandom& random, int depth) {
  static const char* const kKeys[] = {"a",  "b",      "#",        "$",      "$tandem", "$$tandem", "$tandemX",
                                      "\"", "é",      "a\\b",     "parts",  "type",    "source",   "\n"};
  switch (random.Below(depth > 3 ? 6 : 9)) {
    case 0: return Value();
    case 1: return random.Below(2) == 0;
    case 2: return static_cast<int64_t>(random.Below(1000)) - 500;
    case 3: return 0.5;
    case 4: return kKeys[random.Below(std::size(kKeys))] + std::string("x y, {[:\"\\\t}]");
    case 5: {
      if (random.Below(2) == 0) return Unknown{Type::kString, "a.b/C/d"};
      return Sensitive{{{true, "env:A"}, {false, "b"}}, "d", ""};
    }
    case 6: {
      List list;
      for (uint64_t i = random.Below(4); i > 0; --i) list.push_back(Grown(random, depth + 1));
      return list;
    }
    default: {
      Map map;
      for (uint64_t i = random.Below(5); i > 0; --i)
        map.insert_or_assign(kKeys[random.Below(std::size(kKeys))], Grown(random, depth + 1));
      return map;
    }
  }
}

// Every path of a value, and some beside it.
void EachPath(const Value& value, Path path, const std::function<void(const Path&)>& visit) {
  visit(path);
  for (const PathStep& beside : {PathStep{"b", -1}, PathStep{"$tandem", -1}, PathStep{"parts", -1}, PathStep{"", 1}}) {
    Path next = path;
    next.push_back(beside);
    visit(next);
  }
  if (value.is_list()) {
    for (size_t i = 0; i < value.as_list().size(); ++i) {
      Path next = path;
      next.push_back({"", static_cast<int64_t>(i)});
      EachPath(value.as_list()[i], next, visit);
    }
  } else if (value.is_map()) {
    for (const auto& [key, member] : value.as_map()) {
      Path next = path;
      next.push_back({key, -1});
      EachPath(member, next, visit);
    }
  }
}

TEST(QuickJson, AtIsWhatUnpackingShows) {
  SeededRandom random(5);
  int paths = 0, quick = 0;
  for (int round = 0; round < 3000; ++round) {
    const Value value = Grown(random, 0);
    const Packed packed = Packed::From(value);
    ASSERT_EQ(packed.Unpack(), value);
    EachPath(value, {}, [&](const Path& path) {
      ++paths;
      const Value* expected = FindAt(value, path);
      const std::optional<Value> found = packed.At(path);
      ASSERT_EQ(found.has_value(), expected != nullptr) << packed.json() << " at " << FormatPath(path);
      if (expected != nullptr) {
        ASSERT_EQ(*found, *expected) << packed.json() << " at " << FormatPath(path);
      }
      std::optional<Value> same;
      quick += FindQuickly(packed.json(), path, AsIs, &same);
    });
  }
  EXPECT_GT(quick, paths / 3) << "most are read without the whole";
}

}  // namespace
}  // namespace tandem
