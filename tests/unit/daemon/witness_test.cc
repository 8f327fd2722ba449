// The file beside the store that tells how far it had come (R12).
#include "daemon/witness.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/support/temp_folder.h"

namespace tandem {
namespace {

class Witness : public ::testing::Test {
 protected:
  void Put(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }

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
                        {"no number", "{\"uid\":\"uid-1\"}"},
                        {"no platform", "{\"number\":12}"},
                        {"a number below one", "{\"number\":0,\"uid\":\"uid-1\"}"},
                        {"a number as text", "{\"number\":\"12\",\"uid\":\"uid-1\"}"},
                        {"a list", "[12]"},
                        {"something else", "12\n"}};
  for (const Case& c : cases) {
    Put(c.text);
    const Result<std::optional<WitnessMark>> read = ReadWitness(path_);
    ASSERT_FALSE(read.ok()) << c.name;
    EXPECT_EQ(read.status().code(), Code::kDataLoss) << c.name;
    EXPECT_NE(read.status().message().find(path_), std::string::npos) << c.name;
  }
}

TEST_F(Witness, R12_AWriteThatFailsLeavesTheOldOne) {
  const WitnessMark old{"uid-1", 5};
  ASSERT_TRUE(WriteWitness(path_, old).ok());
  // A folder stands where the draft should be.
  ASSERT_EQ(mkdir((path_ + ".new").c_str(), 0700), 0);
  EXPECT_FALSE(WriteWitness(path_, {"uid-1", 6}).ok());
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
