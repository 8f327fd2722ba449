#include "tandem/web/server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "tandem/base/lock.h"
#include "tandem/engine/metric_help.h"
#include "web/connection.h"

namespace tandem {
namespace {

using Clock = Connection::Clock;

constexpr size_t kThreads = 16;
constexpr size_t kQueued = 64;
// Of a connection as a whole, from its accepting on: a request is one small packet.
constexpr auto kForRequest = std::chrono::seconds(2);
constexpr auto kForAnswer = std::chrono::seconds(5);
constexpr auto kForNoRoom = std::chrono::milliseconds(50);

/// What a thread is told of the connection that it is about to serve.
struct Turn {
  Clock::time_point accepted;
  bool no_room = false;  // it is served by the listening thread
};
thread_local Turn turn;

/// A few threads and a bounded queue. What does not fit is run by the listening thread, which only says
/// 503 and hardly waits.
class BoundedQueue final : public httplib::TaskQueue {
 public:
  BoundedQueue() {
    for (size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Work(); });
  }
  void enqueue(std::function<void()> job) override {
    {
      Lock lock(mutex_);
      if (jobs_.size() < kQueued) {
        jobs_.push_back({Clock::now(), std::move(job)});
        wake_.notify_one();
        return;
      }
    }
    turn = {Clock::now(), true};
    job();
  }
  void shutdown() override {
    {
      Lock lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void Work() {
    Lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      turn = {job.accepted, false};
      job.run();
      lock.lock();
    }
  }

  struct Job {
    Clock::time_point accepted;
    std::function<void()> run;
  };
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// The library's server, on connections that wait only so long, and no longer than until Hurry().
class BoundedServer final : public httplib::Server {
 public:
  ~BoundedServer() override { close(hurry_); }
  void Hurry() {
    [[maybe_unused]] const int done = eventfd_write(hurry_, 1);
  }

 private:
  bool process_and_close_socket(socket_t socket) override {
    const auto request = turn.no_room ? Clock::duration(kForNoRoom) : Clock::duration(kForRequest);
    const auto answer = turn.no_room ? Clock::duration(kForNoRoom) : Clock::duration(kForAnswer);
    Connection connection(socket, hurry_, {turn.accepted + request, turn.accepted + answer});
    bool closed = false;
    const bool served = process_request(connection, true, closed, nullptr);
    shutdown(socket, SHUT_RDWR);
    close(socket);
    return served;
  }

  const int hurry_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
};

class Server final : public WebServer {
 public:
  explicit Server(WebOptions options) : options_(std::move(options)) {
    http_.new_task_queue = [] { return new BoundedQueue; };
    // Not the library's default, SO_REUSEPORT: two daemons would share a port in silence.
    http_.set_socket_options([](int socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    http_.set_payload_max_length(1024);
    http_.set_pre_routing_handler([](const httplib::Request&, httplib::Response& response) {
      if (!turn.no_room) return httplib::Server::HandlerResponse::Unhandled;
      response.status = 503;
      response.set_content("too many requests at once\n", "text/plain");
      return httplib::Server::HandlerResponse::Handled;
    });
    http_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(MetricsText(options_.metrics()), "text/plain; version=0.0.4");
    });
    http_.Get("/healthz", [this](const httplib::Request&, httplib::Response& response) {
      response.status = draining_ ? 503 : 200;
      response.set_content(draining_ ? "stopping\n" : "ok\n", "text/plain");
    });
    http_.Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
      const bool ready = !draining_ && options_.ready();
      response.status = ready ? 200 : 503;
      response.set_content(ready ? "ok\n" : "not every account was observed yet\n", "text/plain");
    });
  }
  ~Server() override {
    http_.Hurry();
    http_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Status Start() {
    if (options_.port == 0) {
      port_ = http_.bind_to_any_port(options_.host.c_str());
    } else if (http_.bind_to_port(options_.host.c_str(), options_.port)) {
      port_ = options_.port;
    }
    if (port_ <= 0)
      return Unavailable(fmt::format("cannot listen on {}:{}; is the port in use?", options_.host,
                                     options_.port));
    thread_ = std::thread([this] { http_.listen_after_bind(); });
    // stop() is lost on a server that does not listen yet.
    while (!http_.is_running()) std::this_thread::yield();
    return OkStatus();
  }

  int port() const override { return port_; }
  void Drain() override { draining_ = true; }

 private:
  const WebOptions options_;
  BoundedServer http_;
  int port_ = -1;
  std::atomic<bool> draining_{false};
  std::thread thread_;
};

prometheus::MetricType TypeOf(const Engine::Metric& metric) {
  if (metric.count) return prometheus::MetricType::Summary;
  return metric.counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
}

}  // namespace

std::string MetricsText(const std::vector<Engine::Metric>& metrics) {
  std::map<std::string, prometheus::MetricFamily> families;
  for (const Engine::Metric& metric : metrics) {
    prometheus::MetricFamily& family = families[metric.name];
    family.name = metric.name;
    family.help = MetricHelp(metric.name);
    family.type = TypeOf(metric);
    prometheus::ClientMetric& sample = family.metric.emplace_back();
    for (const auto& [name, value] : metric.labels) sample.label.push_back({name, value});
    switch (family.type) {
      case prometheus::MetricType::Summary:
        sample.summary.sample_count = *metric.count;
        sample.summary.sample_sum = metric.value;
        break;
      case prometheus::MetricType::Counter: sample.counter.value = metric.value; break;
      default: sample.gauge.value = metric.value;
    }
  }
  std::vector<prometheus::MetricFamily> list;
  for (auto& [name, family] : families) list.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(list);
}

Result<std::unique_ptr<WebServer>> StartWebServer(WebOptions options) {
  auto server = std::make_unique<Server>(std::move(options));
  TANDEM_RETURN_IF_ERROR(server->Start());
  return std::unique_ptr<WebServer>(std::move(server));
}

}  // namespace tandem
