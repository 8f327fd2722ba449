#include "tandem/secrets/secrets.h"

#include <gtest/gtest.h>

namespace tandem {
namespace {

Value Secret(std::vector<Sensitive::Part> parts) { return Value(Sensitive{std::move(parts), "", ""}); }

TEST(RevealSecrets, R15_JoinsPartsAndKeepsTheRest) {
  Value value = Map{{"Url", Secret({{false, "db://u:"}, {true, "env:P"}, {false, "@h"}})},
                    {"List", List{Value(1), Secret({{true, "env:P"}})}},
                    {"Plain", "x"}};
  const Result<Value> plain = RevealSecrets(
      value, [](const std::string& uri) { return Result<std::string>("<" + uri + ">"); });
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(*plain, Value(Map{{"List", List{1, "<env:P>"}},
                              {"Plain", "x"},
                              {"Url", "db://u:<env:P>@h"}}));
}

TEST(RevealSecrets, R15_FailureNamesThePathNotTheValue) {
  const Value value = Map{{"A", Map{{"B", Secret({{true, "env:P"}})}}}};
  const Result<Value> plain = RevealSecrets(
      value, [](const std::string&) { return Result<std::string>(NotFound("P is not set")); });
  ASSERT_FALSE(plain.ok());
  EXPECT_EQ(plain.status().code(), Code::kNotFound);
  EXPECT_EQ(plain.status().message(), "A: B: P is not set");
}

TEST(SecretUris, SortedAndOnce) {
  const Value value = List{Secret({{true, "env:B"}, {true, "env:A"}}), Secret({{true, "env:B"}}),
                           Secret({{false, "env:C"}})};
  EXPECT_EQ(SecretUris(value), (std::vector<std::string>{"env:A", "env:B"}));
}

TEST(DigestSecrets, R15_BindsContentAndVersionUnderTheKey) {
  const Value value = Map{{"P", Secret({{true, "env:P"}})}};
  const auto digest = [&](std::string key, std::string worth, std::string version) {
    const Result<Value> got = DigestSecrets(value, key, [&](const std::string&) {
      return Result<SecretWorth>(SecretWorth{worth, version});
    });
    return got->Find("P")->as_sensitive();
  };
  EXPECT_EQ(digest("k", "a", "1"), digest("k", "a", "1"));
  EXPECT_NE(digest("k", "a", "1").digest, digest("k", "b", "1").digest);
  EXPECT_NE(digest("k", "a", "1").digest, digest("l", "a", "1").digest);
  EXPECT_EQ(digest("k", "a", "7").version, "7");
  EXPECT_EQ(digest("k", "a", "7").parts.size(), 1u);
}

}  // namespace
}  // namespace tandem
