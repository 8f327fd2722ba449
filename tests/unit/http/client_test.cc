#include "tandem/http/client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "tests/unit/http/local_server.h"
#include "tests/unit/http/test_authority.h"

namespace tandem {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Answer;
using testing::AnswerAll;
using testing::LocalServer;
using testing::Peer;
using testing::TestAuthority;

constexpr Duration kLong = seconds(20);

std::unique_ptr<HttpClient> Client(HttpClientOptions options = {}) {
  auto client = NewHttpClient(std::move(options));
  TANDEM_CHECK(client.ok());
  return std::move(client).value();
}

HttpRequest To(const std::string& url, std::string method = "GET", std::string body = "") {
  HttpRequest request;
  request.method = std::move(method);
  auto parsed = ParseHttpUrl(url);
  TANDEM_CHECK(parsed.ok());
  request.url = *parsed;
  request.body = std::move(body);
  request.reach = HttpReach::kAny;
  return request;
}

std::string Why(const HttpOutcome& outcome) {
  return outcome.ok() ? "status " + std::to_string(outcome.response().status)
                      : outcome.failure().status.ToString();
}

// What was asked, gathered by the servers' threads.
class Seen {
 public:
  void Add(std::string text) {
    std::lock_guard<std::mutex> lock(mutex_);
    texts_.push_back(std::move(text));
  }
  std::vector<std::string> texts() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return texts_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
};

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

// R10: after bytes were sent, every failure is "perhaps done", and nothing is sent again.
TEST(HttpClient, R10FailureAfterSendingIsSentAndNeverRepeated) {
  struct Case {
    const char* name;
    std::function<void(Peer&)> fail;
    Code code;
  };
  const Case kCases[] = {
      {"lost reply", [](Peer&) {}, Code::kUnavailable},
      {"reset", [](Peer& peer) { peer.Reset(); }, Code::kUnavailable},
      {"half a status line", [](Peer& peer) { peer.Send("HTTP/1.1 20"); }, Code::kUnavailable},
      {"half a head", [](Peer& peer) { peer.Send("HTTP/1.1 200 OK\r\nContent-Le"); },
       Code::kUnavailable},
      {"half a body",
       [](Peer& peer) { peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"); },
       Code::kUnavailable},
      {"half a chunk",
       [](Peer& peer) {
         peer.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe");
       },
       Code::kUnavailable},
      {"no HTTP",
       [](Peer& peer) {
         peer.Send("SSH-2.0-OpenSSH_9.2\r\n\r\n");
         peer.AwaitEnd();
       },
       Code::kUnknown},
      {"early hints",
       [](Peer& peer) { peer.Send("HTTP/1.1 103 Early\r\nContent-Length: 0\r\n\r\n"); },
       Code::kUnknown},
      {"a chunk longer than it says",
       [](Peer& peer) {
         peer.Send(
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "2\r\nhello\r\n0\r\n\r\n");
         peer.AwaitEnd();
       },
       Code::kUnknown},
      {"two lengths",
       [](Peer& peer) {
         peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi");
         peer.AwaitEnd();
       },
       Code::kUnknown},
      {"a length that is no number",
       [](Peer& peer) {
         peer.Send("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nhi");
         peer.AwaitEnd();
       },
       Code::kUnknown},
      {"a transfer coding nobody asked for",
       [](Peer& peer) {
         peer.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
       },
       Code::kUnknown},
      {"endless status line",
       [](Peer& peer) {
         peer.Send("HTTP/1.1 200 ");
         while (peer.Send(std::string(1000, 'a'))) {
         }
       },
       Code::kResourceExhausted},
      {"endless headers",
       [](Peer& peer) {
         peer.Send("HTTP/1.1 200 OK\r\n");
         while (peer.Send("X-More: and more\r\n")) {
         }
       },
       Code::kResourceExhausted},
      {"endless body",
       [](Peer& peer) {
         peer.Send("HTTP/1.1 200 OK\r\n\r\n");
         while (peer.Send(std::string(10'000, 'b'))) {
         }
       },
       Code::kResourceExhausted},
      {"endless chunk size",
       [](Peer& peer) {
         peer.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
         while (peer.Send(std::string(10'000, '0'))) {
         }
       },
       Code::kResourceExhausted},
  };
  for (const Case& c : kCases) {
    for (bool reused : {false, true}) {
      SCOPED_TRACE(fmt::format("{}, {} connection", c.name, reused ? "kept" : "new"));
      Seen log;
      LocalServer server([&](Peer& peer) {
        std::string request = peer.ReadRequest();
        log.Add(request);
        if (request.starts_with("GET /first")) {
          peer.Send(Answer(200, "ok"));
          log.Add(peer.ReadRequest());
        }
        c.fail(peer);
      });
      HttpClientOptions options;
      options.max_response_bytes = 100'000;
      auto client = Client(options);
      if (reused) {
        ASSERT_TRUE(client->Send(To(server.Url("/first")), kLong).ok());
      }
      HttpOutcome outcome = client->Send(To(server.Url("/pay"), "POST", "once"), kLong);
      ASSERT_FALSE(outcome.ok()) << Why(outcome);
      EXPECT_EQ(outcome.failure().status.code(), c.code) << Why(outcome);
      EXPECT_TRUE(outcome.failure().sent);
      int payments = 0;
      for (const std::string& text : log.texts()) payments += text.starts_with("POST /pay");
      EXPECT_EQ(payments, 1);
      EXPECT_EQ(server.connections(), 1);
    }
  }
}

TEST(HttpClient, R10NothingIsSentWhereNobodyListens) {
  HttpOutcome outcome = Client()->Send(
      To(fmt::format("http://127.0.0.1:{}/", testing::ClosedPort()), "POST", "x"), kLong);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().status.code(), Code::kUnavailable);
  EXPECT_FALSE(outcome.failure().sent);
  EXPECT_NE(outcome.failure().status.message().find("refused"), std::string::npos) << Why(outcome);
}

/// Whether a connection to `port` on this machine is open at the end that called: a reset takes a moment to arrive.
bool IsConnectedTo(int port) {
  std::ifstream table("/proc/self/net/tcp");
  const std::string remote = fmt::format(":{:04X} 01 ", port);  // of an established one
  for (std::string line; std::getline(table, line);)
    if (line.find(remote) != std::string::npos) return true;
  return false;
}

TEST(HttpClient, AKeptConnectionThatTheServerClosedIsReplaced) {
  Seen log;
  std::mutex mutex;
  std::condition_variable changed;
  bool read = false, closed = false;
  LocalServer server([&](Peer& peer) {
    log.Add(peer.ReadRequest());
    peer.Send(Answer(200, "ok"));
    {
      // A reset takes with it what has not been read yet.
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait_for(lock, kLong, [&] { return std::exchange(read, false); });
      peer.Reset();
      closed = true;
    }
    changed.notify_all();
  });
  auto client = Client();
  for (int round = 1; round <= 3; ++round) {
    HttpOutcome outcome = client->Send(To(server.Url(), "POST", "x"), kLong);
    ASSERT_TRUE(outcome.ok()) << Why(outcome);
    std::unique_lock<std::mutex> lock(mutex);
    read = true;
    changed.notify_all();
    changed.wait(lock, [&] { return std::exchange(closed, false); });
    while (IsConnectedTo(server.port())) std::this_thread::yield();
  }
  EXPECT_EQ(log.texts().size(), 3u);
}

TEST(HttpClient, ManyThreadsShareConnections) {
  LocalServer server(AnswerAll([](const std::string& request) {
    return Answer(200, request.substr(0, request.find("\r\n")));
  }));
  HttpClientOptions options;
  options.max_in_flight = 3;
  auto client = Client(options);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 25; ++i) {
        std::string target = fmt::format("/{}/{}", thread, i);
        HttpOutcome outcome = client->Send(To(server.Url(target)), kLong);
        good += outcome.ok() && outcome.response().body == fmt::format("GET {} HTTP/1.1", target);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
  EXPECT_LE(server.connections(), 3);
}

TEST(HttpClient, TheDeadlineIsForTheWholeCall) {
  struct Case {
    const char* name;
    std::function<void(Peer&)> dawdle;
  };
  // One byte at a time, each long before any pause would seem too long.
  auto trickle = [](Peer& peer, std::string_view start, std::string_view more) {
    peer.Send(start);
    while (peer.Send(more)) std::this_thread::sleep_for(milliseconds(10));
  };
  const Case kCases[] = {
      {"silence", [](Peer& peer) { peer.AwaitEnd(); }},
      {"trickling headers", [&](Peer& peer) { trickle(peer, "HTTP/1.1 200 OK\r\n", "X: y\r\n"); }},
      {"trickling body",
       [&](Peer& peer) { trickle(peer, "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", "x"); }},
      {"trickling chunks",
       [&](Peer& peer) {
         trickle(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n");
       }},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    LocalServer server([&](Peer& peer) {
      peer.ReadRequest();
      c.dawdle(peer);
    });
    auto begin = std::chrono::steady_clock::now();
    HttpOutcome outcome = Client()->Send(To(server.Url()), milliseconds(400));
    auto took = std::chrono::steady_clock::now() - begin;
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.failure().status.code(), Code::kDeadlineExceeded) << Why(outcome);
    EXPECT_TRUE(outcome.failure().sent);
    EXPECT_GE(took, milliseconds(390));
    EXPECT_LT(took, seconds(5));
  }
}

TEST(HttpClient, AServerThatDoesNotReadEndsAtTheDeadline) {
  std::mutex mutex;
  mutex.lock();
  LocalServer server([&](Peer&) { std::lock_guard<std::mutex> lock(mutex); });
  HttpOutcome outcome =
      Client()->Send(To(server.Url(), "PUT", std::string(32 << 20, 'x')), milliseconds(1500));
  mutex.unlock();
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().status.code(), Code::kDeadlineExceeded) << Why(outcome);
  EXPECT_TRUE(outcome.failure().sent);
}

TEST(HttpClient, StopsWhenAsked) {
  std::stop_source stop;
  LocalServer server([&](Peer& peer) {
    peer.ReadRequest();
    stop.request_stop();
    peer.AwaitEnd();
  });
  auto client = Client();
  HttpOutcome outcome = client->Send(To(server.Url()), kLong, stop.get_token());
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().status.code(), Code::kCancelled);
  EXPECT_TRUE(outcome.failure().sent);
  HttpOutcome later = client->Send(To(server.Url()), kLong, stop.get_token());
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(later.failure().status.code(), Code::kCancelled);
  EXPECT_FALSE(later.failure().sent);
}

TEST(HttpClient, ATurnThatDoesNotComeIsNotSent) {
  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable changed;
  bool busy = false;
  LocalServer server([&](Peer& peer) {
    peer.ReadRequest();
    {
      std::lock_guard<std::mutex> lock(mutex);
      busy = true;
    }
    changed.notify_all();
    peer.AwaitEnd();
  });
  HttpClientOptions options;
  options.max_in_flight = 1;
  auto client = Client(options);
  std::thread first([&] { (void)client->Send(To(server.Url()), kLong, stop.get_token()).ok(); });
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return busy; });
  }
  HttpOutcome outcome = client->Send(To(server.Url()), milliseconds(50));
  stop.request_stop();
  first.join();
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().status.code(), Code::kDeadlineExceeded);
  EXPECT_FALSE(outcome.failure().sent);
}

TEST(HttpClient, LocalAddressesNeedPermission) {
  LocalServer server(AnswerAll([](const std::string&) { return Answer(200, "secret"); }));
  auto client = Client();
  // The kept connection of a permitted request must not serve one that is not.
  ASSERT_TRUE(client->Send(To(server.Url()), kLong).ok());
  for (std::string host : {"127.0.0.1", "localhost", "0x7f.1", "2130706433"}) {
    SCOPED_TRACE(host);
    for (HttpReach reach : {HttpReach::kPublic, HttpReach::kPrivate}) {
      HttpRequest request = To(server.Url("/", host));
      request.reach = reach;
      HttpOutcome outcome = client->Send(request, kLong);
      ASSERT_FALSE(outcome.ok());
      EXPECT_EQ(outcome.failure().status.code(), Code::kPermissionDenied) << Why(outcome);
      EXPECT_FALSE(outcome.failure().sent);
    }
  }
  EXPECT_EQ(server.connections(), 1);
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

TEST(HttpClient, UnknownNamesAreNotSent) {
  HttpOutcome outcome = Client()->Send(To("http://no-such-host.invalid/"), kLong);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().status.code(), Code::kUnavailable) << Why(outcome);
  EXPECT_FALSE(outcome.failure().sent);
}

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
