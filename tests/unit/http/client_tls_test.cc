// Whom a client trusts, what it shows of itself, and how TLS ends.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/http/client_case.h"
#include "tests/unit/http/local_server.h"
#include "tests/unit/http/test_authority.h"

namespace tandem {
namespace {

using std::chrono::milliseconds;
using testing::Answer;
using testing::AnswerAll;
using testing::Client;
using testing::kLong;
using testing::LocalServer;
using testing::Peer;
using testing::Seen;
using testing::TestAuthority;
using testing::To;
using testing::Why;

class HttpClientTls : public ::testing::Test {
 protected:
  ~HttpClientTls() override {
    for (SSL_CTX* context : contexts_) SSL_CTX_free(context);
  }
  SSL_CTX* Context(const TestAuthority& authority, const std::string& names, long seconds = 3600,
                   bool ask = false) {
    contexts_.push_back(authority.ServerContext(names, seconds, ask));
    return contexts_.back();
  }
  HttpClientOptions Trusting(const TestAuthority& authority) {
    HttpClientOptions options;
    options.ca_pem = authority.Pem();
    return options;
  }

  TestAuthority authority_;
  std::vector<SSL_CTX*> contexts_;
};

TEST_F(HttpClientTls, KeepsConnections) {
  LocalServer server(AnswerAll([](const std::string& request) {
                       return Answer(200, request.substr(request.find("\r\n\r\n") + 4));
                     }),
                     Context(authority_, "IP:127.0.0.1,DNS:localhost"));
  auto client = Client(Trusting(authority_));
  std::string large(3 << 20, 'x');
  for (std::string host : {"127.0.0.1", "localhost"}) {
    for (const std::string& body : {std::string("small"), large, std::string()}) {
      HttpOutcome outcome = client->Send(To(server.Url("/", host), "POST", body), kLong);
      ASSERT_TRUE(outcome.ok()) << Why(outcome);
      EXPECT_TRUE(outcome.response().body == body);
    }
  }
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(HttpClientTls, NobodyElseIsTrusted) {
  TestAuthority stranger;
  struct Case {
    const char* name;
    SSL_CTX* server;
    HttpClientOptions options;
    const char* word;
  };
  HttpClientOptions other_name = Trusting(authority_);
  other_name.server_name = "kubernetes";
  const Case kCases[] = {
      {"the system does not know the authority", Context(authority_, "IP:127.0.0.1"), {}, "issuer"},
      {"another authority", Context(stranger, "IP:127.0.0.1"), Trusting(authority_), "issuer"},
      {"another address", Context(authority_, "IP:127.0.0.2"), Trusting(authority_), "IP address"},
      {"a name for an address", Context(authority_, "DNS:127.0.0.1"), Trusting(authority_),
       "IP address"},
      {"expired", Context(authority_, "IP:127.0.0.1", -60), Trusting(authority_), "expired"},
      {"another name", Context(authority_, "IP:127.0.0.1"), other_name, "hostname"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    Seen log;
    LocalServer server(AnswerAll([&](const std::string& request) {
                         log.Add(request);
                         return Answer(200, "");
                       }),
                       c.server);
    HttpOutcome outcome = Client(c.options)->Send(To(server.Url(), "POST", "secret"), kLong);
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.failure().status.code(), Code::kFailedPrecondition) << Why(outcome);
    EXPECT_NE(outcome.failure().status.message().find(c.word), std::string::npos) << Why(outcome);
    EXPECT_FALSE(outcome.failure().sent);
    EXPECT_TRUE(log.texts().empty());
  }
}

TEST_F(HttpClientTls, NamesAndVerificationAreOptions) {
  LocalServer server(AnswerAll([](const std::string&) { return Answer(200, "ok"); }),
                     Context(authority_, "DNS:kubernetes"));
  HttpClientOptions named = Trusting(authority_);
  named.server_name = "kubernetes";
  HttpOutcome outcome = Client(named)->Send(To(server.Url()), kLong);
  EXPECT_TRUE(outcome.ok()) << Why(outcome);
  HttpClientOptions blind;
  blind.skip_verification = true;
  outcome = Client(blind)->Send(To(server.Url()), kLong);
  EXPECT_TRUE(outcome.ok()) << Why(outcome);
}

TEST_F(HttpClientTls, ShowsItsCertificate) {
  LocalServer server(AnswerAll([](const std::string&) { return Answer(200, "ok"); }),
                     Context(authority_, "IP:127.0.0.1", 3600, /*ask=*/true));
  HttpClientOptions options = Trusting(authority_);
  HttpOutcome outcome = Client(options)->Send(To(server.Url()), kLong);
  EXPECT_FALSE(outcome.ok());
  TestAuthority::Identity identity = authority_.Issue("DNS:client");
  options.client_certificate_pem = identity.certificate_pem;
  options.client_key_pem = identity.key_pem;
  outcome = Client(options)->Send(To(server.Url()), kLong);
  EXPECT_TRUE(outcome.ok()) << Why(outcome);
}

// R10: a server that takes the request and then ends TLS in good order looks like a connection that
// was closed while idle. The request must not be sent again.
TEST_F(HttpClientTls, R10ALostReplyIsNotRepeated) {
  for (bool orderly : {true, false}) {
    for (bool reused : {false, true}) {
      SCOPED_TRACE(fmt::format("orderly {}, reused {}", orderly, reused));
      Seen log;
      LocalServer server(
          [&](Peer& peer) {
            if (reused) {
              peer.ReadRequest();
              peer.Send(Answer(200, "ok"));
            }
            log.Add(peer.ReadRequest());
            if (orderly) peer.EndTls();
          },
          Context(authority_, "IP:127.0.0.1"));
      auto client = Client(Trusting(authority_));
      if (reused) {
        ASSERT_TRUE(client->Send(To(server.Url()), kLong).ok());
      }
      HttpOutcome outcome = client->Send(To(server.Url("/pay"), "POST", "once"), kLong);
      ASSERT_FALSE(outcome.ok());
      EXPECT_EQ(outcome.failure().status.code(), Code::kUnavailable) << Why(outcome);
      EXPECT_TRUE(outcome.failure().sent);
      EXPECT_EQ(server.connections(), 1);
      EXPECT_EQ(log.texts().size(), 1u);
    }
  }
}

TEST_F(HttpClientTls, ABodyCutShortIsNoAnswer) {
  for (bool orderly : {true, false}) {
    LocalServer server(
        [&](Peer& peer) {
          peer.ReadRequest();
          peer.Send("HTTP/1.1 200 OK\r\n\r\n{\"pods\": []");
          if (orderly) peer.EndTls();
        },
        Context(authority_, "IP:127.0.0.1"));
    HttpOutcome outcome = Client(Trusting(authority_))->Send(To(server.Url()), kLong);
    EXPECT_EQ(outcome.ok(), orderly) << Why(outcome);
  }
}

TEST_F(HttpClientTls, ASilentHandshakeEndsAtTheDeadline) {
  LocalServer server([](Peer& peer) { peer.AwaitEnd(); });
  HttpRequest request = To(server.Url());
  request.url.origin.tls = true;
  HttpOutcome outcome = Client()->Send(request, milliseconds(150));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().status.code(), Code::kDeadlineExceeded) << Why(outcome);
  EXPECT_FALSE(outcome.failure().sent);
}

TEST(HttpClientOptions, UnreadableCertificatesAreRefused) {
  TestAuthority authority;
  TestAuthority::Identity one = authority.Issue("DNS:a");
  TestAuthority::Identity two = authority.Issue("DNS:b");
  struct Case {
    const char* name;
    HttpClientOptions options;
  };
  HttpClientOptions file, pem, certificate, key, pair;
  file.ca_file = "/no/such/file.pem";
  pem.ca_pem = "not PEM";
  certificate.client_certificate_pem = "not PEM";
  key.client_certificate_pem = one.certificate_pem;
  key.client_key_pem = "not PEM";
  pair.client_certificate_pem = one.certificate_pem;
  pair.client_key_pem = two.key_pem;
  for (const Case& c : {Case{"file", file}, Case{"text", pem}, Case{"certificate", certificate},
                        Case{"key", key}, Case{"pair", pair}}) {
    SCOPED_TRACE(c.name);
    auto client = NewHttpClient(c.options);
    ASSERT_FALSE(client.ok());
    EXPECT_EQ(client.status().code(), Code::kInvalidArgument) << client.status().ToString();
  }
}

}  // namespace
}  // namespace tandem
