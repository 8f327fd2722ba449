// What goes out and comes in, byte for byte, and what is refused before it is written.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/unit/http/client_case.h"
#include "tests/unit/http/local_server.h"

namespace tandem {
namespace {

using std::chrono::seconds;
using testing::Answer;
using testing::AnswerAll;
using testing::Client;
using testing::kLong;
using testing::LocalServer;
using testing::Peer;
using testing::Seen;
using testing::To;
using testing::Why;

TEST(HttpClient, SendsTargetAndHeadersByteForByte) {
  Seen log;
  LocalServer server(AnswerAll([&](const std::string& request) {
    log.Add(request);
    return Answer(200, "ok");
  }));
  auto client = Client();
  const char* kTargets[] = {"/", "/a%2Fb/%7e//../.",
                            "/?q=a+b%20c&x=%E2%82%AC&empty=", "/a:b@c;d=e,f!$'()*~[]|^`{}\"<>\\",
                            "/%zz?%"};
  for (const char* target : kTargets) {
    HttpRequest request = To(server.Url(target));
    request.headers = {{"X-Amz-Date", "20150830T123600Z"}, {"x-note", "a%20b  +c; \"d\""}};
    HttpOutcome outcome = client->Send(request, kLong);
    ASSERT_TRUE(outcome.ok()) << Why(outcome);
    std::string sent = log.texts().back();
    EXPECT_EQ(sent.substr(0, sent.find("\r\n")), fmt::format("GET {} HTTP/1.1", target));
    EXPECT_NE(sent.find("\r\nX-Amz-Date: 20150830T123600Z\r\n"), std::string::npos) << sent;
    EXPECT_NE(sent.find("\r\nx-note: a%20b  +c; \"d\"\r\n"), std::string::npos) << sent;
    EXPECT_NE(sent.find(fmt::format("\r\nHost: 127.0.0.1:{}\r\n", server.port())),
              std::string::npos);
    EXPECT_EQ(sent.find("Expect"), std::string::npos);
  }
}

TEST(HttpClient, HostAndBodyAsGiven) {
  Seen log;
  LocalServer server(AnswerAll([&](const std::string& request) {
    log.Add(request);
    return Answer(200, "");
  }));
  auto client = Client();
  HttpRequest request = To(server.Url("/b"), "POST", std::string("a\0b\r\n\r\nc", 9));
  request.headers = {{"Host", "bucket.s3.amazonaws.com"}, {"Content-Type", "text/xml"}};
  ASSERT_TRUE(client->Send(request, kLong).ok());
  std::string sent = log.texts().back();
  EXPECT_NE(sent.find("\r\nHost: bucket.s3.amazonaws.com\r\n"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("127.0.0.1"), std::string::npos) << sent;
  EXPECT_NE(sent.find("\r\nContent-Length: 9\r\n"), std::string::npos);
  EXPECT_TRUE(sent.ends_with(std::string("\r\n\r\na\0b\r\n\r\nc", 13)));
}

TEST(HttpClient, HeadersArriveAsReceived) {
  LocalServer server(AnswerAll([](const std::string&) {
    return Answer(200, "x",
                  "Link: <http://h/?after=a%2Bb%26c%3D>; rel=\"next\"\r\n"
                  "ETag:\t\"a%20b\" \r\nX-Two: 1\r\nx-two: 2\r\n");
  }));
  HttpOutcome outcome = Client()->Send(To(server.Url()), kLong);
  ASSERT_TRUE(outcome.ok()) << Why(outcome);
  const HttpResponse& response = outcome.response();
  EXPECT_EQ(response.HeaderOr("link", ""), "<http://h/?after=a%2Bb%26c%3D>; rel=\"next\"");
  EXPECT_EQ(response.HeaderOr("etag", ""), "\"a%20b\"");
  EXPECT_EQ(response.HeaderOr("X-TWO", ""), "1");
  EXPECT_EQ(response.Header("absent"), nullptr);
}

TEST(HttpClient, AnswersOfEveryShape) {
  struct Case {
    const char* name;
    const char* method;
    std::string answer;
    int status;
    std::string body;
    bool kept;  // the connection serves the next request too
  };
  const Case kCases[] = {
      {"length", "GET", Answer(200, "hello"), 200, "hello", true},
      {"empty", "GET", Answer(200, ""), 200, "", true},
      {"chunks", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n9;x=y\r\n, "
       "world!!\r\n0\r\n\r\n",
       200, "hello, world!!", true},
      {"no content", "DELETE", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
      {"head", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", 200, "", true},
      {"not modified", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, "",
       true},
      {"continue first", "POST", "HTTP/1.1 100 Continue\r\n\r\n" + Answer(201, "made"), 201, "made",
       true},
      {"not found", "GET", Answer(404, "<html>"), 404, "<html>", true},
      {"server error", "POST", Answer(503, "later"), 503, "later", true},
      {"redirect is an answer", "GET", Answer(302, "", "Location: http://127.0.0.1:1/\r\n"), 302,
       "", true},
      {"unauthorized is an answer", "GET", Answer(401, "", "WWW-Authenticate: Basic\r\n"), 401, "",
       true},
      {"close is announced", "GET", Answer(200, "bye", "Connection: Close\r\n"), 200, "bye", false},
      {"close among others", "GET", Answer(200, "bye", "Connection: x, close\r\n"), 200, "bye",
       false},
      {"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", false},
      {"more than announced", "GET", Answer(200, "a") + "HTTP/1.1 200 smuggled\r\n\r\n", 200, "a",
       false},
      {"length and chunks", "GET",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
       "2\r\nhi\r\n0\r\n\r\n",
       200, "hi", false},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    LocalServer server(AnswerAll([&](const std::string&) { return c.answer; }));
    auto client = Client();
    for (int round = 1; round <= 2; ++round) {
      HttpOutcome outcome = client->Send(To(server.Url(), c.method), seconds(5));
      ASSERT_TRUE(outcome.ok()) << Why(outcome);
      EXPECT_EQ(outcome.response().status, c.status);
      EXPECT_EQ(outcome.response().body, c.body);
    }
    EXPECT_EQ(server.connections(), c.kept ? 1 : 2);
  }
}

TEST(HttpClient, BodyUntilTheEndOfTheConnection) {
  LocalServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\n\r\nall of it");
  });
  HttpOutcome outcome = Client()->Send(To(server.Url()), kLong);
  ASSERT_TRUE(outcome.ok()) << Why(outcome);
  EXPECT_EQ(outcome.response().body, "all of it");
}

TEST(HttpClient, RefusesWhatCannotBeWritten) {
  struct Case {
    const char* name;
    std::function<void(HttpRequest&)> spoil;
  };
  const Case kCases[] = {
      {"method", [](HttpRequest& r) { r.method = "GET /x HTTP/1.1\r\nX:"; }},
      {"no method", [](HttpRequest& r) { r.method = ""; }},
      {"tunnel", [](HttpRequest& r) { r.method = "CONNECT"; }},
      {"target with a break", [](HttpRequest& r) { r.url.target = "/a\r\nX: y"; }},
      {"target with a space", [](HttpRequest& r) { r.url.target = "/a b"; }},
      {"relative target", [](HttpRequest& r) { r.url.target = "a"; }},
      {"no target", [](HttpRequest& r) { r.url.target = ""; }},
      {"header value",
       [](HttpRequest& r) {
         r.headers = {{"X", "a\r\nY: b"}};
       }},
      {"header name",
       [](HttpRequest& r) {
         r.headers = {{"X: y\r\nZ", "a"}};
       }},
      {"transfer coding",
       [](HttpRequest& r) {
         r.headers = {{"transfer-encoding", "chunked"}};
       }},
      {"expect",
       [](HttpRequest& r) {
         r.headers = {{"Expect", "100-continue"}};
       }},
      {"length",
       [](HttpRequest& r) {
         r.headers = {{"content-length", "7"}};
       }},
      {"no host", [](HttpRequest& r) { r.url.origin.host = ""; }},
  };
  LocalServer server(AnswerAll([](const std::string&) { return Answer(200, ""); }));
  auto client = Client();
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    HttpRequest request = To(server.Url());
    c.spoil(request);
    HttpOutcome outcome = client->Send(request, kLong);
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.failure().status.code(), Code::kInvalidArgument) << Why(outcome);
    EXPECT_FALSE(outcome.failure().sent);
  }
  EXPECT_EQ(server.connections(), 0);
}

}  // namespace
}  // namespace tandem
