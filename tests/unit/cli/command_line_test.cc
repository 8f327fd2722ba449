#include <gtest/gtest.h>

#include <sstream>

#include "cli/command.h"

namespace tandem {
namespace {

struct Told {
  int code = 0;
  std::string err;
};

Told Tandem(std::vector<std::string> words) {
  words.insert(words.begin(), "tandem");
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  std::istringstream in;
  std::ostringstream out, err;
  Console console;
  console.in = &in;
  console.out = &out;
  console.err = &err;
  Told told;
  told.code = RunCommandLine(static_cast<int>(pointers.size()), pointers.data(), console);
  told.err = err.str();
  return told;
}

TEST(CommandLine, WhatLooksLikeAListIsOneWordAsItIsWritten) {
  struct Case {
    const char* name;
    std::vector<std::string> words;
    const char* told;
  };
  const Case cases[] = {
      {"an option that repeats", {"validate", "-f", "[a,b]"}, "error: [a,b]: no such file"},
      {"an option that does not", {"fmt", "none", "--address", "[a,b]"}, "cannot read none"},
      {"an argument", {"fmt", "[\"a\",\"b\"]"}, "cannot read [\"a\",\"b\"]"},
      {"an empty list", {"fmt", "[]"}, "cannot read []"},
      {"a list of lists", {"fmt", "[[1],[2]]"}, "cannot read [[1],[2]]"},
      {"a word that nobody expects", {"validate", "[a]"}, "was not expected: [a]\n"},
      {"a byte of ours that is the user's", {"fmt", "\x1f[a]"}, "cannot read \x1f[a]"},
      {"a value that is looked at", {"undo", "[1]"}, "'[1]' is no revision"},
      {"a value that is told", {"explain", "[x]", "--schemas", "[none]"}, "error: [none]"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Told told = Tandem(c.words);
    EXPECT_NE(told.code, kExitOk);
    EXPECT_NE(told.err.find(c.told), std::string::npos) << told.err;
  }
}

TEST(CommandLine, ABudgetBelowZeroIsToldInShort) {
  const Told told = Tandem({"plan", "-f", "model.yaml", "--delete-budget", "-1"});
  EXPECT_EQ(told.code, kExitConfiguration);
  EXPECT_EQ(told.err.substr(0, told.err.find('\n')), "--delete-budget: must be 0 or more");
}

TEST(CommandLine, ACommandThatThereIsNotIsToldWithTheNearest) {
  const struct {
    std::vector<std::string> words;
    const char* told;
  } cases[] = {
      {{"aply", "-f", "x"}, "error: there is no command 'aply'; did you mean 'apply'? See tandem --help\n"},
      {{"frobnicate"}, "error: there is no command 'frobnicate'. See tandem --help\n"},
      {{"import", "mermaidd", "x"},
       "error: there is no command 'mermaidd' of import; did you mean 'mermaid'? See tandem import --help\n"},
      {{}, "A subcommand is required\nRun with --help for more information.\n"},
  };
  for (const auto& c : cases) {
    const Told told = Tandem(c.words);
    EXPECT_EQ(told.err, c.told);
    EXPECT_EQ(told.code, kExitConfiguration);
  }
}

TEST(CommandLine, AFormThatACommandDoesNotHaveIsRefusedBeforeAnythingIsDone) {
  const struct {
    std::vector<std::string> words;
    const char* told;
  } cases[] = {
      {{"get", "resources", "-o", "jsn"}, "error: 'jsn' is no output form of get; did you mean 'json'?\n"},
      {{"plan", "-f", "nowhere", "-o", "png"},
       "error: 'png' is no output form of plan; one of text, table, markdown, json, yaml\n"},
      {{"apply", "-f", "nowhere", "-o", "json"}, "The following argument was not expected: -o"},
      {{"watch", "--output", "yaml"}, "error: 'yaml' is no output form of watch; one of text, table, json\n"},
      {{"version", "-o", "wide"}, "error: 'wide' is no output form of version; one of yaml, json\n"},
      {{"explain", "-o", "json"}, "The following argument was not expected: -o"}};
  for (const auto& c : cases) {
    const Told told = Tandem(c.words);
    EXPECT_EQ(told.code, kExitConfiguration) << told.err;
    EXPECT_EQ(told.err.substr(0, std::string(c.told).size()), c.told);
  }
}

TEST(CommandLine, AnArgumentThatIsNotUtf8IsRefused) {
  const Told told = Tandem({"get", "re-\xff\xff"});
  EXPECT_EQ(told.code, kExitConfiguration);
  EXPECT_EQ(told.err, "error: argument 2 is not valid UTF-8: byte 0xFF behind 're-'\n");
  EXPECT_EQ(Tandem({"why", "a\xc3"}).code, kExitConfiguration);
  EXPECT_NE(Tandem({"fmt", "/nowhere/ü"}).err.find("/nowhere/ü"), std::string::npos);
}

}  // namespace
}  // namespace tandem
