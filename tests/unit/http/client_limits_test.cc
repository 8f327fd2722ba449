// How long a call may take, and which addresses it may reach.
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "tests/unit/http/client_case.h"
#include "tests/unit/http/local_server.h"

namespace tandem {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Answer;
using testing::AnswerAll;
using testing::Client;
using testing::kLong;
using testing::LocalServer;
using testing::Peer;
using testing::To;
using testing::Why;

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

TEST(HttpClient, UnknownNamesAreNotSent) {
  HttpOutcome outcome = Client()->Send(To("http://no-such-host.invalid/"), kLong);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().status.code(), Code::kUnavailable) << Why(outcome);
  EXPECT_FALSE(outcome.failure().sent);
}

}  // namespace
}  // namespace tandem
