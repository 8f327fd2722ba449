#include "daemon/local_secrets.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/temp_folder.h"

namespace tandem {
namespace {

class LocalSecrets : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  Result<SecretWorth> Resolve(const std::string& uri) {
    std::optional<Result<SecretWorth>> worth;
    source_->Resolve(uri, [&](Result<SecretWorth> got) { worth = std::move(got); });
    return *worth;
  }

  const TempFolder temp_;
  const std::string folder_ = temp_.path();
  InlineExecutor executor_;
  std::unique_ptr<SecretSource> source_ = NewLocalSecretSource(&executor_);
};

TEST_F(LocalSecrets, R15ReadsEnvironmentAndFiles) {
  setenv("TANDEM_TEST_SECRET", "made-up-1", 1);
  EXPECT_EQ(Resolve("env:TANDEM_TEST_SECRET")->plaintext, "made-up-1");
  const std::string whole = Write("whole", "made-up-2\n");
  EXPECT_EQ(Resolve("file:" + whole)->plaintext, "made-up-2");
  const std::string json = Write("s.json", R"({"db": {"password": "made-up-3"}, "a.b": "made-up-4"})");
  EXPECT_EQ(Resolve("file:" + json + "#db.password")->plaintext, "made-up-3");
  EXPECT_EQ(Resolve("file:" + json + "#a.b")->plaintext, "made-up-4");
  const std::string lines = Write("s.env", "A=1\nexport PASSWORD=\"made up 5\"\n");
  EXPECT_EQ(Resolve("file:" + lines + "#PASSWORD")->plaintext, "made up 5");
}

TEST_F(LocalSecrets, R15FailuresNameTheSourceAndNeverTheContent) {
  const std::string bad = Write("bad.json", R"({"password": "made-up-6")");
  const std::string json = Write("n.json", R"({"n": 1})");
  EXPECT_EQ(Resolve("env:TANDEM_TEST_ABSENT").status().code(), Code::kNotFound);
  EXPECT_EQ(Resolve("file:" + folder_ + "/absent").status().code(), Code::kNotFound);
  EXPECT_EQ(Resolve("file:" + json + "#n").status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Resolve("file:" + json + "#m").status().code(), Code::kNotFound);
  const Status status = Resolve("file:" + bad + "#password").status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(status.message().find("made-up-6"), std::string::npos);
}

TEST_F(LocalSecrets, R15TheKeyIsMadeOnceAndKeptPrivate) {
  const std::string path = folder_ + "/secret.key";
  EXPECT_EQ(LoadSecretKey(path, false).status().code(), Code::kFailedPrecondition);
  const auto first = LoadSecretKey(path, true);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*LoadSecretKey(path, false), *first);
  chmod(path.c_str(), 0644);
  EXPECT_EQ(LoadSecretKey(path, true).status().code(), Code::kPermissionDenied);
}

}  // namespace
}  // namespace tandem
