// Connections that fail, are kept and are shared: what was sent once is never sent again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/http/client_case.h"
#include "tests/unit/http/local_server.h"

namespace tandem {
namespace {

using testing::Answer;
using testing::AnswerAll;
using testing::Client;
using testing::kLong;
using testing::LocalServer;
using testing::Peer;
using testing::Seen;
using testing::To;
using testing::Why;

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

}  // namespace
}  // namespace tandem
