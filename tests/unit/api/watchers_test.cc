// Watchers over gRPC that go away in the middle of what they are told.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tandem/state/memory_store.h"
#include "tests/support/served_daemon.h"

namespace tandem {
namespace {

using Stub = api::v1::Tandem::Stub;

/// Watches from now on and reads only when it is told to.
class Watcher {
 public:
  explicit Watcher(Stub& stub) {
    api::v1::WatchRequest request;
    request.set_from_now(true);
    stream_ = stub.Watch(&context_, request);
    stream_->WaitForInitialMetadata();
  }
  grpc::Status Leave() {
    context_.TryCancel();
    return End();
  }
  /// When the daemon ends it.
  grpc::Status End() {
    api::v1::ChangeReply change;
    while (stream_->Read(&change)) {
    }
    return stream_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<api::v1::ChangeReply>> stream_;
};

constexpr size_t kWatchers = 4;

class Watchers : public ServedDaemon {
 protected:
  Watchers() : ServedDaemon(AtMost(kWatchers)) {}
  static ApiOptions AtMost(size_t watchers) {
    ApiOptions options;
    options.watchers = watchers;
    return options;
  }
};

TEST_F(Watchers, OneThatLeavesInTheMiddleOfAWriteIsForgotten) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 1024);  // the server's writes soon have to wait
  const auto stub = NewStub(std::move(arguments));

  for (const char* policy : {"one", "two", "three"}) {
    std::vector<std::unique_ptr<Watcher>> watchers;
    for (size_t i = 0; i < kWatchers; ++i) watchers.push_back(std::make_unique<Watcher>(*stub));
    const PlanAnswer plan = MakePlan(Model(60, policy));
    ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message;
    ASSERT_EQ(Ended(Start(plan.plan->hash)), RunState::kSucceeded);
    for (const auto& watcher : watchers)
      EXPECT_EQ(watcher->Leave().error_code(), grpc::StatusCode::CANCELLED) << "refused, or ended: " << policy;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));  // until the server has heard of it
  }
}

/// Reads nothing until it is released.
class HeldStore final : public StateStore {
 public:
  void Commit(std::vector<Write> writes, Completion<StoreRevision> done) override {
    kept_.Commit(std::move(writes), std::move(done));
  }
  void Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) override {
    std::lock_guard lock(mutex_);
    if (held_) return waiting_.push_back([=, this] { kept_.Scan(prefix, after, limit, done); });
    kept_.Scan(std::move(prefix), std::move(after), limit, std::move(done));
  }
  void Get(std::string key, Completion<Row> done) override { kept_.Get(std::move(key), std::move(done)); }
  void Release() {
    std::lock_guard lock(mutex_);
    held_ = false;
    for (const std::function<void()>& scan : waiting_) scan();
  }

 private:
  MemoryStore kept_{[](std::function<void()> work) { work(); }};
  std::mutex mutex_;
  bool held_ = true;
  std::vector<std::function<void()>> waiting_;
};

// What a daemon reads from its store is no change.
TEST_F(Watchers, OneThatComesBeforeResourcesAreReadIsRefused) {
  HeldStore store;
  EnginePorts ports;
  ports.store = &store;
  ports.clock = &clock_;
  ports.random = &random_;
  ports.executor = &pool_;
  ports.secrets = &secrets_;
  ports.catalog = &catalog_;
  ports.secret_key = "key";
  ports.provider = [this](const std::string&) -> Provider* { return provider_.get(); };
  Engine engine(std::move(ports), EngineSettings{});
  EngineThread turning(engine, clock_);
  std::promise<Status> started;
  engine.Start([&](Status status) { started.set_value(std::move(status)); });
  ApiOptions options;
  options.engine = &engine;
  options.catalog = &catalog_;
  options.roles = RoleMap("uid:" + std::to_string(getuid()));
  options.socket_path = folder_.path() + "/held.sock";
  const std::unique_ptr<ApiServer> server = std::move(*StartApiServer(std::move(options)));
  const auto stub = NewStub({}, "held.sock");

  const grpc::Status refused = Watcher(*stub).End();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(refused.error_message(), "tandemd is starting: try again");
  store.Release();
  EXPECT_TRUE(started.get_future().get().ok());
  EXPECT_EQ(Watcher(*stub).Leave().error_code(), grpc::StatusCode::CANCELLED) << "refused, or ended";

  server->Stop(std::chrono::seconds(1));
  Wait<bool>([&](auto done) { engine.Stop([done] { done(true); }); });
  turning.Stop();
}

}  // namespace
}  // namespace tandem
