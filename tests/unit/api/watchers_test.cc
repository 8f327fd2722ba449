// Watchers over gRPC that go away in the middle of what they are told.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

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

}  // namespace
}  // namespace tandem
