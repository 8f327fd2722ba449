#include "tandem/web/server.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>

namespace tandem {
namespace {

TEST(WebServer, SaysHealthAndReadinessApart) {
  std::atomic<bool> ready{false};
  WebOptions options;
  options.metrics = [] {
    return std::vector<Engine::Metric>{{"tandem_drift_resources", {{"class", "safe"}}, 2, false},
                                       {"tandem_workqueue_adds_total", {}, 7, true}};
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
