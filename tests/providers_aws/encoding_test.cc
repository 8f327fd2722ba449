#include "providers/aws/wire/encoding.h"

#include <gtest/gtest.h>

#include "providers/aws/wire/json_text.h"
#include "providers/aws/wire/xml.h"

namespace tandem::aws {
namespace {

TEST(PercentEncode, EscapesAllButUnreserved) {
  EXPECT_EQ(PercentEncode("aZ09-._~ /+é"), "aZ09-._~%20%2F%2B%C3%A9");
  EXPECT_EQ(PercentEncode("a/b c", "/"), "a/b%20c");
  EXPECT_EQ(PercentDecode("a%2Fb%2fc%zz%4"), "a/b/c%zz%4");
  EXPECT_EQ(PercentDecode(PercentEncode("x%y&=\n")), "x%y&=\n");
}

TEST(IsUtf8, KnowsOverlongAndSurrogates) {
  struct Case {
    const char* name;
    std::string bytes;
    bool good;
  };
  const Case cases[] = {{"empty", "", true},
                        {"plain", "abc", true},
                        {"four bytes", "\xF0\x9F\x98\x80", true},
                        {"last point", "\xF4\x8F\xBF\xBF", true},
                        {"beyond", "\xF4\x90\x80\x80", false},
                        {"overlong slash", "\xC0\xAF", false},
                        {"overlong three", "\xE0\x80\xAF", false},
                        {"surrogate", "\xED\xA0\x80", false},
                        {"cut", "\xE2\x82", false},
                        {"stray", "\x80", false}};
  for (const Case& test : cases) EXPECT_EQ(IsUtf8(test.bytes), test.good) << test.name;
}

TEST(Timestamps, AreWrittenInThreeForms) {
  const int64_t whole = 1'422'172'800'000'000;
  EXPECT_EQ(FormatTimestamp(whole, TimestampFormat::kIso8601), "2015-01-25T08:00:00Z");
  EXPECT_EQ(FormatTimestamp(whole, TimestampFormat::kRfc822), "Sun, 25 Jan 2015 08:00:00 GMT");
  EXPECT_EQ(FormatTimestamp(whole, TimestampFormat::kUnix), "1422172800");
  EXPECT_EQ(FormatTimestamp(whole + 500'000, TimestampFormat::kIso8601),
            "2015-01-25T08:00:00.500000Z");
  EXPECT_EQ(FormatTimestamp(whole + 500'000, TimestampFormat::kUnix), "1422172800.5");
  EXPECT_EQ(FormatTimestamp(-1, TimestampFormat::kIso8601), "1969-12-31T23:59:59.999999Z");
}

TEST(Timestamps, AreReadInEveryForm) {
  struct Case {
    const char* text;
    std::optional<Value> value;
  };
  const Case cases[] = {{"2015-01-25T08:00:00Z", Value(1422172800)},
                        {"2015-01-25T09:00:00+01:00", Value(1422172800)},
                        {"2015-01-25T08:00:00.5Z", Value(1422172800.5)},
                        {"Sun, 25 Jan 2015 08:00:00 GMT", Value(1422172800)},
                        {"Sun, 25 Jan 2015 08:00:00.123 GMT", Value(1422172800.123)},
                        {" 1422172800 ", Value(1422172800)},
                        {"1.4221728E9", Value(1422172800)},
                        {"Sun, 25 Foo 2015 08:00:00 GMT", std::nullopt},
                        {"Sun, 25 Jan 2015 08:00:00 CET", std::nullopt},
                        {"1e300", std::nullopt},
                        {"NaN", std::nullopt},
                        {"", std::nullopt},
                        {"soon", std::nullopt}};
  for (const Case& test : cases) EXPECT_EQ(ParseTimestamp(test.text), test.value) << test.text;
  EXPECT_EQ(*TimeMicros(Value("2015-01-25T08:00:00Z")), 1'422'172'800'000'000);
  EXPECT_EQ(*TimeMicros(Value(1.5)), 1'500'000);
  for (const Value& bad : {Value(1e300), Value(true), Value("noon"), Value(int64_t{1} << 60)})
    EXPECT_FALSE(TimeMicros(bad).ok());
}

TEST(Numbers, AreReadWholeOrNotAtAll) {
  EXPECT_EQ(ParseInt(" +42 "), 42);
  EXPECT_EQ(ParseInt("-9223372036854775808"), INT64_MIN);
  for (const char* bad : {"", "1.0", "1x", "9223372036854775808", "+-1", "0x1"})
    EXPECT_FALSE(ParseInt(bad).has_value()) << bad;
  EXPECT_EQ(ParseFloat("1.5e3"), Value(1500.0));
  EXPECT_EQ(ParseFloat("-Infinity"), Value("-Infinity"));
  for (const char* bad : {"", "inf", "nan", "1.5x", "1e999", "0x1p3"})
    EXPECT_FALSE(ParseFloat(bad).has_value()) << bad;
  EXPECT_EQ(DoubleText(1.0), "1.0");
  EXPECT_EQ(DoubleText(0.1), "0.1");
  EXPECT_EQ(DoubleText(1e300), "1e+300");
}

TEST(Blobs, AreTextOrMarkedBase64) {
  EXPECT_EQ(BlobValue("abc"), Value("abc"));
  const std::string bytes("\x00\xFF", 2);
  EXPECT_EQ(BlobValue(bytes), Value(Map{{"$base64", "AP8="}}));
  EXPECT_EQ(*BlobBytes(BlobValue(bytes)), bytes);
  EXPECT_FALSE(BlobBytes(Value(Map{{"$base64", "?"}})).ok());
}

TEST(WireJson, ReservesNoKeyAndBoundsDepth) {
  const auto value = ParseWireJson(R"({"$tandem":"unknown","a":1,"a":[18446744073709551615,1.5]})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, Value(Map{{"$tandem", "unknown"}, {"a", List{18446744073709551616.0, 1.5}}}));
  std::string out;
  AppendWireJson(Map{{"$tandem", "q\"\n\x01"}, {"b", List{true, Value(), 2.0}}}, out);
  EXPECT_EQ(out, "{\"$tandem\":\"q\\\"\\n\\u0001\",\"b\":[true,null,2.0]}");
  for (const std::string& bad : {std::string(""), std::string("{"), std::string("1 2"),
                                 std::string("\"\xff\""), std::string("1e999"), std::string(200, '['),
                                 std::string(101, '[') + std::string(101, ']')})
    EXPECT_FALSE(ParseWireJson(bad).ok()) << bad.substr(0, 20);
  EXPECT_TRUE(ParseWireJson(std::string(100, '[') + std::string(100, ']')).ok());
}

TEST(Xml, ReadsElementsTextAndAttributes) {
  const auto root = ParseXml(
      "<?xml version=\"1.0\"?><a xmlns=\"u\" x:t=\"1 &amp; 2\"><x:b>one</x:b><b>t&lt;<![CDATA[<o>]]>"
      "</b></a>");
  ASSERT_TRUE(root.ok()) << root.status().ToString();
  EXPECT_EQ(*root->Attribute("xsi:t"), "1 & 2");
  EXPECT_EQ(root->Children("b").size(), 2u);
  EXPECT_EQ(root->Child("b")->text, "one");
  EXPECT_EQ(root->children[1].text, "t<<o>");
  EXPECT_EQ(root->Child("c"), nullptr);
}

TEST(Xml, RefusesEntitiesDepthAndGarbage) {
  struct Case {
    const char* name;
    std::string text;
  };
  std::string deep;
  for (int i = 0; i < 101; ++i) deep += "<a>";
  const Case cases[] = {
      {"empty", ""},
      {"html", "<!DOCTYPE html><html><body><p>Bad Gateway</body></html>"},
      {"entities", "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>"},
      {"external", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"},
      {"torn", "<a><b>1</b>"},
      {"two roots", "<a/><b/>"},
      {"bad UTF-8", "<a>\xff</a>"},
      {"deep", deep},
      {"json", "{\"a\":1}"}};
  for (const Case& test : cases) EXPECT_FALSE(ParseXml(test.text).ok()) << test.name;
}

TEST(Xml, WhatIsWrittenReadsBack) {
  XmlElement element{"a", "", {{"k", "<\"&\n\t>"}}, {{"b", " x\r\n&]]> ", {}, {}}, {"c", "", {}, {}}}};
  std::string text;
  AppendXml(element, text);
  const auto back = ParseXml(text);
  ASSERT_TRUE(back.ok()) << text;
  EXPECT_EQ(back->attributes, element.attributes);
  EXPECT_EQ(back->children[0].text, element.children[0].text);
  EXPECT_NE(text.find("<c/>"), std::string::npos);
}

}  // namespace
}  // namespace tandem::aws
