#include <gtest/gtest.h>

#include "providers/aws/credentials/credentials.h"
#include "tandem/codec/json.h"

namespace tandem::aws {
namespace {

TEST(CredentialSettings, Reads) {
  Result<CredentialSettings> none = ReadCredentialSettings(Value());
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->source, CredentialSettings::Source::kDefault);
  auto value = ParseJson(R"({"source": "assume-role", "profile": "ci", "externalId": "x-1",
      "roleArn": "arn:aws-cn:iam::111122223333:role/path/tandem", "sessionName": "tandem@dr"})");
  Result<CredentialSettings> role = ReadCredentialSettings(*value);
  ASSERT_TRUE(role.ok()) << role.status().ToString();
  EXPECT_EQ(role->source, CredentialSettings::Source::kAssumeRole);
  EXPECT_EQ(role->profile, "ci");
  EXPECT_EQ(role->role_arn, "arn:aws-cn:iam::111122223333:role/path/tandem");
  EXPECT_EQ(role->external_id, "x-1");
  EXPECT_EQ(role->session_name, "tandem@dr");
}

TEST(CredentialSettings, RefusesAndNamesTheMember) {
  struct Case {
    const char* name;
    const char* json;
    const char* word;
  };
  const Case kCases[] = {
      {"no map", R"("default")", "map"},
      {"misspelt source", R"({"source": "enviroment"})", "did you mean environment?"},
      {"unknown source", R"({"source": "kerberos"})", "web-identity"},
      {"source of another type", R"({"source": 1})", "credentials.source"},
      {"unknown member", R"({"role": "x"})", "credentials.role is unknown"},
      {"member of another type", R"({"source": "profile", "profile": 7})", "credentials.profile"},
      {"empty member", R"({"source": "profile", "profile": ""})", "credentials.profile"},
      {"member of another source", R"({"source": "instance", "profile": "a"})", "of no use"},
      {"a role in the default source", R"({"roleArn": "arn:aws:iam::1:role/a"})", "of no use"},
      {"no role", R"({"source": "assume-role"})", "needs credentials.roleArn"},
      {"no ARN", R"({"source": "assume-role", "roleArn": "tandem"})", "ARN"},
      {"ARN of a user", R"({"source": "assume-role", "roleArn": "arn:aws:iam::1:user/a"})", "ARN"},
      {"session name", R"({"source": "web-identity", "sessionName": "a b"})",
       "credentials.sessionName"},
      {"short session name", R"({"source": "web-identity", "sessionName": "a"})", "2 to 64"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    auto value = ParseJson(c.json);
    ASSERT_TRUE(value.ok());
    Result<CredentialSettings> settings = ReadCredentialSettings(*value);
    ASSERT_FALSE(settings.ok());
    EXPECT_EQ(settings.status().code(), Code::kInvalidArgument);
    EXPECT_NE(settings.status().message().find(c.word), std::string::npos)
        << settings.status().message();
  }
}

}  // namespace
}  // namespace tandem::aws
