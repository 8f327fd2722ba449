#include "tandem/secrets/redact.h"

#include <gtest/gtest.h>

#include "tandem/base/hash.h"

namespace tandem {
namespace {

TEST(RedactSecrets, LeavesOtherTexts) {
  EXPECT_EQ(RedactSecrets("the name is taken", {"hunter2-hunter2"}), "the name is taken");
  EXPECT_EQ(RedactSecrets("as it was", {}), "as it was");
  EXPECT_EQ(RedactSecrets("as it was", {""}), "as it was");
}

// R15: a provider may quote what it was given in any spelling.
TEST(RedactSecrets, EverySpelling) {
  const std::string secrets[] = {"hunter2", "p\"a\\ss<w>&/ord", "line one\nline two of it", "caf\xc3\xa9+=%"};
  for (const std::string& secret : secrets) {
    SCOPED_TRACE(secret);
    const auto hidden = [&](const std::string& spelling) {
      const std::string shown = RedactSecrets("no: '" + spelling + "' is wrong", {secret});
      EXPECT_NE(shown.find("(sensitive)"), std::string::npos) << shown;
      EXPECT_NE(shown.find("is wrong"), std::string::npos) << shown;
      EXPECT_EQ(shown.find(spelling), std::string::npos) << shown;
    };
    hidden(secret);
    hidden(Hex(secret));
    for (size_t before = 0; before < 6; ++before)
      for (size_t after = 0; after < 3; ++after) {
        const std::string bytes = std::string(before, 'x') + secret + std::string(after, 'y');
        const std::string core = Base64(secret).substr(0, 4);
        const std::string shown = RedactSecrets(Base64(bytes), {secret});
        if (before % 3 == 0) {
          EXPECT_EQ(shown.find(core), std::string::npos) << shown;
        }
        EXPECT_NE(shown.find("(sensitive)"), std::string::npos) << before << " " << after << " " << shown;
      }
  }
  EXPECT_EQ(RedactSecrets("a p\\\"a\\\\ss<w>&/ord b", {"p\"a\\ss<w>&/ord"}), "a (sensitive) b");
  EXPECT_EQ(RedactSecrets("a p\"a\\ss&lt;w&gt;&amp;/ord b", {"p\"a\\ss<w>&/ord"}), "a (sensitive) b");
  EXPECT_EQ(RedactSecrets("?q=p%22a%5Css%3Cw%3E%26%2Ford&r", {"p\"a\\ss<w>&/ord"}), "?q=(sensitive)&r");
  EXPECT_EQ(RedactSecrets("?q=p%22a%5css%3cw%3e%26%2ford&r", {"p\"a\\ss<w>&/ord"}), "?q=(sensitive)&r");
}

TEST(RedactSecrets, OneLineOfSeveral) {
  const std::string key = "-----BEGIN KEY-----\nabcdefghijkl\n-----END KEY-----";
  EXPECT_EQ(RedactSecrets("bad line 'abcdefghijkl'", {key}), "bad line '(sensitive)'");
}

TEST(RedactSecrets, OnesThatWereCut) {
  EXPECT_EQ(RedactSecrets("'correct horse ba…' is not allowed", {"correct horse battery staple"}),
            "'(sensitive)…' is not allowed");
  EXPECT_EQ(RedactSecrets("…tery staple' is too long", {"correct horse battery staple"}),
            "…(sensitive)' is too long");
}

TEST(RedactSecrets, TheLongestFirst) {
  EXPECT_EQ(RedactSecrets("it was hunter2hunter2", {"hunter2", "hunter2hunter2"}), "it was (sensitive)");
}

TEST(RedactSecrets, ShortOnesWithholdTheMessage) {
  const std::string shown = RedactSecrets("the pin 042 is wrong", {"042"});
  EXPECT_EQ(shown.find("042"), std::string::npos);
  EXPECT_NE(shown.find("withheld"), std::string::npos);
  EXPECT_EQ(RedactSecrets("the pin is wrong", {"042"}), "the pin is wrong");
}

}  // namespace
}  // namespace tandem
