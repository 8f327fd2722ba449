// The exact words for broken input, and that it never takes more than words.
#include <gtest/gtest.h>

#include "tandem/config/parse.h"

namespace tandem {
namespace diagnostics_test {

std::shared_ptr<const SourceText> Text(std::string text) {
  return std::make_shared<SourceText>(SourceText{"m.yaml", std::move(text)});
}

/// What ParseText says about `text`; how many documents it still gave is in `documents`.
std::string Said(std::string text, size_t* documents = nullptr) {
  Diagnostics found;
  const auto parsed = ParseText(Text(std::move(text)), {}, found);
  if (documents != nullptr) *documents = parsed.size();
  found.Sort();
  return FormatDiagnostics(found);
}

constexpr const char* kHead = "apiVersion: tandem/v1\nkind: Component\nmetadata: {name: a}\n";

struct Case {
  const char* name;
  std::string text;
  const char* said;
};

class Broken : public testing::TestWithParam<Case> {};

TEST_P(Broken, SaysWhereAndWhatToDo) {
  size_t documents = 0;
  EXPECT_EQ(Said(GetParam().text, &documents), GetParam().said);
  EXPECT_EQ(documents, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Yaml, Broken,
    testing::Values(
        Case{"Tab", "a:\n\tb: 1\n",
             "error: a tab in the indentation\n"
             "  --> m.yaml:2:1\n"
             "   |\n"
             " 2 |  b: 1\n"
             "   | ^\n"
             "   = YAML is indented with spaces only\n"},
        Case{
            "Indentation", "a:\n  b: 1\n c: 2\n",
            "error: this line does not fit the structure above it\n"
            "  --> m.yaml:3:2\n"
            "   |\n"
            " 3 |  c: 2\n"
            "   |  ^\n"
            "   = members of one map, and items of one list, start in the same column; a member is "
            "'key: value'\n"},
        Case{"UnclosedQuote", "a: 1\nb: \"abc\nc: 2\n",
             "error: this quote is never closed\n"
             "  --> m.yaml:2:4\n"
             "   |\n"
             " 2 | b: \"abc\n"
             "   |    ^\n"
             "   = add the closing \"; inside it, \" is written \\\"\n"},
        Case{"UnclosedBracket", "a: [1, 2\nb: 3\n",
             "error: this '[' is never closed\n"
             "  --> m.yaml:1:4\n"
             "   |\n"
             " 1 | a: [1, 2\n"
             "   |    ^\n"
             "   = add the closing ']', or the ',' that is missing between two entries\n"},
        Case{"ColonInText", "a: b: c\n",
             "error: a ': ' is not allowed here\n"
             "  --> m.yaml:1:5\n"
             "   |\n"
             " 1 | a: b: c\n"
             "   |     ^\n"
             "   = quote the text if the ':' is part of it; else check the indentation of this "
             "line\n"},
        Case{"TextAfterTheDocument", "{a: 1} b\n",
             "error: this does not belong to the value before it\n"
             "  --> m.yaml:1:8\n"
             "   |\n"
             " 1 | {a: 1} b\n"
             "   |        ^\n"
             "   = check the indentation, or start a new document with a line '---'\n"},
        // yaml-cpp sends documents without end for this.
        Case{"BracketAfterTheDocument", "o #\n, g: g: }\n",
             "error: this does not belong to the value before it\n"
             "  --> m.yaml:2:1\n"
             "   |\n"
             " 2 | , g: g: }\n"
             "   | ^\n"
             "   = check the indentation, or start a new document with a line '---'\n"},
        Case{"DuplicateKeys", std::string(kHead) + "spec:\n  title: x\n  site: aws\n  title: y\n",
             "error: duplicate key 'title'\n"
             "  --> m.yaml:7:3\n"
             "   |\n"
             " 7 |   title: y\n"
             "   |   ^^^^^\n"
             "   = the first is at m.yaml:5:3; remove one of them\n"},
        Case{"MergeKey", "a: &a {b: 1}\nc:\n  <<: *a\n",
             "error: merge keys ('<<') are not supported\n"
             "  --> m.yaml:3:3\n"
             "   |\n"
             " 3 |   <<: *a\n"
             "   |   ^^\n"
             "   = YAML 1.2 has none; write the members out\n"},
        Case{"NumberAsKey", "8080: x\n",
             "error: a key must be a text, and 8080 is none\n"
             "  --> m.yaml:1:1\n"
             "   |\n"
             " 1 | 8080: x\n"
             "   | ^^^^\n"
             "   = quote it: \"8080\"\n"},
        Case{"LocalTag", "a: !Ref x\n",
             "error: the tag '!Ref' is not supported here\n"
             "  --> m.yaml:1:4\n"
             "   |\n"
             " 1 | a: !Ref x\n"
             "   |    ^^^^\n"
             "   = !!str, !!int, !!float, !!bool, !!null, !!map and !!seq are, before a value of "
             "that "
             "type; quote a text that starts with '!'\n"},
        Case{"InvalidUtf8", "a: 1\nb: \xC3\x28\n",
             "error: byte 0xC3 is not valid UTF-8\n"
             "  --> m.yaml:2:4\n"
             "   |\n"
             " 2 | b: ?(\n"
             "   |    ^\n"
             "   = save the file as UTF-8\n"},
        Case{"Nul", std::string("a: \0b\n", 6),
             "error: a NUL byte: this is not a text file\n"
             "  --> m.yaml:1:4\n"
             "   |\n"
             " 1 | a: ?b\n"
             "   |    ^\n"
             "   = remove it, or leave this file out\n"},
        // yaml-cpp takes the byte 0x04 for the end of the text.
        Case{"EndOfTransmission", "a: 1\n\x04\nb: 2\n",
             "error: control character 0x04\n"
             "  --> m.yaml:2:1\n"
             "   |\n"
             " 2 | ?\n"
             "   | ^\n"
             "   = write it as an escape in a double-quoted string\n"},
        Case{"SelfReference", "a: &a [*a]\n",
             "error: this alias refers to the collection that it is part of\n"
             "  --> m.yaml:1:8\n"
             "   |\n"
             " 1 | a: &a [*a]\n"
             "   |        ^^\n"
             "   = a value cannot contain itself\n"},
        Case{"UnknownAlias", "a: *b\n",
             "error: this alias names an anchor that does not exist\n"
             "  --> m.yaml:1:4\n"
             "   |\n"
             " 1 | a: *b\n"
             "   |    ^\n"
             "   = an anchor '&name' comes before its aliases, in the same document; quote a text "
             "that "
             "starts with '*'\n"}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Document, Broken,
    testing::Values(
        Case{"List", "- a\n",
             "error: a document is a map, and this is a list\n"
             "  --> m.yaml:1:1\n"
             "   |\n"
             " 1 | - a\n"
             "   | ^^^\n"
             "   = it starts with 'apiVersion:', 'kind:' and 'metadata:'\n"},
        Case{"UnknownTopKey", std::string(kHead) + "specs: {}\n",
             "error: unknown field 'specs'\n"
             "  --> m.yaml:4:1\n"
             "   |\n"
             " 4 | specs: {}\n"
             "   | ^^^^^\n"
             "   = in tandem/Component/a\n"
             "   = did you mean 'spec'?\n"},
        Case{"MisspelledRequiredKeys", "apiversion: tandem/v1\nKind: A\nmetadata: {nam: x}\n",
             "error: unknown field 'apiversion'\n"
             "  --> m.yaml:1:1\n"
             "   |\n"
             " 1 | apiversion: tandem/v1\n"
             "   | ^^^^^^^^^^\n"
             "   = did you mean 'apiVersion'?\n"
             "\n"
             "error: unknown field 'Kind'\n"
             "  --> m.yaml:2:1\n"
             "   |\n"
             " 2 | Kind: A\n"
             "   | ^^^^\n"
             "   = did you mean 'kind'?\n"
             "\n"
             "error: unknown field 'nam'\n"
             "  --> m.yaml:3:12\n"
             "   |\n"
             " 3 | metadata: {nam: x}\n"
             "   |            ^^^\n"
             "   = did you mean 'name'?\n"},
        Case{"UnknownMetadataKey",
             "apiVersion: ec2.aws/v1\nkind: VPC\nmetadata: {name: a, anotations: {}}\n",
             "error: unknown field 'anotations'\n"
             "  --> m.yaml:3:21\n"
             "   |\n"
             " 3 | metadata: {name: a, anotations: {}}\n"
             "   |                     ^^^^^^^^^^\n"
             "   = in ec2.aws/VPC/a\n"
             "   = did you mean 'annotations'?\n"},
        Case{"NothingThere", "a: 1\n",
             "error: apiVersion is missing\n"
             "  --> m.yaml:1:1\n"
             "   |\n"
             " 1 | a: 1\n"
             "   | ^^^^\n"
             "\n"
             "error: kind is missing\n"
             "  --> m.yaml:1:1\n"
             "   |\n"
             " 1 | a: 1\n"
             "   | ^^^^\n"
             "\n"
             "error: metadata is missing\n"
             "  --> m.yaml:1:1\n"
             "   |\n"
             " 1 | a: 1\n"
             "   | ^^^^\n"},
        Case{"NamesThatAreNoPartOfAnAddress",
             "apiVersion: tandem/v1\nkind: Component\nmetadata: {name: a/b}\n---\n"
             "apiVersion: tandem/v1\nkind: Component\nmetadata: {name: a@b, namespace: \"c d\"}\n---\n"
             "apiVersion: tandem/v1\nkind: Component\nmetadata: {name: \"a\\e[2K\"}\n",
             "error: metadata.name has '/' in it\n"
             "  --> m.yaml:3:18\n"
             "   |\n"
             " 3 | metadata: {name: a/b}\n"
             "   |                  ^^^\n"
             "   = it is part of the address, so it holds no '/', '@', space or control character\n"
             "\n"
             "error: metadata.name has '@' in it\n"
             "  --> m.yaml:7:18\n"
             "   |\n"
             " 7 | metadata: {name: a@b, namespace: \"c d\"}\n"
             "   |                  ^^^\n"
             "   = it is part of the address, so it holds no '/', '@', space or control character\n"
             "\n"
             "error: metadata.namespace has a space in it\n"
             "  --> m.yaml:7:34\n"
             "   |\n"
             " 7 | metadata: {name: a@b, namespace: \"c d\"}\n"
             "   |                                  ^^^^^\n"
             "   = it is part of the address, so it holds no '/', '@', space or control character\n"
             "\n"
             "error: metadata.name has a control character in it\n"
             "   --> m.yaml:11:18\n"
             "    |\n"
             " 11 | metadata: {name: \"a\\e[2K\"}\n"
             "    |                  ^^^^^^^^\n"
             "    = it is part of the address, so it holds no '/', '@', space or control character\n"},
        Case{"WrongTypes",
             "apiVersion: tandem/v1\nkind: Component\n"
             "metadata:\n  name: 12\n  labels: [a]\n  annotations: {a: true, b: , c: {}}\n",
             "error: metadata.name must be a string, not int\n"
             "  --> m.yaml:4:9\n"
             "   |\n"
             " 4 |   name: 12\n"
             "   |         ^^\n"
             "   = quote it\n"
             "\n"
             "error: metadata.labels must be a map, not list\n"
             "  --> m.yaml:5:11\n"
             "   |\n"
             " 5 |   labels: [a]\n"
             "   |           ^^^\n"
             "\n"
             "error: metadata.annotations 'a' must be a string, not bool\n"
             "  --> m.yaml:6:20\n"
             "   |\n"
             " 6 |   annotations: {a: true, b: , c: {}}\n"
             "   |                    ^^^^\n"
             "   = quote it\n"
             "\n"
             "error: metadata.annotations 'b' must be a string, not null\n"
             "  --> m.yaml:6:26\n"
             "   |\n"
             " 6 |   annotations: {a: true, b: , c: {}}\n"
             "   |                          ^\n"
             "   = write \"\" for an empty one\n"
             "\n"
             "error: metadata.annotations 'c' must be a string, not map\n"
             "  --> m.yaml:6:34\n"
             "   |\n"
             " 6 |   annotations: {a: true, b: , c: {}}\n"
             "   |                                  ^^\n"}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(Bounds, AliasBomb) {
  std::string text = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (char c = 'b'; c < 'i'; ++c) {
    text += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) text += std::string(i == 0 ? "" : ", ") + '*' + char(c - 1);
    text += "]\n";
  }
  EXPECT_EQ(Said(text),
            "error: the aliases of this document stand for more than 100000 values\n"
            "  --> m.yaml:6:8\n"
            "   |\n"
            " 6 | f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]\n"
            "   |        ^^\n"
            "   = aliases of aliases multiply; write the values out\n");
}

TEST(Bounds, AliasesAreCounted) {
  std::string text = "a: &a 1\nb:\n";
  for (int i = 0; i < 101; ++i) text += "- *a\n";
  EXPECT_EQ(Said(text).substr(0, 66),
            "error: more than 100 aliases in one document\n    --> m.yaml:103:3\n");
}

TEST(Bounds, AliasesDoNotHideDepth) {
  std::string text = "a: &a " + std::string(60, '[') + std::string(60, ']') +
                     "\nb: " + std::string(60, '[') + "*a" + std::string(60, ']') + "\n";
  EXPECT_EQ(Said(text).substr(0, 55), "error: maps and lists are nested deeper than 100 levels");
}

TEST(Bounds, DepthIsLimitedWithoutRecursion) {
  const int n = 100'000;
  std::string flow_maps;
  std::string block_items;
  std::string explicit_keys;
  for (int i = 0; i < n; ++i) {
    flow_maps += "{a: ";
    block_items += "- ";
    explicit_keys += "? ";
  }
  const std::string open(n, '[');
  for (const std::string& text :
       {open, open + std::string(n, ']'), "a: " + open, "a: " + open + std::string(n, ']'),
        flow_maps, block_items, block_items + "x"}) {
    EXPECT_EQ(Said(text).substr(0, 56), "error: maps and lists are nested deeper than 100 levels\n")
        << text.substr(0, 20);
  }
  EXPECT_EQ(Said(explicit_keys).substr(0, 38), "error: a key must be a text, not a map");
  std::string indented;
  for (int i = 0; i < 1400; ++i) indented += std::string(i, ' ') + "a:\n";
  EXPECT_EQ(Said(indented).substr(0, 56),
            "error: maps and lists are nested deeper than 100 levels\n");
}

TEST(Bounds, ADepthOfAHundredIsFine) {
  Diagnostics found;
  const auto good =
      ParseYaml(Text(std::string(100, '[') + std::string(100, ']')), ParseLimits(), found);
  EXPECT_TRUE(good.has_value()) << FormatDiagnostics(found);
}

TEST(Bounds, AHugeScalarIsRefusedBeforeItIsParsed) {
  size_t documents = 0;
  const std::string said =
      Said("a: " + std::string(100'000'000, 'x') + "\n---\n" + kHead, &documents);
  EXPECT_EQ(documents, 1u) << "the other document is still read";
  EXPECT_EQ(said.substr(0, 80),
            "error: this document has 100000004 bytes; the limit is 1048576\n  --> m.yaml:1:1\n");
}

TEST(Bounds, ErrorsOfOneDocumentAreLimited) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "a: 1\n";
  Diagnostics found;
  ParseText(Text(text), {}, found);
  EXPECT_EQ(found.errors(), 20);
}

TEST(Documents, OneBrokenDocumentDoesNotHideTheOthers) {
  size_t documents = 0;
  const std::string said =
      Said(std::string(kHead) + "---\na: [\n---\n" + kHead + "---\nb: ]\n", &documents);
  EXPECT_EQ(documents, 2u);
  EXPECT_NE(said.find("m.yaml:5:4"), std::string::npos) << said;
  EXPECT_NE(said.find("m.yaml:11:4"), std::string::npos) << said;
}

}  // namespace diagnostics_test
}  // namespace tandem
