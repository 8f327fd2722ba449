#include "tandem/web/server.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>
#include <vector>

namespace tandem {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

std::unique_ptr<WebServer> Serving() {
  WebOptions options;
  options.metrics = [] { return std::vector<Engine::Metric>{}; };
  options.ready = [] { return true; };
  auto server = StartWebServer(std::move(options));
  EXPECT_TRUE(server.ok()) << server.status().ToString();
  // The first request makes the library's tables of words. Its guards of them are not seen by the thread sanitizer, an
  // answer that comes before the next request is.
  EXPECT_TRUE(httplib::Client("127.0.0.1", (*server)->port()).Get("/healthz"));
  return std::move(server).value();
}

/// Connections that send a byte of a header now and then, and never end it.
class Drippers {
 public:
  Drippers(int port, size_t count) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (size_t i = 0; i < count; ++i) {
      sockets_.push_back(socket(AF_INET, SOCK_STREAM, 0));
      EXPECT_EQ(connect(sockets_.back(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    Drip("GET /healthz HTTP/1.1\r\nX: ");
    dripping_ = std::jthread([this](std::stop_token stop) {
      while (!stop.stop_requested()) {
        Drip("x");
        std::this_thread::sleep_for(300ms);
      }
    });
  }
  ~Drippers() {
    dripping_ = {};
    for (const int each : sockets_) close(each);
  }

 private:
  void Drip(std::string_view bytes) {
    for (const int each : sockets_) send(each, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  std::vector<int> sockets_;
  std::jthread dripping_;
};

TEST(WebServer, WhoDripsKeepsNobodyWaitingForLong) {
  const auto server = Serving();
  const Drippers drippers(server->port(), 24);
  httplib::Client client("127.0.0.1", server->port());
  client.set_read_timeout(10);
  const auto begin = steady_clock::now();
  const auto healthy = client.Get("/healthz");
  ASSERT_TRUE(healthy);
  EXPECT_EQ(healthy->status, 200);
  EXPECT_LT(steady_clock::now() - begin, 4s);
}

TEST(WebServer, WhoDripsDoesNotHoldUpTheEnd) {
  auto server = Serving();
  const Drippers drippers(server->port(), 4);
  httplib::Client client("127.0.0.1", server->port());
  ASSERT_TRUE(client.Get("/healthz"));  // they are being served by now
  const auto begin = steady_clock::now();
  server.reset();
  EXPECT_LT(steady_clock::now() - begin, 1s);
}

TEST(WebServer, MoreThanAreServedAreToldSo) {
  const auto server = Serving();
  const Drippers drippers(server->port(), 100);
  httplib::Client client("127.0.0.1", server->port());
  const auto busy = client.Get("/healthz");
  ASSERT_TRUE(busy);
  EXPECT_TRUE(busy->status == 503 || busy->status == 200) << busy->status;
}

TEST(WebServer, SaysHealthAndReadinessApart) {
  std::atomic<bool> ready{false};
  WebOptions options;
  options.metrics = [] {
    return std::vector<Engine::Metric>{{"tandem_drift_resources", {{"class", "safe"}}, 2, false, std::nullopt},
                                       {"tandem_workqueue_adds_total", {}, 7, true, std::nullopt}};
  };
  options.ready = [&] { return ready.load(); };
  auto server = StartWebServer(std::move(options));
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  httplib::Client client("127.0.0.1", (*server)->port());
  EXPECT_EQ(client.Get("/healthz")->status, 200);
  EXPECT_EQ(client.Get("/readyz")->status, 503);
  ready = true;
  EXPECT_EQ(client.Get("/readyz")->status, 200);
  const auto metrics = client.Get("/metrics");
  EXPECT_NE(metrics->body.find("tandem_drift_resources{class=\"safe\"} 2"), std::string::npos)
      << metrics->body;
  EXPECT_NE(metrics->body.find("# TYPE tandem_workqueue_adds_total counter"), std::string::npos);
  (*server)->Drain();
  EXPECT_EQ(client.Get("/healthz")->status, 503);
  EXPECT_EQ(client.Get("/nothing")->status, 404);
}

TEST(WebServer, EachFamilyOfMetricsSaysWhatItIs) {
  const std::string text = MetricsText({{"tandem_store_commits_total", {}, 3, true, std::nullopt},
                                        {"tandem_workqueue_queue_duration_seconds", {{"name", "address"}}, 1.5, true, 4}});
  EXPECT_EQ(text,
            "# HELP tandem_store_commits_total Transactions of the store.\n"
            "# TYPE tandem_store_commits_total counter\n"
            "tandem_store_commits_total 3\n"
            "# HELP tandem_workqueue_queue_duration_seconds How long addresses waited in the queue.\n"
            "# TYPE tandem_workqueue_queue_duration_seconds summary\n"
            "tandem_workqueue_queue_duration_seconds_count{name=\"address\"} 4\n"
            "tandem_workqueue_queue_duration_seconds_sum{name=\"address\"} 1.5\n");
}

TEST(WebServer, APortInUseIsAnError) {
  WebOptions options;
  options.metrics = [] { return std::vector<Engine::Metric>{}; };
  options.ready = [] { return true; };
  auto first = StartWebServer(options);
  ASSERT_TRUE(first.ok());
  options.port = (*first)->port();
  EXPECT_EQ(StartWebServer(options).status().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace tandem
