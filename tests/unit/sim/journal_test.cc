#include "tandem/sim/journal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "sim/play.h"
#include "tests/support/sim_cloud.h"
#include "tests/support/temp_folder.h"

namespace tandem {
namespace {

class JournalFile : public ::testing::Test {
 protected:
  static std::vector<std::string> Lines(Journal& journal) {
    std::vector<std::string> lines;
    EXPECT_TRUE(journal
                    .Replay([&](std::string_view line) {
                      lines.emplace_back(line);
                      return OkStatus();
                    })
                    .ok());
    return lines;
  }
  void Write(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }

  const TempFolder temp_;
  const std::string folder_ = temp_.path();
  const std::string path_ = folder_ + "/world.log";
};

TEST_F(JournalFile, KeepsLinesInOrderForItsOwnerOnly) {
  {
    auto journal = OpenJournalFile(path_);
    ASSERT_TRUE(journal.ok());
    ASSERT_TRUE((*journal)->Append("one").ok());
    ASSERT_TRUE((*journal)->Append(std::string(200'000, 'x')).ok());
  }
  auto journal = OpenJournalFile(path_);
  const auto lines = Lines(**journal);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "one");
  EXPECT_EQ(lines[1].size(), 200'000u);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(JournalFile, TornTailIsCut) {
  for (const std::string& torn :
       {std::string("t"), std::string("two and no end"), std::string(100'000, 'y')}) {
    unlink(path_.c_str());
    Write("one\n" + torn);
    auto journal = OpenJournalFile(path_);
    ASSERT_TRUE(journal.ok());
    ASSERT_TRUE((*journal)->Append("three").ok());
    EXPECT_EQ(Lines(**journal), (std::vector<std::string>{"one", "three"}));
  }
}

TEST_F(JournalFile, ReadersSeeWholeLinesAndChangeNothing) {
  EXPECT_EQ(ReadJournalFile(path_, [](std::string_view) { return OkStatus(); }).code(),
            Code::kNotFound);
  Write("one\ntorn");
  int lines = 0;
  ASSERT_TRUE(ReadJournalFile(path_, [&](std::string_view) {
                ++lines;
                return OkStatus();
              }).ok());
  EXPECT_EQ(lines, 1);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_size, 8);
}

TEST_F(JournalFile, AWorldOutlivesItsProcess) {
  ManualClock clock;
  testing::JsonCatalog catalog(testing::SimKinds());
  std::string ledger;
  {
    auto journal = OpenJournalFile(path_);
    auto provider = SimProvider::Open({journal->get(), &clock, &catalog}, {.seed = 9, .scale = 1});
    testing::Answered<AccountAnswer>([&](auto done) {
      (*provider)->Open({"main", testing::PackedJson(R"({"accountId":"1"})")}, done);
    });
    testing::Answered<ApplyAnswer>([&](auto done) {
      (*provider)->Apply(
          testing::SimCloud::Request("queue.sim/Queue/q", "create", R"({"Depth":1})"), done);
    });
    ledger = ToCanonicalJson((*provider)->Ledger());
  }
  EXPECT_EQ(ToCanonicalJson(*ReadWorld(path_, &clock)), ledger);
  EXPECT_EQ(ReadWorld(folder_ + "/none", &clock).status().code(), Code::kNotFound);
  // A person changes it while no plugin runs.
  {
    auto file = OpenWorldFile(path_, &clock);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->world->seed(), 9u);
    EXPECT_TRUE(MutateOutside(*file->world, "queue.sim/Queue/q", "Depth", 5).ok());
  }
  const Value after = *ReadWorld(path_, &clock);
  EXPECT_EQ(after.At("objects[0].fields.Depth")->as_int(), 5);
  EXPECT_EQ(after.At("effects[1].intent")->as_string(), "");
}

TEST_F(JournalFile, BrokenLinesAreNamed) {
  ManualClock clock;
  struct Case {
    const char* name;
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"no header", "{}\n", "line 1"},
      {"newer format", "{\"format\":\"tandem.world/2\"}\n", "tandem.world/2"},
      {"no JSON", "{\"format\":\"tandem.world/1\",\"start\":0,\"seed\":\"1\",\"scale\":1}\nx\n",
       "line 2"},
      {"unknown record",
       "{\"format\":\"tandem.world/"
       "1\",\"start\":0,\"seed\":\"1\",\"scale\":1}\n{\"op\":\"dance\"}\n",
       "dance"},
  };
  for (const Case& c : cases) {
    unlink(path_.c_str());
    Write(c.text);
    const Status status = ReadWorld(path_, &clock).status();
    EXPECT_EQ(status.code(), Code::kDataLoss) << c.name;
    EXPECT_NE(status.message().find(c.message), std::string::npos) << status.message();
  }
}

TEST(SimPatterns, AreFilledIn) {
  const auto lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name == "name") return "app";
    return std::nullopt;
  };
  struct Case {
    const char* form;
    const char* expected;  // '#' is any character
  };
  const Case cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"{name}-x", "app-x"},
      {"vpc-{hex17}", "vpc-#################"},
      {"{digits12}", "############"},
      {"{hex0}", "{hex0}"},
      {"{hexx}", "{hexx}"},
      {"{nothing} {name}", "{nothing} app"},
      {"{open", "{open"},
      {"{uuid}", "########-####-4###-####-############"},
  };
  for (const Case& c : cases) {
    SeededRandom random(1);
    const std::string expanded = Expand(c.form, random, lookup);
    ASSERT_EQ(expanded.size(), std::string(c.expected).size()) << expanded;
    for (size_t i = 0; i < expanded.size(); ++i) {
      if (c.expected[i] != '#') {
        EXPECT_EQ(expanded[i], c.expected[i]) << expanded;
      }
    }
  }
}

TEST(SimPatterns, Globs) {
  EXPECT_TRUE(GlobMatches("arn:aws:iam::aws:*", "arn:aws:iam::aws:policy/X"));
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("a*b*c", "aXXbYbc"));
  EXPECT_FALSE(GlobMatches("a*b", "abc"));
  EXPECT_FALSE(GlobMatches("", "x"));
  EXPECT_TRUE(GlobMatches("", ""));
}

}  // namespace
}  // namespace tandem
