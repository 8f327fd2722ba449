// What the tests of the HTTP client share: a client, a request to a local server, what was asked of one.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tandem/base/check.h"
#include "tandem/http/client.h"

namespace tandem::testing {

/// Longer than anything here takes.
inline constexpr Duration kLong = std::chrono::seconds(20);

inline std::unique_ptr<HttpClient> Client(HttpClientOptions options = {}) {
  auto client = NewHttpClient(std::move(options));
  TANDEM_CHECK(client.ok());
  return std::move(client).value();
}

inline HttpRequest To(const std::string& url, std::string method = "GET", std::string body = "") {
  HttpRequest request;
  request.method = std::move(method);
  auto parsed = ParseHttpUrl(url);
  TANDEM_CHECK(parsed.ok());
  request.url = *parsed;
  request.body = std::move(body);
  request.reach = HttpReach::kAny;
  return request;
}

inline std::string Why(const HttpOutcome& outcome) {
  return outcome.ok() ? "status " + std::to_string(outcome.response().status)
                      : outcome.failure().status.ToString();
}

/// What was asked, gathered by the servers' threads.
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

}  // namespace tandem::testing
