// /metrics, /healthz and /readyz over plain HTTP, for the cluster that the daemon runs in.
//
// Read only, no role needed, so bind it where only the cluster reaches it; the default is loopback.
// At most a bounded number of connections; more are answered 503. Each has 2 s for its request and 5 s
// altogether, then it is shut down, so nobody keeps the others waiting. No keep-alive, no streams.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tandem/base/status.h"
#include "tandem/engine/engine.h"

namespace tandem {

struct WebOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one
  std::function<std::vector<Engine::Metric>()> metrics;
  /// False until every account was observed once, or failed one bounded attempt (R18).
  std::function<bool()> ready;
};

class WebServer {
 public:
  virtual ~WebServer() = default;  // stops, and shuts down what is open
  virtual int port() const = 0;
  /// /healthz answers 503 from now on.
  virtual void Drain() = 0;
};

/// kUnavailable when the address cannot be bound.
Result<std::unique_ptr<WebServer>> StartWebServer(WebOptions options);

/// The text exposition format of Prometheus.
std::string MetricsText(const std::vector<Engine::Metric>& metrics);

}  // namespace tandem
