// The file beside the store that tells how far it had come (R12).
#include "daemon/witness.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/temp_folder.h"

namespace tandem {
namespace {

class Witness : public ::testing::Test {
 protected:
  static constexpr size_t kSlot = 4096;

  void Put(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }
  std::string Text() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string Slot(std::string text) {
    text.resize(kSlot - 1, ' ');
    return text + "\n";
  }
  void ExpectDamaged(const char* name) {
    const Result<std::optional<WitnessMark>> read = ReadWitness(path_);
    ASSERT_FALSE(read.ok()) << name;
    EXPECT_EQ(read.status().code(), Code::kDataLoss) << name;
    EXPECT_NE(read.status().message().find(path_), std::string::npos) << name;
  }

  const TempFolder folder_;
  const std::string path_ = folder_.path() + "/witness";
};

TEST_F(Witness, R12_NoFileIsNoWitness) {
  const Result<std::optional<WitnessMark>> read = ReadWitness(path_);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_FALSE(read->has_value());
}

TEST_F(Witness, R12_WhatWasWrittenLastIsRead) {
  for (const WitnessMark& mark : {WitnessMark{"uid-1", 1}, WitnessMark{"uid-1", 41}, WitnessMark{"uid-1", 7}}) {
    ASSERT_TRUE(WriteWitness(path_, mark).ok());
    const Result<std::optional<WitnessMark>> read = ReadWitness(path_);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    ASSERT_TRUE(read->has_value());
    EXPECT_EQ(**read, mark);
  }
  struct stat about {};
  ASSERT_EQ(stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  EXPECT_NE(access((path_ + ".new").c_str(), F_OK), 0) << "a draft is left";
}

TEST_F(Witness, R12_ADamagedFileIsNeverTakenForNone) {
  struct Case {
    const char* name;
    const char* text;
  };
  const Case cases[] = {{"empty", ""},
                        {"cut", "{\"number\":12,\"ui"},
                        {"without its check", "{\"number\":12,\"turn\":1,\"uid\":\"uid-1\"}"},
                        {"a list", "[12]"},
                        {"something else", "12\n"}};
  for (const Case& c : cases) {
    Put(c.text);
    ExpectDamaged(c.name);
    // As long as a file of ours.
    Put(Slot(c.text) + Slot(c.text));
    ExpectDamaged(c.name);
  }
}

TEST_F(Witness, R12_ATornWriteLeavesTheMarkBeforeIt) {
  for (int64_t number = 1; number <= 4; ++number)
    ASSERT_TRUE(WriteWitness(path_, {"uid-1", number}).ok());
  const std::string whole = Text();
  ASSERT_EQ(whole.size(), 2 * kSlot);
  const size_t latest = whole.find("\"number\":4") < kSlot ? 0 : kSlot;
  // Each byte of its text, turned into another one.
  for (size_t at = latest; whole[at] != ' '; ++at) {
    std::string torn = whole;
    torn[at] ^= 1;
    Put(torn);
    const Result<std::optional<WitnessMark>> read = ReadWitness(path_);
    ASSERT_TRUE(read.ok()) << at;
    EXPECT_EQ(**read, (WitnessMark{"uid-1", 3})) << at;
  }
  // What is written next takes the damaged one's place.
  ASSERT_TRUE(WriteWitness(path_, {"uid-1", 5}).ok());
  EXPECT_EQ(**ReadWitness(path_), (WitnessMark{"uid-1", 5}));
  EXPECT_NE(Text().find("\"number\":3"), std::string::npos);
}

TEST_F(Witness, R12_AnotherPlatformsMarkIsTheLatestThoughItsNumberIsLess) {
  ASSERT_TRUE(WriteWitness(path_, {"uid-1", 40}).ok());
  ASSERT_TRUE(WriteWitness(path_, {"uid-2", 1}).ok());
  EXPECT_EQ(**ReadWitness(path_), (WitnessMark{"uid-2", 1}));
}

TEST_F(Witness, R12_ADamagedFileIsReplaced) {
  for (const std::string& text : {std::string("{}"), Slot("{}") + Slot("")}) {
    Put(text);
    ASSERT_TRUE(WriteWitness(path_, {"uid-1", 5}).ok());
    EXPECT_EQ(**ReadWitness(path_), (WitnessMark{"uid-1", 5}));
  }
}

TEST_F(Witness, R12_AWriteThatFailsLeavesTheOldOne) {
  // A folder stands where the draft should be.
  ASSERT_EQ(mkdir((path_ + ".new").c_str(), 0700), 0);
  EXPECT_FALSE(WriteWitness(path_, {"uid-1", 4}).ok());
  EXPECT_FALSE(ReadWitness(path_)->has_value());
  ASSERT_EQ(rmdir((path_ + ".new").c_str()), 0);

  const WitnessMark old{"uid-1", 5};
  ASSERT_TRUE(WriteWitness(path_, old).ok());
  rlimit limit{}, none{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  none.rlim_max = limit.rlim_max;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);  // no file can be written
  const Status status = WriteWitness(path_, {"uid-1", 6});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_NE(status.message().find(path_), std::string::npos) << status.message();
  EXPECT_EQ(**ReadWitness(path_), old);
}

TEST_F(Witness, R12_ADraftThatAPowerCutLeftIsNoHindrance) {
  std::ofstream(path_ + ".new") << "{\"numb";
  const WitnessMark mark{"uid-1", 9};
  ASSERT_TRUE(WriteWitness(path_, mark).ok());
  EXPECT_EQ(**ReadWitness(path_), mark);
}

TEST_F(Witness, R12_AFileThatCannotBeReadIsNotNone) {
  ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
  const Result<std::optional<WitnessMark>> read = ReadWitness(path_);
  EXPECT_FALSE(read.ok());
  ASSERT_EQ(rmdir(path_.c_str()), 0);
}

}  // namespace
}  // namespace tandem
