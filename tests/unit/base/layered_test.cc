#include "tandem/base/layered.h"

#include <gtest/gtest.h>

#include <random>

namespace tandem {
namespace {

std::map<std::string, int, std::less<>> Plain(const Layered<int>& layered) {
  return {layered.begin(), layered.end()};
}

TEST(Layered, IsAMapWhoseCopiesShareUntilTheyChange) {
  Layered<int> first;
  for (int i = 0; i < 100; ++i) first.whole()["k" + std::to_string(i)] = i;
  Layered<int> second = first;
  second.Set("k5", -5);
  second.Set("new", 1);
  second.Erase("k7");
  second.Erase("never");
  EXPECT_EQ(first.size(), 100u);
  EXPECT_EQ(first.at("k5"), 5);
  EXPECT_EQ(first.count("new"), 0u);
  EXPECT_EQ(second.size(), 100u);
  EXPECT_EQ(second.at("k5"), -5);
  EXPECT_EQ(second.count("k7"), 0u);
  EXPECT_EQ(second.lower_bound("k7")->first, "k70");
  EXPECT_EQ(&first.at("k6"), &second.at("k6")) << "shared";
}

TEST(Layered, AtRandomIsWhatAMapIs) {
  std::mt19937 random(3);
  const auto key = [&] { return std::to_string(random() % 900); };
  Layered<int> layered;
  std::map<std::string, int, std::less<>> plain;
  for (int i = 0; i < 500; ++i) plain[key()] = i;
  layered.whole() = plain;
  for (int round = 0; round < 40; ++round) {
    const Layered<int> before = layered;
    const std::map<std::string, int, std::less<>> was = plain;
    for (int i = 0; i < 40; ++i) {
      const std::string at = key();
      if (random() % 2 == 0) {
        layered.Set(at, i);
        plain[at] = i;
      } else {
        layered.Erase(at);
        plain.erase(at);
      }
      ASSERT_EQ(layered.size(), plain.size());
      ASSERT_EQ(layered.find(at) == layered.end(), plain.find(at) == plain.end());
      const auto after = plain.lower_bound(at);
      const auto found = layered.lower_bound(at);
      ASSERT_EQ(found == layered.end(), after == plain.end());
      if (after != plain.end()) {
        ASSERT_EQ(found->first, after->first);
      }
    }
    ASSERT_EQ(Plain(layered), plain);
    ASSERT_EQ(Plain(before), was) << "what was copied stays";
  }
}

}  // namespace
}  // namespace tandem
