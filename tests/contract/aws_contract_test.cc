// The suite over the AWS plugin, as a process. What plays AWS is said by the environment:
// TANDEM_AWS_ENDPOINT and TANDEM_AWS_SCHEMAS (tests/oracle/aws/run_contract.py).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "tandem/provider_host/plugin_host.h"
#include "tests/contract/provider_suite.h"
#include "tests/support/temp_folder.h"

namespace tandem::testing {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Cast AwsCast() {
  const auto account = [](const std::string& id, const std::string& region) {
    return R"({"provider":"aws","site":"aws","region":")" + region + R"(","accountId":")" + id +
           R"(","endpoint":")" + Variable("TANDEM_AWS_ENDPOINT") + R"("})";
  };
  Cast cast;
  cast.provider = "aws";
  std::set<std::string> groups;
  for (const auto& folder :
       std::filesystem::directory_iterator(TANDEM_SOURCE_DIR "/schemas/kinds/aws"))
    groups.insert(folder.path().filename());
  cast.groups.assign(groups.begin(), groups.end());
  cast.account = account("123456789012", "us-east-1");
  cast.account_id = "123456789012";
  cast.wrong_account = account("111122223333", "us-east-1");
  cast.other_account = account("", "eu-west-1");
  cast.other_id = "123456789012";
  cast.box = "ec2.aws/VPC";
  cast.box_create = R"({"CidrBlock":"10.1.0.0/16","Tags":[{"Key":"Name","Value":"first"}]})";
  cast.box_update = "update:tags";
  cast.box_updated = R"({"CidrBlock":"10.1.0.0/16","Tags":[{"Key":"Name","Value":"second"}]})";
  cast.box_member = "Tags";
  cast.box_gone = "InvalidVpcID.NotFound";
  cast.item = "route53.aws/HealthCheck";
  cast.item_create =
      R"({"HealthCheckConfig":{"Type":"TCP","IPAddress":"203.0.113.1","Port":443}})";
  cast.name = "logs.aws/LogGroup";
  cast.name_create = R"({"logGroupName":"/contract/{name}"})";
  cast.name_taken = "ResourceAlreadyExistsException";
  cast.refuser = "iam.aws/Role";
  cast.refused = {R"({})", R"({"AssumeRolePolicyDocument":5})",
                  R"({"AssumeRolePolicyDocument":"{}","MaxSessionDuration":"long"})"};
  cast.refused_code = "InvalidRequest";
  cast.large = "iam.aws/Policy";
  cast.large_create =
      R"({"PolicyName":"{name}","PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{)"
      R"(\"Effect\":\"Allow\",\"Action\":\"s3:Get*\",\"Resource\":\"arn:aws:s3:::{text}\"}]}"})";
  cast.large_member = "PolicyDocument";
  cast.large_size = 120'000;  // a document has at most 131,072
  return cast;
}

class AwsPlugin final : public ProviderWorld {
 public:
  AwsPlugin() {
    PluginSettings settings;
    settings.name = "aws";
    settings.program = TANDEM_AWS_PLUGIN;
    settings.arguments = {"--schemas", Variable("TANDEM_AWS_SCHEMAS")};
    settings.state_dir = folder_.path();
    host_ = std::make_unique<PluginHost>(settings, &clock_);
  }
  Provider& provider() override { return *host_; }
  const Clock& clock() override { return clock_; }
  void Pass(std::chrono::seconds) override {}  // nothing takes time there

 private:
  TempFolder folder_;
  SystemClock clock_;
  std::unique_ptr<PluginHost> host_;
};

INSTANTIATE_TEST_SUITE_P(
    Aws, ProviderContract,
    ::testing::Values(ProviderCase{"Plugin", AwsCast(), [] { return std::make_unique<AwsPlugin>(); }}),
    [](const ::testing::TestParamInfo<ProviderCase>& info) { return info.param.name; });

}  // namespace
}  // namespace tandem::testing
