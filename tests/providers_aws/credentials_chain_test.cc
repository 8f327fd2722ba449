#include <fmt/format.h>
#include <gtest/gtest.h>

#include "providers/aws/credentials/chain.h"
#include "tests/providers_aws/credentials_world.h"

namespace tandem::aws {
namespace {

using Source = CredentialSettings::Source;

std::string Keys(std::string_view key) {
  return fmt::format("aws_access_key_id = {}\naws_secret_access_key = {}\n", key, kFakeSecret);
}

std::string ProcessAnswer(std::string_view key) {
  return fmt::format(
      R"({{"Version": 1, "AccessKeyId": "{}", "SecretAccessKey": "{}", "SessionToken": "{}",
          "Expiration": "2030-01-01T00:00:00Z"}})",
      key, kFakeSecret, kFakeToken);
}

// The default chain, each case with one more place set up than the one after it.
TEST(CredentialChain, TheVendorsOrder) {
  World world;
  world.SetKeys();
  world.variables["AWS_SESSION_TOKEN"] = kFakeToken;
  world.files["/home/u/.aws/config"] =
      "[default]\nrole_arn = arn:aws:iam::1:role/profile\nsource_profile = keys\n"
      "external_id = e-1\nrole_session_name = mine\nduration_seconds = 900\n" +
      ("credential_process = tool --json\n" + Keys("AKIDCONFIG"));
  world.files["/home/u/.aws/credentials"] =
      "[keys]\n" + Keys("AKIDKEYS") + "[default]\n" + Keys("AKIDFILE");
  world.commands.insert({"tool|--json", ProcessAnswer("AKIDPROCESS")});
  world.files["/var/token"] = "made-up-token-for-tests\n";
  world.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/var/token";
  world.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/web";

  Result<Credentials> found = world.Fetch();
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->access_key, kFakeKey);
  EXPECT_EQ(found->secret_key, kFakeSecret);
  EXPECT_EQ(found->token, kFakeToken);
  EXPECT_EQ(found->origin, "environment");
  EXPECT_FALSE(found->expiry.has_value());

  world.variables.erase("AWS_ACCESS_KEY_ID");
  world.variables.erase("AWS_SECRET_ACCESS_KEY");
  found = world.Fetch();
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->origin, "role arn:aws:iam::1:role/profile from profile keys");
  ASSERT_EQ(world.sts_calls.size(), 1u);
  EXPECT_EQ(world.sts_calls[0].action, "AssumeRole");
  EXPECT_EQ(world.sts_calls[0].region, "eu-central-1");
  ASSERT_TRUE(world.sts_calls[0].signer.has_value());
  EXPECT_EQ(world.sts_calls[0].signer->access_key, "AKIDKEYS");
  EXPECT_EQ(world.Parameter(0, "RoleArn"), "arn:aws:iam::1:role/profile");
  EXPECT_EQ(world.Parameter(0, "ExternalId"), "e-1");
  EXPECT_EQ(world.Parameter(0, "RoleSessionName"), "mine");
  EXPECT_EQ(world.Parameter(0, "DurationSeconds"), "900");

  world.files["/home/u/.aws/config"] =
      "[default]\ncredential_process = tool --json\n" + Keys("AKIDCONFIG");
  found = world.Fetch();
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->origin, "role arn:aws:iam::1:role/web from web identity");
  EXPECT_EQ(world.sts_calls[1].action, "AssumeRoleWithWebIdentity");
  EXPECT_FALSE(world.sts_calls[1].signer.has_value());
  EXPECT_EQ(world.Parameter(1, "WebIdentityToken"), "made-up-token-for-tests");
  EXPECT_EQ(world.Parameter(1, "RoleSessionName"), "tandem-1600000000");

  world.variables.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  found = world.Fetch();
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->access_key, "AKIDFILE");
  EXPECT_EQ(found->origin, "profile default");

  world.files.erase("/home/u/.aws/credentials");
  found = world.Fetch();
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->access_key, "AKIDPROCESS");
  EXPECT_TRUE(found->expiry.has_value());

  world.files["/home/u/.aws/config"] = "[default]\n" + Keys("AKIDCONFIG");
  found = world.Fetch();
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->access_key, "AKIDCONFIG");

  world.files.clear();
  found = world.Fetch();
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), Code::kUnauthenticated);
  for (const char* word :
       {"environment: AWS_ACCESS_KEY_ID is not set", "profile default: ", "/home/u/.aws/config",
        "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set",
        "container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "instance: AWS_EC2_METADATA_DISABLED is true", "credentials.source of the Account"}) {
    EXPECT_NE(found.status().message().find(word), std::string::npos)
        << word << " in " << found.status().message();
  }
}

TEST(CredentialChain, RolesLeadToRoles) {
  World world;
  world.files["/home/u/.aws/config"] =
      "[profile a]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = b\n"
      "[profile b]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = c\n"
      "[profile c]\nrole_arn = arn:aws:iam::1:role/c\nsource_profile = c\n" +
      Keys("AKIDC");
  CredentialSettings settings;
  settings.source = Source::kProfile;
  settings.profile = "a";
  Result<Credentials> found = world.Fetch(settings);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->origin,
            "role arn:aws:iam::1:role/a from role arn:aws:iam::1:role/b from role "
            "arn:aws:iam::1:role/c from profile c");
  ASSERT_EQ(world.sts_calls.size(), 3u);
  EXPECT_EQ(world.sts_calls[0].signer->access_key, "AKIDC");
  EXPECT_EQ(world.sts_calls[1].signer->access_key, "ASIAROLE1");
  EXPECT_EQ(world.sts_calls[2].signer->access_key, "ASIAROLE2");
  EXPECT_EQ(world.sts_calls[2].signer->token, kFakeToken);
}

TEST(CredentialChain, TheAccountsRole) {
  CredentialSettings settings;
  settings.source = Source::kAssumeRole;
  settings.role_arn = "arn:aws:iam::111122223333:role/tandem";
  settings.external_id = "e-2";
  settings.session_name = "dr";
  World chain;
  chain.SetKeys();
  // They belong to the chain below the role, not to the role.
  chain.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/other";
  Result<Credentials> found = chain.Fetch(settings);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(chain.Parameter(0, "RoleArn"), settings.role_arn);
  EXPECT_EQ(chain.Parameter(0, "ExternalId"), "e-2");
  EXPECT_EQ(chain.Parameter(0, "RoleSessionName"), "dr");
  EXPECT_EQ(chain.sts_calls[0].signer->access_key, kFakeKey);

  World profile;
  profile.SetKeys();
  profile.files["/home/u/.aws/credentials"] = "[ci]\n" + Keys("AKIDCI");
  settings.profile = "ci";
  found = profile.Fetch(settings);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(profile.sts_calls[0].signer->access_key, "AKIDCI");

  profile.sts_failure = PermissionDenied("the token service refused: AccessDenied");
  found = profile.Fetch(settings);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), Code::kPermissionDenied);
  EXPECT_EQ(found.status().message(),
            "assuming arn:aws:iam::111122223333:role/tandem with credentials from profile ci: the "
            "token service refused: AccessDenied");
}

TEST(CredentialChain, TheAccountsWebIdentity) {
  World world;
  world.SetKeys();
  world.files["/tokens/a"] = kFakeToken;
  world.files["/tokens/b"] = "another";
  world.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/tokens/b";
  world.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/b";
  world.variables["AWS_ROLE_SESSION_NAME"] = "pod";
  CredentialSettings settings;
  settings.source = Source::kWebIdentity;
  ASSERT_TRUE(world.Fetch(settings).ok());
  EXPECT_EQ(world.Parameter(0, "RoleArn"), "arn:aws:iam::1:role/b");
  EXPECT_EQ(world.Parameter(0, "WebIdentityToken"), "another");
  EXPECT_EQ(world.Parameter(0, "RoleSessionName"), "pod");
  settings.role_arn = "arn:aws:iam::1:role/a";
  settings.token_file = "/tokens/a";
  settings.session_name = "mine";
  ASSERT_TRUE(world.Fetch(settings).ok());
  EXPECT_EQ(world.Parameter(1, "RoleArn"), "arn:aws:iam::1:role/a");
  EXPECT_EQ(world.Parameter(1, "WebIdentityToken"), kFakeToken);
  EXPECT_EQ(world.Parameter(1, "RoleSessionName"), "mine");
}

TEST(CredentialChain, AProfileThatTheAccountNamesComesBeforeVariables) {
  World world;
  world.SetKeys();
  world.files["/home/u/.aws/credentials"] = "[ci]\n" + Keys("AKIDCI");
  CredentialSettings settings;
  settings.profile = "ci";
  Result<Credentials> found = world.Fetch(settings);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->access_key, "AKIDCI");
}

// What is set up and broken ends the walk: going on would sign in as somebody else.
TEST(CredentialChain, BrokenPlacesAreNotPassedOver) {
  struct Case {
    const char* name;
    std::function<void(World&)> set_up;
    const char* word;
  };
  const Case kCases[] = {
      {"half a pair of keys", [](World& w) { w.variables["AWS_ACCESS_KEY_ID"] = kFakeKey; },
       "AWS_SECRET_ACCESS_KEY is not"},
      {"a profile that is not there", [](World& w) { w.variables["AWS_PROFILE"] = "prod"; },
       "profile prod is neither in /home/u/.aws/config nor in /home/u/.aws/credentials"},
      {"a broken file",
       [](World& w) {
         w.files["/home/u/.aws/credentials"] = std::string("[default]\n") + kFakeSecret + "\n";
       },
       "/home/u/.aws/credentials: line 2"},
      {"half a pair of keys in a file",
       [](World& w) {
         w.files["/home/u/.aws/credentials"] =
             std::string("[default]\naws_secret_access_key=") + kFakeSecret + "\n";
       },
       "only one of"},
      {"a role without a source",
       [](World& w) { w.files["/home/u/.aws/config"] = "[default]\nrole_arn = r\n"; },
       "one of source_profile and credential_source"},
      {"a role with two sources",
       [](World& w) {
         w.files["/home/u/.aws/config"] =
             "[default]\nrole_arn = r\nsource_profile = x\ncredential_source = Environment\n";
       },
       "one of source_profile and credential_source"},
      {"a source that is not there",
       [](World& w) {
         w.files["/home/u/.aws/config"] = "[default]\nrole_arn = r\nsource_profile = x\n";
       },
       "profile x is neither"},
      {"a source without keys",
       [](World& w) {
         w.files["/home/u/.aws/config"] =
             "[default]\nrole_arn = r\nsource_profile = x\n[profile x]\nregion = eu-west-1\n";
       },
       "profile x has no keys"},
      {"a named place that is not set up",
       [](World& w) {
         w.files["/home/u/.aws/config"] =
             "[default]\nrole_arn = r\ncredential_source = EcsContainer\n";
       },
       "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"},
      {"an unknown place",
       [](World& w) {
         w.files["/home/u/.aws/config"] = "[default]\nrole_arn = r\ncredential_source = Ecs\n";
       },
       "credential_source is none of"},
      {"a circle",
       [](World& w) {
         w.files["/home/u/.aws/config"] =
             "[default]\nrole_arn = r\nsource_profile = b\n"
             "[profile b]\nrole_arn = s\nsource_profile = default\n";
       },
       "default -> b -> default"},
      {"a code from a person",
       [](World& w) {
         w.files["/home/u/.aws/config"] =
             "[default]\nrole_arn = r\nsource_profile = b\nmfa_serial = m\n";
       },
       "mfa_serial"},
      {"a duration in words",
       [](World& w) {
         w.files["/home/u/.aws/config"] =
             "[default]\nrole_arn = r\nsource_profile = default\nduration_seconds = 1h\n" +
             Keys("A");
       },
       "duration_seconds"},
      {"single sign-on",
       [](World& w) {
         w.files["/home/u/.aws/config"] =
             "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n";
       },
       "aws configure export-credentials --profile default"},
      {"a token file that is not there",
       [](World& w) {
         w.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/no/token";
         w.variables["AWS_ROLE_ARN"] = "r";
       },
       "/no/token"},
      {"a token without a role",
       [](World& w) { w.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/no/token"; }, "AWS_ROLE_ARN"},
      {"an empty token",
       [](World& w) {
         w.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/t";
         w.variables["AWS_ROLE_ARN"] = "r";
         w.files["/t"] = "\n";
       },
       "/t is empty"},
      {"a process that fails",
       [](World& w) {
         w.files["/home/u/.aws/config"] = "[default]\ncredential_process = nope -x\n";
       },
       "cannot start nope"},
      {"a process with an open quote",
       [](World& w) { w.files["/home/u/.aws/config"] = "[default]\ncredential_process = 'nope\n"; },
       "open quote"},
      {"a process of another version",
       [](World& w) {
         w.files["/home/u/.aws/config"] = "[default]\ncredential_process = tool\n";
         std::string answer = ProcessAnswer("A");
         w.commands.insert({"tool", answer.replace(answer.find(": 1"), 3, ": 2")});
       },
       "Version is not 1"},
      {"a process that talks",
       [](World& w) {
         w.files["/home/u/.aws/config"] = "[default]\ncredential_process = tool\n";
         w.commands.insert({"tool", std::string("your secret is ") + kFakeSecret});
       },
       "no JSON object"},
      {"a process that answers with half",
       [](World& w) {
         w.files["/home/u/.aws/config"] = "[default]\ncredential_process = tool\n";
         w.commands.insert(
             {"tool", fmt::format(R"({{"Version": 1, "SecretAccessKey": "{}"}})", kFakeSecret)});
       },
       "lacks AccessKeyId"},
      {"a role in the clear",
       [](World& w) {
         w.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://example.com/role";
       },
       "example.com needs https"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    World world;
    c.set_up(world);
    Result<Credentials> found = world.Fetch();
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.status().code(), Code::kUnauthenticated) << found.status().ToString();
    EXPECT_NE(found.status().message().find(c.word), std::string::npos) << found.status().message();
    EXPECT_FALSE(HoldsSecret(found.status().message())) << found.status().message();
    EXPECT_TRUE(world.sts_calls.empty());
  }
}

TEST(CredentialChain, ASingleSourceSaysWhatIsMissing) {
  struct Case {
    Source source;
    const char* word;
  };
  const Case kCases[] = {
      {Source::kEnvironment, "Set AWS_ACCESS_KEY_ID"},
      {Source::kProfile, "/home/u/.aws/credentials"},
      {Source::kWebIdentity, "credentials.tokenFile"},
      {Source::kContainer, "ECS task"},
      {Source::kInstance, "EC2 instance"},
  };
  for (const Case& c : kCases) {
    World world;
    CredentialSettings settings;
    settings.source = c.source;
    Result<Credentials> found = world.Fetch(settings);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.status().code(), Code::kUnauthenticated);
    EXPECT_NE(found.status().message().find(c.word), std::string::npos) << found.status().message();
  }
}

}  // namespace
}  // namespace tandem::aws
