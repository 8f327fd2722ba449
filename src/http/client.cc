#include "tandem/http/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

#include "http/connection.h"
#include "http/exchange.h"
#include "http/resolver.h"
#include "tandem/base/lock.h"

namespace tandem {
namespace {

using http::Connection;
using http::Exchanged;
using http::Patience;
using http::SteadyTime;

// What a kept connection was opened for: a request with a narrower reach must not ride on a wider
// one.
struct PoolKey {
  HttpOrigin origin;
  HttpReach reach;
  friend bool operator==(const PoolKey&, const PoolKey&) = default;
};

// The connections that wait for their next request, and the places for requests under way.
class Pool {
 public:
  Pool(int max_in_flight, int max_idle, Duration max_idle_time)
      : max_in_flight_(max_in_flight), max_idle_(max_idle), max_idle_time_(max_idle_time) {}

  Status Enter(const Patience& patience) {
    Lock lock(mutex_);
    bool entered = left_.wait_until(lock, patience.stop(), patience.deadline(),
                                    [this] { return in_flight_ < max_in_flight_; });
    if (entered) {
      ++in_flight_;
      return OkStatus();
    }
    lock.unlock();
    Status spent = patience.Check();
    if (spent.ok()) spent = DeadlineExceeded("no time is left");
    return spent.Annotate("waiting for a turn");
  }

  void Leave() {
    {
      Lock lock(mutex_);
      --in_flight_;
    }
    left_.notify_one();
  }

  /// The connection used last, which is the least likely to have been closed; or null.
  std::unique_ptr<Connection> Take(const PoolKey& key) {
    std::list<Idle> expired;  // closed after the lock is released
    Lock lock(mutex_);
    DropExpired(&expired);
    for (auto idle = idle_.rbegin(); idle != idle_.rend(); ++idle) {
      if (!(idle->key == key)) continue;
      std::unique_ptr<Connection> connection = std::move(idle->connection);
      idle_.erase(std::next(idle).base());
      return connection;
    }
    return nullptr;
  }

  void Keep(const PoolKey& key, std::unique_ptr<Connection> connection) {
    std::list<Idle> expired;
    Lock lock(mutex_);
    DropExpired(&expired);
    idle_.push_back({key, std::move(connection), std::chrono::steady_clock::now()});
    while (static_cast<int>(idle_.size()) > max_idle_) {
      expired.splice(expired.end(), idle_, idle_.begin());
    }
  }

 private:
  struct Idle {
    PoolKey key;
    std::unique_ptr<Connection> connection;
    SteadyTime since;
  };

  void DropExpired(std::list<Idle>* expired) {
    SteadyTime oldest = std::chrono::steady_clock::now() - max_idle_time_;
    while (!idle_.empty() && idle_.front().since < oldest) {
      expired->splice(expired->end(), idle_, idle_.begin());
    }
  }

  const int max_in_flight_;
  const int max_idle_;
  const Duration max_idle_time_;
  std::mutex mutex_;
  std::condition_variable_any left_;
  // Protected by mutex_:
  int in_flight_ = 0;
  std::list<Idle> idle_;  // the oldest first
};

class PooledHttpClient final : public HttpClient {
 public:
  PooledHttpClient(HttpClientOptions options, http::SslContext context)
      : options_(std::move(options)),
        context_(std::move(context)),
        pool_(options_.max_in_flight, options_.max_idle_connections, options_.max_idle_time) {}

  HttpOutcome Send(const HttpRequest& request, Duration timeout, std::stop_token stop) override {
    if (Status checked = http::CheckRequest(request); !checked.ok()) {
      return HttpFailure{checked, false};
    }
    // A day is for ever here, and far from the clock's overflow.
    timeout = std::min<Duration>(timeout, std::chrono::hours(24));
    Patience patience(std::chrono::steady_clock::now() + timeout, std::move(stop));
    if (Status entered = pool_.Enter(patience); !entered.ok()) {
      return Failed(request, entered, false);
    }
    HttpOutcome outcome = SendInTurn(request, patience);
    pool_.Leave();
    return outcome;
  }

 private:
  static HttpFailure Failed(const HttpRequest& request, const Status& status, bool sent) {
    return {status.Annotate(fmt::format("{} {}", request.method, request.url.origin.ToString())),
            sent};
  }

  HttpOutcome SendInTurn(const HttpRequest& request, const Patience& patience) {
    PoolKey key{request.url.origin, request.reach};
    while (true) {
      if (Status left = patience.Check(); !left.ok()) return Failed(request, left, false);
      std::unique_ptr<Connection> connection = pool_.Take(key);
      bool reused = connection != nullptr;
      if (reused && !connection->IsQuiet()) continue;  // closed meanwhile: try the next
      if (!reused) {
        Result<std::unique_ptr<Connection>> opened = Open(request, patience);
        if (!opened.ok()) return Failed(request, opened.status(), false);
        connection = std::move(opened).value();
      }
      connection->ResetWritten();
      Exchanged exchanged = http::Exchange(*connection, request, options_.user_agent,
                                           options_.max_response_bytes, patience);
      if (exchanged.status.ok()) {
        if (exchanged.reusable) pool_.Keep(key, std::move(connection));
        return std::move(exchanged.response);
      }
      bool sent = connection->written() > 0;
      // The kept connection was gone before it took a byte: nothing was asked of anybody yet.
      if (reused && !sent && exchanged.status.code() == Code::kUnavailable) continue;
      return Failed(request, exchanged.status, sent);
    }
  }

  // To the first address that answers. Nothing of the request is sent here, so the next address is
  // no repetition.
  Result<std::unique_ptr<Connection>> Open(const HttpRequest& request, const Patience& patience) {
    const HttpOrigin& origin = request.url.origin;
    TANDEM_ASSIGN_OR_RETURN(std::vector<http::IpAddress> addresses,
                            resolver_.Resolve(origin.host, origin.port, patience));
    TANDEM_RETURN_IF_ERROR(http::CheckReach(origin.host, addresses, request.reach));
    Status failure;
    for (const http::IpAddress& address : addresses) {
      SteadyTime until = std::chrono::steady_clock::now() + options_.connect_timeout;
      Result<std::unique_ptr<Connection>> opened = Connection::Open(address, until, patience);
      if (opened.ok() && origin.tls) {
        const std::string& name = options_.server_name.empty() ? origin.host : options_.server_name;
        Status secured = (*opened)->StartTls(context_.get(), name, patience);
        if (!secured.ok()) opened = secured;
      }
      if (opened.ok()) return opened;
      failure = opened.status();
      if (failure.code() != Code::kUnavailable) break;
    }
    return failure;
  }

  const HttpClientOptions options_;
  const http::SslContext context_;
  Pool pool_;
  http::Resolver resolver_;
};

}  // namespace

const std::string* FindHeader(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (http::SameName(key, name)) return &value;
  }
  return nullptr;
}

std::string HttpResponse::HeaderOr(std::string_view name, std::string_view otherwise) const {
  const std::string* value = Header(name);
  return value != nullptr ? *value : std::string(otherwise);
}

Result<std::unique_ptr<HttpClient>> NewHttpClient(HttpClientOptions options) {
  if (options.max_in_flight < 1) return InvalidArgument("max_in_flight is less than 1");
  TANDEM_ASSIGN_OR_RETURN(http::SslContext context, http::NewSslContext(options));
  return std::unique_ptr<HttpClient>(
      std::make_unique<PooledHttpClient>(std::move(options), std::move(context)));
}

}  // namespace tandem
