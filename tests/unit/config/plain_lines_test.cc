// The quick reader against yaml-cpp: what it reads at all, it reads alike, to every offset.
#include "config/plain_lines.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tandem {
namespace {

class Log final : public YamlSink {
 public:
  bool OnNull(const NodeTraits& node) override { return Add("null", node, ""); }
  bool OnAlias(size_t at, uint64_t) override {
    text += fmt::format("alias {}\n", at);
    return true;
  }
  bool OnScalar(const NodeTraits& node, const std::string& value) override {
    return Add("scalar", node, value);
  }
  bool OnListStart(const NodeTraits& node) override { return Add("list", node, ""); }
  bool OnMapStart(const NodeTraits& node) override { return Add("map", node, ""); }
  bool OnListEnd() override { return Add("end of list", {}, ""); }
  bool OnMapEnd() override { return Add("end of map", {}, ""); }
  void OnExtra(size_t at) override { text += fmt::format("extra {}\n", at); }
  std::string text;

 private:
  bool Add(std::string_view what, const NodeTraits& node, const std::string& value) {
    text += fmt::format("{} {} '{}' {} {} {} [{}]\n", what, node.at, node.tag, node.quoted,
                        node.flow, node.anchor, value);
    return true;
  }
};

bool ReadsAlike(const std::string& text) {
  Log quick;
  if (!ReadPlainLines(text, quick)) {
    EXPECT_EQ(quick.text, "") << "told something of what it leaves to yaml-cpp:\n" << text;
    return false;
  }
  Log whole;
  const auto fault = ReadByYamlCpp(text, whole);
  EXPECT_FALSE(fault.has_value()) << fault->reason << " in\n" << text;
  EXPECT_EQ(quick.text, whole.text) << text;
  return true;
}

struct Case {
  const char* name;
  const char* text;
  bool plain;
};

class PlainLines : public testing::TestWithParam<Case> {};

TEST_P(PlainLines, ReadsAsYamlCppDoes) { EXPECT_EQ(ReadsAlike(GetParam().text), GetParam().plain); }

INSTANTIATE_TEST_SUITE_P(
    All, PlainLines,
    testing::Values(
        Case{"Members", "a: b\nc: 1\nd: true\n", true}, Case{"NoLastLineEnd", "a: b", true},
        Case{"Nested", "a:\n  b:\n    c: d\n  e: f\ng: h\n", true},
        Case{"ListAtTheKey", "a:\n- x\n- y\nb: z\n", true},
        Case{"ListBelowTheKey", "a:\n  - x\n  - y\nb: z\n", true},
        Case{"MapsInAList", "a:\n  - b: 1\n    c: 2\n  -   d: 3\n      e: 4\n", true},
        Case{"ListInAMapInAList", "a:\n- b:\n  - c\n  - d: e\n- f\n", true},
        Case{"Quoted", "a: \"b: #c\"\nd: 'e '\nf: ''\n", true},
        Case{"Blanks", "a:   b c   \n\n   \nd: e\n", true},
        Case{"CommentLines", "# one\na: b\n  # two\nc: # three\n  d: e\n", true},
        Case{"WordsOfNull", "a: null\nb: ~x\n", false}, Case{"Null", "a: null\nb: c\n", true},
        Case{"Template", "a: ${ref('x/Y/z').arn}\n", true}, Case{"Address", "a: b:c::d/e@f\n", true},
        Case{"MissingValue", "a:\nb: c\n", false}, Case{"MissingLast", "a: b\nc:\n", false},
        Case{"CommentBehind", "a: b # c\n", false}, Case{"TwoColons", "a: b: c\n", false},
        Case{"ColonAtTheEnd", "a: b:\n", false}, Case{"SecondLine", "a: b\n  c\n", false},
        Case{"DeeperMember", "a: b\n  c: d\n", false}, Case{"Between", "a:\n    b: c\n  d: e\n", false},
        Case{"Brackets", "a: {b: c}\n", false}, Case{"Anchor", "a: &b c\n", false},
        Case{"Block", "a: |\n  b\n", false}, Case{"Tab", "a:\tb\n", false},
        Case{"Escape", "a: \"b\\n\"\n", false}, Case{"TwoQuotes", "a: 'b''c'\n", false},
        Case{"BehindTheQuote", "a: 'b' c\n", false}, Case{"ManyLines", "a: 'b\n  c'\n", false},
        Case{"Dash", "a: -\n", false}, Case{"ListInAList", "a:\n- - b\n", false},
        Case{"Document", "--- \na: b\n", false}, Case{"Other", "a: \xC3\xA4\n", false},
        Case{"Text", "a\n", false}, Case{"Nothing", "", false}, Case{"OnlyComment", "# a\n", false},
        Case{"MapAfterAList", "a:\n- b\nc: d\n- e\n", false}, Case{"Return", "a: b\r\n", false}),
    [](const auto& info) { return info.param.name; });

// Documents of the right form, and the same with a few bytes changed.
TEST(PlainLinesAtRandom, ReadsAsYamlCppDoes) {
  std::mt19937 random(5);
  const auto below = [&](size_t bound) { return random() % bound; };
  static constexpr std::string_view kTexts[] = {
      "x",    "1",   "-1",   "0.5", "true",  "null",   "a b",    "a  b", "\"q\"", "'q r'", "''",
      "${a}", "a#b", "a:b",  "~",   "a,b",   "a [b]",  "/x.y",   "=",    "<<",    "b c  ", "+5",
      "(a)",  "$",   "a'b'", "a-b", "a - b", "a \"b\"", "a ? b", "a & b", "a | b"};
  static constexpr std::string_view kKeys[] = {"a", "b", "key", "a.b/c-d_e", "null", "1", "true", "A"};
  static constexpr std::string_view kBytes = "ab:- #'\"\n\n  0~.$/{}[]|>&*!%@`,?=<\t\\";
  const auto make = [&](const auto& self, size_t column, int depth, std::string& text) -> void {
    const std::string indent(column, ' ');
    for (size_t i = 0; i <= below(3); ++i) {
      if (below(8) == 0) text += below(2) == 0 ? "\n" : std::string(below(6), ' ') + "# a comment\n";
      if (i > 0 || text.empty() || text.back() == '\n') text += indent;
      text += std::string(kKeys[below(std::size(kKeys))]) + ":";
      const size_t kind = below(depth > 0 ? 4 : 2);
      if (kind <= 1) {
        text += " " + std::string(kTexts[below(std::size(kTexts))]) + "\n";
        continue;
      }
      text += below(6) == 0 ? " # why\n" : "\n";
      const size_t deeper = column + (kind == 2 ? 1 + below(3) : below(3));
      if (kind == 2) {
        self(self, deeper, depth - 1, text);
        continue;
      }
      for (size_t item = 0; item <= below(3); ++item) {
        const size_t blanks = 1 + below(2);
        text += std::string(deeper, ' ') + "-" + std::string(blanks, ' ');
        if (below(2) == 0) {
          text += std::string(kTexts[below(std::size(kTexts))]) + "\n";
        } else {
          self(self, deeper + 1 + blanks, depth - 1, text);
        }
      }
    }
  };
  int plain = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    make(make, 0, 3, text);
    for (size_t changes = below(3); changes > 0; --changes) {
      const size_t at = below(text.size());
      const char byte = kBytes[below(kBytes.size())];
      if (below(2) == 0) text[at] = byte;
      else text.insert(at, 1, byte);
    }
    plain += ReadsAlike(text) ? 1 : 0;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(plain, 5000) << "too few of them say anything";
}

}  // namespace
}  // namespace tandem
