#include "tandem/model/secret_uri.h"

#include <gtest/gtest.h>

namespace tandem {
namespace {

TEST(SecretUri, R15ReadsWhatIsServed) {
  const auto env = ParseSecretUri("env:DB_PASSWORD");
  ASSERT_TRUE(env.ok());
  EXPECT_EQ(env->scheme, "env");
  EXPECT_EQ(env->rest, "DB_PASSWORD");
  const auto file = ParseSecretUri("file:/etc/shop/secrets.json#db.password");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->rest, "/etc/shop/secrets.json");
  EXPECT_EQ(file->key, "db.password");
}

TEST(SecretUri, R15RefusesTheRestAndSaysWhatWillServeIt) {
  struct Bad {
    const char* name;
    std::string uri;
    const char* expected;
  };
  const Bad cases[] = {{"no scheme", "PASSWORD", "env:NAME"},
                       {"nothing behind it", "env:", "env:NAME"},
                       {"bad name", "env:1A", "environment variable"},
                       {"relative path", "file:secrets#a", "absolute"},
                       {"only a slash", "file:/", "absolute"},
                       {"NUL", std::string("env:A\0B", 7), "NUL"},
                       {"later", "vault:kv/orders#password", "provider: vault"},
                       {"unknown", "ldap:x", "no source"}};
  for (const Bad& bad : cases) {
    const auto parsed = ParseSecretUri(bad.uri);
    ASSERT_FALSE(parsed.ok()) << bad.name;
    EXPECT_NE(parsed.status().message().find(bad.expected), std::string::npos)
        << bad.name << ": " << parsed.status().message();
  }
}

}  // namespace
}  // namespace tandem
