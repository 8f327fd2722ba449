#include <gtest/gtest.h>

#include "providers/aws/credentials/profiles.h"
#include "tests/providers_aws/credentials_world.h"

namespace tandem::aws {
namespace {

TEST(ProfileFile, ReadsSectionsAsTheVendorDoes) {
  Result<Sections> sections = ParseProfileFile(
      "\xef\xbb\xbf# comment\n"
      "; another\n"
      "[default]\r\n"
      "Region = eu-west-1\r\n"
      "output=json   # not part of it\n"
      "role_session_name = a#b\n"
      "s3 =\n"
      "  max_concurrent_requests = 20\n"
      "\tregion = nested, not ours\n"
      "[profile \"dr site\"]\n"
      "source_profile=default\n"
      "credential_process = \"/opt/my tool\" --x='y' ; comment\n"
      "[sso-session corp]\n"
      "sso_start_url = https://corp.example\n"
      "[services local]\n"
      "s3 =\n"
      "  endpoint_url = http://127.0.0.1:9000\n"
      "[plain]\n"
      "region = left-out\n"
      "[ profile default ]\n"
      "region = eu-west-3\n",
      ProfileFileKind::kConfig);
  ASSERT_TRUE(sections.ok()) << sections.status().ToString();
  ASSERT_EQ(sections->size(), 2u);
  const Section& main = sections->at("default");
  EXPECT_EQ(main.at("region"), "eu-west-3");
  EXPECT_EQ(main.at("output"), "json");
  EXPECT_EQ(main.at("role_session_name"), "a#b");
  EXPECT_EQ(main.at("s3"), "");
  const Section& other = sections->at("dr site");
  EXPECT_EQ(other.at("source_profile"), "default");
  EXPECT_EQ(other.at("credential_process"), "\"/opt/my tool\" --x='y'");
}

TEST(ProfileFile, CredentialsNameProfilesPlainly) {
  Result<Sections> sections =
      ParseProfileFile("[default]\naws_access_key_id=A\n[profile x]\naws_access_key_id=B\n[y]\n",
                       ProfileFileKind::kCredentials);
  ASSERT_TRUE(sections.ok());
  EXPECT_EQ(sections->count("default"), 1u);
  EXPECT_EQ(sections->count("profile x"), 1u);
  EXPECT_EQ(sections->count("y"), 1u);
}

TEST(ProfileFile, RefusesWithTheLineAndNotItsText) {
  const std::pair<const char*, const char*> kCases[] = {
      {"no key", "[default]\nmade-up-secret/for+tests\n"},
      {"empty key", "[default]\n = made-up-secret/for+tests\n"},
      {"open section", "\n[default made-up-secret/for+tests\n"},
      {"before a section", "\naws_secret_access_key = made-up-secret/for+tests\n"},
      {"no name", "# made-up-secret/for+tests\n[]\n"},
  };
  for (const auto& [name, text] : kCases) {
    SCOPED_TRACE(name);
    Result<Sections> sections = ParseProfileFile(text, ProfileFileKind::kCredentials);
    ASSERT_FALSE(sections.ok());
    EXPECT_EQ(sections.status().code(), Code::kInvalidArgument);
    EXPECT_NE(sections.status().message().find("line 2"), std::string::npos)
        << sections.status().message();
    EXPECT_FALSE(HoldsSecret(sections.status().message()));
  }
}

TEST(Profiles, PlacesNamesAndRegions) {
  World world;
  world.files["/home/u/.aws/config"] =
      "[default]\nregion=us-west-2\n[profile p]\nregion=ap-south-1\n";
  world.files["/etc/aws.ini"] = "[default]\nregion=sa-east-1\n";
  Environment environment = world.Ports().environment;
  EXPECT_EQ(*DefaultRegion(environment, ""), "us-west-2");
  EXPECT_EQ(*DefaultRegion(environment, "p"), "ap-south-1");
  EXPECT_EQ(*DefaultRegion(environment, "absent"), "");
  world.variables["AWS_PROFILE"] = "p";
  EXPECT_EQ(*DefaultRegion(environment, ""), "ap-south-1");
  world.variables["AWS_PROFILE"] = "";
  world.variables["AWS_DEFAULT_PROFILE"] = "q";
  EXPECT_EQ(ProfileName(environment, ""), "q");
  EXPECT_EQ(ProfileName(environment, "mine"), "mine");
  world.variables.erase("AWS_DEFAULT_PROFILE");
  world.variables["AWS_CONFIG_FILE"] = "/etc/aws.ini";
  EXPECT_EQ(*DefaultRegion(environment, ""), "sa-east-1");
  world.variables["AWS_DEFAULT_REGION"] = "eu-north-1";
  EXPECT_EQ(*DefaultRegion(environment, ""), "eu-north-1");
  world.variables["AWS_REGION"] = "eu-south-1";
  EXPECT_EQ(*DefaultRegion(environment, ""), "eu-south-1");
}

TEST(SystemEnvironment, ReadsFilesAndNothingElse) {
  const Environment environment = SystemEnvironment();
  const Result<std::string> none = environment.read("/dev/null");
  ASSERT_TRUE(none.ok()) << none.status().message();
  EXPECT_EQ(*none, "");
  EXPECT_EQ(environment.read("/nonexistent/file").status().code(), Code::kNotFound);
  EXPECT_EQ(environment.read("/dev/zero").status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(environment.read("/").status().code(), Code::kFailedPrecondition);
}

TEST(SplitCommand, Words) {
  struct Case {
    const char* text;
    std::vector<std::string> words;
  };
  const Case kCases[] = {
      {"", {}},
      {"  a  b\tc ", {"a", "b", "c"}},
      {"\"/opt/my tool\" --x='y z' ''", {"/opt/my tool", "--x=y z", ""}},
      {R"(a\ b "c\"d\\e\f" 'g\h')", {"a b", "c\"d\\e\\f", "g\\h"}},
      {"echo $HOME;ls", {"echo", "$HOME;ls"}},
  };
  for (const Case& c : kCases) {
    Result<std::vector<std::string>> words = SplitCommand(c.text);
    ASSERT_TRUE(words.ok()) << c.text;
    EXPECT_EQ(*words, c.words) << c.text;
  }
  EXPECT_FALSE(SplitCommand("a 'b").ok());
  EXPECT_FALSE(SplitCommand("a \"b").ok());
}

}  // namespace
}  // namespace tandem::aws
