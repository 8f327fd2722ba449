// R10: a call whose credentials are refused is signed anew, once, and only with others.
#include "providers/aws/kinds/session.h"

#include <gtest/gtest.h>

#include "providers/aws/kinds/apis.h"
#include "tests/providers_aws/credentials_world.h"

namespace tandem::aws {
namespace {

constexpr char kWhoami[] =
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>";

/// A token service that knows one key.
class OneKeyService final : public HttpClient {
 public:
  HttpOutcome Send(const HttpRequest& request, Duration, std::stop_token) override {
    const std::string* signature = FindHeader(request.headers, "Authorization");
    const bool good = signature != nullptr && signature->find(accepted + "/") != std::string::npos;
    ++calls;
    HttpResponse response;
    response.status = good ? 200 : 403;
    response.body = good ? kWhoami
                         : "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>no</Message>"
                           "</Error></ErrorResponse>";
    return response;
  }
  std::string accepted = "AKIDONE";
  int calls = 0;
};

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() : apis_(TANDEM_SOURCE_DIR "/schemas") {
    world_.variables["AWS_SHARED_CREDENTIALS_FILE"] = "/keys";
    world_.variables["AWS_CONFIG_FILE"] = "/config";
    world_.files["/config"] = "";
    SetKey("AKIDONE");
    AccountSettings settings;
    settings.region = "us-east-1";
    session_ = std::make_unique<Session>(
        settings, SessionPorts{&http_, &world_.clock, world_.Ports().environment});
  }

  void SetKey(const std::string& key) {
    world_.files["/keys"] =
        "[default]\naws_access_key_id = " + key + "\naws_secret_access_key = s\n";
  }

  CallOutcome Whoami() {
    const auto api = apis_.Find("sts");
    TANDEM_CHECK(api.ok());
    return session_->Call("sts", **api, *(*api)->FindOperation("GetCallerIdentity"), Map{}, "",
                          std::chrono::seconds(10));
  }

  World world_;
  OneKeyService http_;
  Apis apis_;
  std::unique_ptr<Session> session_;
};

TEST_F(SessionTest, R10TheSameCredentialsAreNotTriedAgain) {
  http_.accepted = "AKIDTWO";
  const CallOutcome outcome = Whoami();
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure->error.code, "ExpiredToken");
  EXPECT_EQ(http_.calls, 1);
  // The refused ones are forgotten, so that mended ones are found.
  SetKey("AKIDTWO");
  EXPECT_TRUE(Whoami().ok());
}

TEST_F(SessionTest, R10TheCallThatFindsOutIsMadeByOthers) {
  ASSERT_TRUE(Whoami().ok());
  http_.accepted = "AKIDTWO";
  SetKey("AKIDTWO");
  http_.calls = 0;
  EXPECT_TRUE(Whoami().ok());
  EXPECT_EQ(http_.calls, 2);
}

TEST_F(SessionTest, R10NoThirdOnesAreTried) {
  ASSERT_TRUE(Whoami().ok());
  http_.accepted = "AKIDTHREE";
  SetKey("AKIDTWO");
  http_.calls = 0;
  EXPECT_FALSE(Whoami().ok());
  EXPECT_EQ(http_.calls, 2);
}

}  // namespace
}  // namespace tandem::aws
