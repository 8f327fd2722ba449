#include "tandem/config/parse.h"

#include <gtest/gtest.h>

#include "config/plain.h"
#include "tandem/codec/json.h"

namespace tandem {
namespace parse_test {

std::shared_ptr<const SourceText> TextOf(std::string text) {
  return std::make_shared<SourceText>(SourceText{"m.yaml", std::move(text)});
}

TEST(SplitDocuments, CutsAtMarkers) {
  struct Case {
    const char* name;
    const char* text;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {"one", "a: 1\n", {"a: 1\n"}},
      {"two", "a: 1\n---\nb: 2\n", {"a: 1\n", "b: 2\n"}},
      {"leading marker", "---\na: 1\n", {"a: 1\n"}},
      {"comment on the marker", "--- # x\na: 1\n", {"a: 1\n"}},
      {"content on the marker", "--- {a: 1}\n", {" {a: 1}\n"}},
      {"end mark", "a: 1\n...\nb: 2\n", {"a: 1\n", "b: 2\n"}},
      {"empty ones are dropped", "---\n---\n# only a comment\n---\n\n---\na: 1\n---\n", {"a: 1\n"}},
      {"nothing", "", {}},
      {"only comments", "# a\n\n  # b\n", {}},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a: 1\n",
       {"a: 1\n"}},
      {"byte order mark inside",
       "a: 1\n---\n\xEF\xBB\xBF"
       "b: 2\n",
       {"a: 1\n", "b: 2\n"}},
      {"crlf", "a: 1\r\n---\r\nb: 2\r\n", {"a: 1\r\n", "b: 2\r\n"}},
      {"longer dashes are content", "a: |\n  x\n----\n", {"a: |\n  x\n----\n"}},
      {"indented dashes are content", "a: |\n  ---\n", {"a: |\n  ---\n"}},
      {"version directive", "%YAML 1.2\n---\na: 1\n", {"a: 1\n"}},
      {"no newline at the end", "a: 1\n---\nb: 2", {"a: 1\n", "b: 2"}},
  };
  for (const Case& test : cases) {
    Diagnostics found;
    std::vector<std::string> parts;
    for (const DocumentText& text : SplitDocuments(TextOf(test.text), {}, found))
      parts.emplace_back(text.text());
    EXPECT_EQ(parts, test.parts) << test.name;
    EXPECT_TRUE(found.empty()) << test.name << FormatDiagnostics(found);
  }
}

TEST(SplitDocuments, SameTextHasTheSameDigestWhereverItStands) {
  Diagnostics found;
  const auto one = SplitDocuments(TextOf("a: 1\n"), {}, found);
  const auto two = SplitDocuments(TextOf("x: 1\n---\na: 1\n---\n# end\n"), {}, found);
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(one[0].digest, two[1].digest);
  EXPECT_NE(two[0].digest, two[1].digest);
}

TEST(SplitDocuments, BoundsTheirNumber) {
  ParseLimits limits;
  limits.documents = 2;
  Diagnostics found;
  EXPECT_EQ(SplitDocuments(TextOf("a: 1\n---\nb: 1\n---\nc: 1\n---\nd: 1\n"), limits, found).size(),
            2u);
  EXPECT_EQ(found.errors(), 1);
}

std::string Json(const std::string& yaml) {
  Diagnostics found;
  const auto tree = ParseYaml(TextOf(yaml), {}, found);
  if (!tree) return "none: " + (found.empty() ? "" : found.items()[0].summary);
  return ToCanonicalJson(tree->value);
}

TEST(ParseYaml, PlainWordsAreTexts) {
  for (const char* word : {"name", "truely", "trueno", "falsehood", "nullable", "Infinity", "yes", "e5", "x", "inf"}) {
    EXPECT_TRUE(IsPlainWord(word)) << word;
    EXPECT_EQ(ResolvePlain(word).value, Value(word)) << word;
  }
  for (const char* word : {"true", "True", "TRUE", "false", "FALSE", "null", "Null", "NULL", "~", "", "1", "-1", ".inf", "0o7"})
    EXPECT_FALSE(IsPlainWord(word)) << word;
}

TEST(ParseYaml, FollowsTheCoreSchema) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"[null, Null, NULL, ~, ]", "[null,null,null,null]"},
      {"- \n- a\n-\n", R"([null,"a",null])"},
      {"[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]"},
      {"[yes, no, on, off, y, n, tRue]", R"(["yes","no","on","off","y","n","tRue"])"},
      {"[0, -1, +12, 0o17, 0x1F, 9223372036854775807, -9223372036854775808]",
       "[0,-1,12,15,31,9223372036854775807,-9223372036854775808]"},
      {"[0o8, 0xg, 1_000, 1:30, -, +, ., --1, 0b1]",
       R"(["0o8","0xg","1_000","1:30","-","+",".","--1","0b1"])"},
      {"[1.5, .5, -2.5e3, 1e3, 5., e3, 1e, 1.2.3]", R"([1.5,0.5,-2500,1000,5,"e3","1e","1.2.3"])"},
      {"['1', \"true\", '~', \"\", '']", R"(["1","true","~","",""])"},
      {"a: |\n  1\nb: >-\n  true\n", R"({"a":"1\n","b":"true"})"},
      {"[!!str 1, !!int '2', !!float 3, !!bool 'true', !!null '', ! 4, !!str ]",
       R"(["1",2,3,true,null,"4",""])"},
      {"!!map {a: !!seq [1]}", R"({"a":[1]})"},
      {"a: &x [1, {b: 2}]\nc: *x\nd: [*x, &y 3, *y]\n",
       R"({"a":[1,{"b":2}],"c":[1,{"b":2}],"d":[[1,{"b":2}],3,3]})"},
      {"&k a: 1\nb: *k\n*k : 2", "none: duplicate key 'a'"},
      {"? a\n: b\n? c\n", R"({"a":"b","c":null})"},
      {"[a: 1, b: {c, d: }]", R"([{"a":1},{"b":{"c":null,"d":null}}])"},
      {"2001-01-01", R"("2001-01-01")"},
      {"a: \"\\u00fc\\n\"", R"({"a":"ü\n"})"},
      {"[.inf]", "none: an infinity is not a value"},
      {"[-.Inf]", "none: an infinity is not a value"},
      {"[.nan]", "none: 'not a number' is not a value"},
      {"[1e999]", "none: the number 1e999 is outside what a double holds"},
      {"[9223372036854775808]", "none: the integer 9223372036854775808 does not fit into 64 bits"},
      {"[0xFFFFFFFFFFFFFFFF]", "none: the integer 0xFFFFFFFFFFFFFFFF does not fit into 64 bits"},
      {"[!!int x]", "none: the tag '!!int' is not supported here"},
      {"!!seq {a: 1}", "none: the tag '!!seq' is not supported here"},
  };
  for (const auto& [yaml, json] : cases) EXPECT_EQ(Json(yaml), json) << yaml;
}

TEST(ParseYaml, LeadingZerosAreDecimalWithAWarning) {
  Diagnostics found;
  const auto tree = ParseYaml(TextOf("mode: 0644\nok: 0\n"), {}, found);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->value.Find("mode")->as_int(), 644);
  ASSERT_EQ(found.warnings(), 1);
  EXPECT_EQ(found.items()[0].detail, "quote it if it is an identifier; octal is written 0o644");
}

/// What `path` covers, with the key before it: "key=value".
std::string Covered(const YamlTree& tree, const char* path) {
  const auto cut = [&](const SourceRange& range) {
    return range.text->text.substr(range.begin, range.end - range.begin);
  };
  return cut(tree.RangeOf(path, true)) + "=" + cut(tree.RangeOf(path));
}

TEST(ParseYaml, KnowsWhereEveryPathIs) {
  struct Case {
    const char* name;
    const char* yaml;
    const char* path;
    const char* covered;
  };
  const std::vector<Case> cases = {
      {"plain", "a: 1  # c\nb: two words # c\n", "b", "b=two words"},
      {"plain on lines", "a: one\n  two\nb: 1\n", "a", "a=one\n  two"},
      {"quoted key", "'a b': \"x\\\"y\" # c\n", "[\"a b\"]", "'a b'=\"x\\\"y\""},
      {"nested", "a:\n  b:\n    c: 1\n  d: 2\n", "a.b.c", "c=1"},
      {"block map", "a:\n  b: 1\n  c: 2\nd: 3\n", "a", "a=b: 1\n  c: 2"},
      {"block list", "a:\n- x\n- y\nb: 1\n", "a", "a=- x\n- y"},
      {"item", "a:\n- x\n- y: 1\n  z: 2\n", "a[1]", "y: 1\n  z: 2=y: 1\n  z: 2"},
      {"flow list", "a: [1, [2, 3], # c ]\n  4, ]  \nb: 1\n", "a", "a=[1, [2, 3], # c ]\n  4, ]"},
      {"flow map", "a: { b: {c: }, d } # x\n", "a", "a={ b: {c: }, d }"},
      {"empty flow", "a: [ ]\n", "a", "a=[ ]"},
      {"tagged", "a: !!str 12\n", "a", "a=12"},
      {"anchored", "a: &x 12\nb: *x\n", "a", "a=12"},
      {"alias", "a: &x 12\nb: *x\n", "b", "b=*x"},
      {"inside an alias", "a: &x {c: 1}\nb: *x\n", "b.c", "b=b"},
      {"missing value", "a:\nb: 1\n", "a", "a=a"},
      {"missing value at the end", "a: 1\nb:", "b", "b=b"},
      {"null", "a: null\nb: ~\n", "a", "a=null"},
      {"tilde", "a: null\nb: ~\n", "b", "b=~"},
      {"missing item", "- a\n-\n- b\n", "[1]", "-=-"},
      {"literal", "a: |\n  x\n   y\n\nb: 1\n", "a", "a=|\n  x\n   y"},
      {"empty literal", "a: |\nb: 1\n", "a", "a=|\n"},
      {"not there", "a: {b: 1}\n", "a.x.y", "a=a"},
      {"second document", "x: 1\n", "x", "x=1"},
      {"explicit key", "? a\n: b\n", "a", "a=b"},
      {"single pair", "[a: 1, b: 2]", "[1].b", "b=2"},
      {"unicode", "\xC3\xBC: \xE2\x82\xAC # \xC3\xBC\n", "[\"\xC3\xBC\"]", "\xC3\xBC=\xE2\x82\xAC"},
      {"crlf", "a: x\r\nb: y\r\n", "b", "b=y"},
  };
  for (const Case& test : cases) {
    Diagnostics found;
    const auto tree = ParseYaml(TextOf(test.yaml), {}, found);
    ASSERT_TRUE(tree) << test.name << FormatDiagnostics(found);
    EXPECT_EQ(Covered(*tree, test.path), test.covered) << test.name;
  }
}

TEST(ParseYaml, ASecondDocumentIsRefusedWhereOneIsExpected) {
  EXPECT_EQ(Json("a: 1\n---\nb: 1\n"), "none: this file holds more than one document");
  EXPECT_EQ(Json("# nothing\n"), "none: this file is empty");
}

TEST(ParseDocument, ReadsTheMembersThatEveryDocumentHas) {
  Diagnostics found;
  const auto documents = ParseText(TextOf("# first\n"
                                        "apiVersion: apps/v1\n"
                                        "kind: Deployment\n"
                                        "metadata:\n"
                                        "  name: web\n"
                                        "  namespace: shop\n"
                                        "  labels: {app: web}\n"
                                        "  annotations: {tandem/account: eks}\n"
                                        "  generation: 3\n"
                                        "spec: {replicas: 2}\n"
                                        "status: {}\n"
                                        "---\n"
                                        "apiVersion: v1\n"
                                        "kind: ConfigMap\n"
                                        "metadata: {name: c, labels: }\n"
                                        "data: {a: b}\n"),
                                   {}, found);
  ASSERT_EQ(documents.size(), 2u) << FormatDiagnostics(found);
  EXPECT_TRUE(found.empty());
  EXPECT_EQ(documents[0].address().ToString(), "apps/Deployment/shop/web");
  EXPECT_EQ(documents[0].version, "v1");
  EXPECT_EQ(documents[0].Annotation("tandem/account"), "eks");
  EXPECT_EQ(documents[0].labels.at("app"), "web");
  EXPECT_EQ(documents[1].address().ToString(), "core/ConfigMap/c");
  // Positions count from the document's start.
  const SourceRange range = documents[1].RangeOf("data.a");
  EXPECT_EQ(range.text->text.substr(range.begin, range.end - range.begin), "b");
}

TEST(ParseDocument, TellsTheSameAtRest) {
  Diagnostics found;
  const std::string text =
      "# x\n---\napiVersion: v1\nkind: ConfigMap  # c\nmetadata: {name: c}\ndata: {a: b, $tandem: d}\n"
      "spec:\n  - &one {x: 1.5, y: [true, null, \"\\u00e4\"]}\n  - *one\n  - -9223372036854775808\n";
  const auto documents = ParseText(TextOf(text), {}, found);
  ASSERT_EQ(documents.size(), 1u) << FormatDiagnostics(found);
  const Document& awake = documents[0];
  Document resting = awake;
  PutToRest(resting);
  EXPECT_TRUE(resting.body.is_null());
  EXPECT_EQ(resting.positions, nullptr);
  EXPECT_EQ(resting.Body(), awake.body);
  EXPECT_EQ(resting.Spec(), *awake.body.Find("spec"));
  EXPECT_EQ(awake.Spec(), *awake.body.Find("spec"));
  for (const char* path : {"", "kind", "metadata.name", "data[\"$tandem\"]", "spec[0].y[2]", "spec[1]", "none.at.all"})
    for (const bool of_key : {false, true}) {
      const SourceRange is = resting.RangeOf(path, of_key), was = awake.RangeOf(path, of_key);
      EXPECT_EQ(is.text, was.text) << path;
      EXPECT_EQ(std::make_pair(is.begin, is.end), std::make_pair(was.begin, was.end)) << path;
    }
  Document bare = ParseText(TextOf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"), {}, found)[0];
  PutToRest(bare);
  EXPECT_EQ(bare.Spec(), Value());
}

TEST(ParseDocument, IsTheSameAfterItMoved) {
  Diagnostics found;
  const std::string text = "apiVersion: tandem/v1\nkind: Component\nmetadata: {name: a}\n";
  const auto one = ParseText(TextOf(text), {}, found);
  const auto two = ParseText(TextOf("# x\n---\n" + text), {}, found);
  ASSERT_EQ(two.size(), 1u);
  EXPECT_EQ(two[0].begin, 8u);
  EXPECT_EQ(*one[0].positions->Find("metadata.name"), *two[0].positions->Find("metadata.name"));
}

TEST(PositionTable, FindsThePlaceOfAPathOrOfItsNearestParent) {
  PositionTable table;
  const uint32_t spec = table.AddMember(PositionTable::kRoot, "spec", {0, 4, 6, 20});
  const uint32_t list = table.AddMember(spec, "a.b", {7, 8, 9, 10});
  table.AddItem(list, {1, 1, 1, 1});
  table.AddItem(list, {2, 2, 2, 2});
  EXPECT_EQ(table.Find("spec[\"a.b\"][1]")->key_begin, 2u);
  EXPECT_EQ(table.Find("spec[\"a.b\"][2]"), nullptr);
  EXPECT_EQ(table.Find("spec.x"), nullptr);
  bool exact = true;
  EXPECT_EQ(table.Nearest("spec.x.y", &exact).value_end, 20u);
  EXPECT_FALSE(exact);
}

TEST(ParseYaml, EscapesOfLatinOneAreUtf8) {
  Diagnostics found;
  const auto tree = ParseYaml(TextOf("a: \"x\\N\\_\xC3\xA9\\_\"\n"), {}, found);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->value.StringOr("a", ""), "x\xC2\x85\xC2\xA0\xC3\xA9\xC2\xA0");
}

}  // namespace parse_test
}  // namespace tandem
