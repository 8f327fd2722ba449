// Containers, instances and the token service, each a true HTTP server on this machine.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "providers/aws/credentials/sts.h"
#include "tests/providers_aws/credentials_world.h"
#include "tests/unit/http/local_server.h"

namespace tandem::aws {
namespace {

using Source = CredentialSettings::Source;
using testing::Answer;
using testing::LocalServer;

std::string KeysJson(std::string_view expiration = "2030-01-01T00:00:00Z") {
  return fmt::format(
      R"({{"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAMADEUP",
          "SecretAccessKey": "{}", "Token": "{}", "Expiration": "{}"}})",
      kFakeSecret, kFakeToken, expiration);
}

// Remembers the requests of a server's threads.
class Asked {
 public:
  std::function<void(testing::Peer&)> Then(
      std::function<std::string(const std::string& line, const std::string& request)> answer) {
    return testing::AnswerAll([this, answer](const std::string& request) {
      std::string line = request.substr(0, request.find(" HTTP/1.1"));
      {
        std::lock_guard<std::mutex> lock(mutex_);
        lines_.push_back(line);
      }
      return answer(line, request);
    });
  }
  std::vector<std::string> lines() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

bool Holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

CredentialSettings Only(Source source) {
  CredentialSettings settings;
  settings.source = source;
  return settings;
}

TEST(ContainerCredentials, ComeWithTheTokenOfTheFile) {
  Asked asked;
  LocalServer server(asked.Then([](const std::string&, const std::string& request) {
    if (!Holds(request, "\r\nAuthorization: made-up-pod-token\r\n")) return Answer(403, "no");
    return Answer(200, KeysJson());
  }));
  World world;
  world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.Url("/v1/credentials?x=%20");
  world.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "older";
  world.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/var/run/token";
  world.files["/var/run/token"] = "made-up-pod-token\n";
  for (const CredentialSettings& settings : {Only(Source::kContainer), Only(Source::kDefault)}) {
    Result<Credentials> found = world.Fetch(settings);
    ASSERT_TRUE(found.ok()) << found.status().ToString();
    EXPECT_EQ(found->access_key, "ASIAMADEUP");
    EXPECT_EQ(found->token, kFakeToken);
    EXPECT_EQ(found->expiry, *ParseTime("2030-01-01T00:00:00Z"));
    EXPECT_EQ(asked.lines().back(), "GET /v1/credentials?x=%20");
  }
  world.variables.erase("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  world.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "made-up-pod-token";
  EXPECT_TRUE(world.Fetch(Only(Source::kContainer)).ok());
}

TEST(ContainerCredentials, FailuresSaySo) {
  struct Case {
    const char* name;
    std::string answer;
    Code code;
    const char* word;
  };
  const Case kCases[] = {
      {"refused", Answer(400, kFakeSecret), Code::kUnauthenticated, "status 400"},
      {"busy", Answer(503, kFakeSecret), Code::kUnavailable, "status 503"},
      {"no JSON", Answer(200, kFakeSecret), Code::kUnavailable, "no JSON object"},
      {"no keys", Answer(200, R"({"Token": "made-up-token-for-tests"})"), Code::kUnavailable,
       "lacks AccessKeyId"},
      {"no time", Answer(200, KeysJson("made-up-token-for-tests")), Code::kUnavailable,
       "Expiration"},
      {"an error", Answer(200, R"({"Code": "AssumeRoleUnauthorizedAccess"})"), Code::kUnavailable,
       "AssumeRoleUnauthorizedAccess"},
      {"a redirect", Answer(302, "", "Location: http://127.0.0.1:1/\r\n"), Code::kUnauthenticated,
       "status 302"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    Asked asked;
    LocalServer server(
        asked.Then([&](const std::string&, const std::string&) { return c.answer; }));
    World world;
    world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.Url("/");
    Result<Credentials> found = world.Fetch();
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.status().code(), c.code) << found.status().ToString();
    EXPECT_TRUE(Holds(found.status().message(), c.word)) << found.status().message();
    EXPECT_FALSE(HoldsSecret(found.status().message())) << found.status().message();
    EXPECT_EQ(asked.lines().size(), 1u);  // never repeated
  }
}

TEST(ContainerCredentials, PlacesThatMayBeAskedInTheClear) {
  const std::pair<const char*, bool> kCases[] = {
      {"http://169.254.170.24/", false},
      {"http://169.254.169.254/", false},
      {"http://10.0.0.1/", false},
      {"http://agent.internal/", false},
      {"http://127.0.0.1.example/", false},
      {"http://127.1/", false},
      {"http://[::2]/", false},
      {"http://[fd00:ec2::24]/", false},
      {"ftp://127.0.0.1/", false},
      {"/v1", false},
  };
  for (const auto& [url, allowed] : kCases) {
    SCOPED_TRACE(url);
    World world;
    world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    Result<Credentials> found = world.Fetch(Only(Source::kContainer));
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.status().code(), Code::kUnauthenticated) << found.status().ToString();
    EXPECT_TRUE(Holds(found.status().message(), "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
  }
  World world;
  world.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "@evil.example/";
  Result<Credentials> found = world.Fetch(Only(Source::kContainer));
  ASSERT_FALSE(found.ok());
  EXPECT_TRUE(Holds(found.status().message(), "does not start with /"));
  world.variables.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:1/";
  world.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "a\r\nX: b";
  found = world.Fetch(Only(Source::kContainer));
  ASSERT_FALSE(found.ok());
  EXPECT_TRUE(Holds(found.status().message(), "line break"));
}

constexpr char kRoles[] = "GET /latest/meta-data/iam/security-credentials/";

struct Metadata {
  explicit Metadata(int token_status = 200, std::string expiration = "2030-01-01T00:00:00Z")
      : server(asked.Then([=](const std::string& line, const std::string& request) {
          if (line == "PUT /latest/api/token") {
            bool asks = Holds(request, "\r\nX-aws-ec2-metadata-token-ttl-seconds: 21600\r\n");
            return asks ? Answer(token_status, "made-up-session") : Answer(400, "");
          }
          bool session = Holds(request, "\r\nX-aws-ec2-metadata-token: made-up-session\r\n");
          if (session != (token_status == 200)) return Answer(401, "");
          if (line == kRoles) return Answer(200, "web-role\n");
          if (line == std::string(kRoles) + "web-role") return Answer(200, KeysJson(expiration));
          return Answer(404, "");
        })) {
    world.variables.erase("AWS_EC2_METADATA_DISABLED");
    world.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.Url("/");
  }
  Asked asked;
  LocalServer server;
  World world;
};

TEST(InstanceCredentials, AskForASessionFirst) {
  Metadata metadata;
  for (const CredentialSettings& settings : {Only(Source::kInstance), Only(Source::kDefault)}) {
    Result<Credentials> found = metadata.world.Fetch(settings);
    ASSERT_TRUE(found.ok()) << found.status().ToString();
    EXPECT_EQ(found->access_key, "ASIAMADEUP");
    EXPECT_EQ(found->origin, "instance role web-role");
  }
  EXPECT_EQ(metadata.asked.lines().size(), 6u);
  EXPECT_EQ(metadata.asked.lines()[0], "PUT /latest/api/token");
}

TEST(InstanceCredentials, WithoutSessionsOnlyWhereTheyAreUnknown) {
  for (int status : {403, 404, 405}) {
    SCOPED_TRACE(status);
    Metadata old(status);
    EXPECT_TRUE(old.world.Fetch(Only(Source::kInstance)).ok());
    old.world.variables["AWS_EC2_METADATA_V1_DISABLED"] = "True";
    Result<Credentials> found = old.world.Fetch(Only(Source::kInstance));
    ASSERT_FALSE(found.ok());
    EXPECT_TRUE(Holds(found.status().message(), "version 1 is disabled"));
  }
  for (int status : {400, 500}) {
    SCOPED_TRACE(status);
    Metadata broken(status);
    Result<Credentials> found = broken.world.Fetch(Only(Source::kInstance));
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.status().code(), Code::kUnavailable);
    EXPECT_EQ(broken.asked.lines().size(), 1u);
  }
}

// The service goes on handing out its last credentials while it cannot renew them.
TEST(InstanceCredentials, ExpiredOnesAreUsedForAWhile) {
  Metadata metadata(200, "2020-01-01T00:00:00Z");  // the world's clock is in September 2020
  Result<Credentials> found = metadata.world.Fetch(Only(Source::kInstance));
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->expiry, metadata.world.clock.Now() + std::chrono::minutes(10));
}

TEST(InstanceCredentials, NoRoleIsNotSetUp) {
  Asked asked;
  LocalServer server(asked.Then([](const std::string& line, const std::string&) {
    return line.starts_with("PUT") ? Answer(200, "made-up-session") : Answer(404, "");
  }));
  World world;
  world.variables.erase("AWS_EC2_METADATA_DISABLED");
  world.files["/home/u/.aws/config"] =
      "[default]\nec2_metadata_service_endpoint = " + server.Url("") + "\n";
  Result<Credentials> found = world.Fetch();
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), Code::kUnauthenticated);
  EXPECT_TRUE(Holds(found.status().message(), "the instance has no role"))
      << found.status().message();
}

TEST(InstanceCredentials, AGivenEndpointMustAnswer) {
  World world;
  world.variables.erase("AWS_EC2_METADATA_DISABLED");
  world.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] =
      fmt::format("http://127.0.0.1:{}", testing::ClosedPort());
  Result<Credentials> found = world.Fetch();
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), Code::kUnavailable) << found.status().ToString();
}

TEST(InstanceCredentials, ARoleNameIsNoPath) {
  Asked asked;
  LocalServer server(asked.Then([](const std::string& line, const std::string&) {
    return line.starts_with("PUT") ? Answer(200, "made-up-session") : Answer(200, "../../x y");
  }));
  World world;
  world.variables.erase("AWS_EC2_METADATA_DISABLED");
  world.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.Url();
  EXPECT_FALSE(world.Fetch(Only(Source::kInstance)).ok());
  EXPECT_EQ(asked.lines().size(), 2u);
}

std::string RoleXml(const std::string& action) {
  return fmt::format(
      "<{0}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{0}Result>"
      "<AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn></AssumedRoleUser>"
      "<Credentials><AccessKeyId>ASIASTS</AccessKeyId><SecretAccessKey>{1}</SecretAccessKey>"
      "<SessionToken>{2}</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>"
      "</Credentials></{0}Result></{0}Response>",
      action, kFakeSecret, kFakeToken);
}

TEST(Sts, AsksAndReads) {
  std::mutex mutex;
  std::string last;
  Asked asked;
  LocalServer server(asked.Then([&](const std::string&, const std::string& request) {
    std::lock_guard<std::mutex> lock(mutex);
    last = request;
    return Answer(
        200, RoleXml(Holds(request, "WebIdentity&") ? "AssumeRoleWithWebIdentity" : "AssumeRole"));
  }));
  World world;
  StsCaller sts = NewStsCaller(*world.http, world.clock, {.endpoint = server.Url()});
  StsCall call;
  call.action = "AssumeRole";
  call.region = "eu-west-1";
  call.parameters = {{"RoleArn", "arn:aws:iam::1:role/a b"}, {"RoleSessionName", "s+1"}};
  call.signer = Credentials{kFakeKey, kFakeSecret, kFakeToken, {}, "environment"};
  Result<Credentials> found = sts(call, {});
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->access_key, "ASIASTS");
  EXPECT_EQ(found->secret_key, kFakeSecret);
  EXPECT_EQ(found->token, kFakeToken);
  EXPECT_EQ(found->expiry, *ParseTime("2030-01-01T00:00:00Z"));
  EXPECT_TRUE(last.ends_with(
      "\r\n\r\nAction=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b"
      "&RoleSessionName=s%2B1"))
      << last;
  EXPECT_TRUE(Holds(last, "AWS4-HMAC-SHA256 Credential=AKIDMADEUP/20200913/eu-west-1/sts/"));
  EXPECT_TRUE(Holds(last, fmt::format("-Security-Token: {}\r\n", kFakeToken)));

  call.action = "AssumeRoleWithWebIdentity";
  call.signer.reset();
  found = sts(call, {});
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_FALSE(Holds(last, "AWS4-HMAC-SHA256"));
}

TEST(Sts, RefusalsAreDiscreet) {
  auto error = [](std::string_view code) {
    return fmt::format(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>it was {}</Message>"
        "</Error><RequestId>r</RequestId></ErrorResponse>",
        code, kFakeToken);
  };
  struct Case {
    int status;
    std::string body;
    Code code;
    const char* word;
  };
  const Case kCases[] = {
      {403,
       "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: arn:aws:iam::1:user/u "
       "is not authorized</Message></Error></ErrorResponse>",
       Code::kPermissionDenied, "AccessDenied: User: arn:aws:iam::1:user/u is not authorized"},
      {403, error("SignatureDoesNotMatch"), Code::kUnauthenticated, "SignatureDoesNotMatch"},
      {403, error("InvalidClientTokenId"), Code::kUnauthenticated, "InvalidClientTokenId"},
      {400, error("ExpiredTokenException"), Code::kUnauthenticated, "ExpiredTokenException"},
      {400, error("InvalidIdentityToken"), Code::kUnauthenticated, "InvalidIdentityToken"},
      {400, error("IDPCommunicationError"), Code::kUnavailable, "IDPCommunicationError"},
      {400, error("Throttling"), Code::kUnavailable, "Throttling"},
      {503, "<html>busy</html>", Code::kUnavailable, "status 503"},
      {404, "", Code::kUnauthenticated, "status 404"},
      {200, "<html>made-up-token-for-tests</html>", Code::kUnavailable, "malformed"},
      {200, "made-up-token-for-tests", Code::kUnavailable, "malformed"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.word);
    Asked asked;
    LocalServer server(asked.Then(
        [&](const std::string&, const std::string&) { return Answer(c.status, c.body); }));
    World world;
    StsCaller sts = NewStsCaller(*world.http, world.clock, {.endpoint = server.Url()});
    Result<Credentials> found = sts({"AssumeRole", "eu-west-1", {}, {}}, {});
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.status().code(), c.code) << found.status().ToString();
    EXPECT_TRUE(Holds(found.status().message(), c.word)) << found.status().message();
    EXPECT_FALSE(HoldsSecret(found.status().message()));
    EXPECT_EQ(asked.lines().size(), 1u);
  }
}

TEST(Sts, EndpointsOfPartitions) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "https://sts.amazonaws.com"},
      {"eu-west-1", "https://sts.eu-west-1.amazonaws.com"},
      {"us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com"},
      {"cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn"},
      {"us-iso-east-1", "https://sts.us-iso-east-1.c2s.ic.gov"},
      {"us-isob-east-1", "https://sts.us-isob-east-1.sc2s.sgov.gov"},
      {"eusc-de-east-1", "https://sts.eusc-de-east-1.amazonaws.eu"},
  };
  for (const auto& [region, endpoint] : kCases) EXPECT_EQ(StsEndpoint(region), endpoint);
}

}  // namespace
}  // namespace tandem::aws
