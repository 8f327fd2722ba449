#include "tandem/base/interned.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

namespace tandem {
namespace {

TEST(Interned, ReadsLikeItsText) {
  const Interned name("ec2.aws/VPC/main");
  EXPECT_EQ(name, "ec2.aws/VPC/main");
  EXPECT_EQ(name, std::string("ec2.aws/VPC/main"));
  EXPECT_NE(name, Interned("ec2.aws/VPC/other"));
  EXPECT_EQ(fmt::format("{}!", name), "ec2.aws/VPC/main!");
  EXPECT_EQ("at " + name + "." + name, "at ec2.aws/VPC/main.ec2.aws/VPC/main");
  EXPECT_TRUE(Interned().empty());
  EXPECT_TRUE(Interned("").empty());
  EXPECT_EQ(Interned(), "");
  EXPECT_EQ(Interned(std::string_view("a\0b", 3)).size(), 3u);
}

TEST(Interned, OneCopyIsThereForAsLongAsAnybodyHoldsIt) {
  const size_t before = Interned::Count();
  {
    const Interned one("a text that only this test has");
    const Interned again(std::string("a text that only this ") + "test has");
    EXPECT_EQ(&one.str(), &again.str());
    EXPECT_EQ(Interned::Count(), before + 1);
    Interned moved = one;
    Interned taken = std::move(moved);
    EXPECT_TRUE(moved.empty());  // NOLINT: what is moved from is ""
    moved = taken;
    taken = "another text that only this test has";
    EXPECT_EQ(moved, one);
    EXPECT_EQ(Interned::Count(), before + 2);
  }
  EXPECT_EQ(Interned::Count(), before);
}

TEST(Interned, OrdersAndIsFoundByItsText) {
  std::map<Interned, int, std::less<>> places;
  for (const char* text : {"m", "a", "z", ""}) places.emplace(text, static_cast<int>(places.size()));
  std::string order;
  for (const auto& [text, place] : places) order += text + ",";
  EXPECT_EQ(order, ",a,m,z,");
  EXPECT_EQ(places.find(std::string("z"))->second, 2);
  EXPECT_EQ(places.find(std::string_view("b")), places.end());
}

// Each thread makes and drops the same few texts, so that the last holder often goes while another asks.
TEST(Interned, ManyThreadsMakeAndDropTheSameTexts) {
  const size_t before = Interned::Count();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int i = 0; i < 20'000; ++i) {
        const std::string text = "shared " + std::to_string((i + t) % 3);
        const Interned held(text);
        const Interned copy = held;
        ASSERT_EQ(copy, text);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Interned::Count(), before);
}

}  // namespace
}  // namespace tandem
