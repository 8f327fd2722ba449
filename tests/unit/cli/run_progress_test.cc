#include "cli/run_progress.h"

#include <grpcpp/grpcpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <sstream>
#include <thread>
#include <utility>

#include "cli/command.h"
#include "tandem/api/v1/api.grpc.pb.h"
#include "tests/support/temp_folder.h"

namespace tandem {
namespace {

/// Serves one run: open at sequence 41, succeeded at 42, and nothing after that.
class OneRun final : public api::v1::Tandem::Service {
 public:
  grpc::Status GetRun(grpc::ServerContext*, const api::v1::RunRequest*, api::v1::RunReply* reply) override {
    reply->mutable_run()->set_id("r1");
    reply->mutable_run()->set_state(looks_++ < open_for_ ? "open" : "succeeded");
    reply->set_sequence(41);
    return grpc::Status::OK;
  }
  grpc::Status Watch(grpc::ServerContext* context, const api::v1::WatchRequest* request,
                     grpc::ServerWriter<api::v1::ChangeReply>* writer) override {
    if (const auto refusal = std::exchange(refusal_, grpc::Status::OK); !refusal.ok()) return refusal;
    if (!request->from_now() && request->after() < 42) {
      api::v1::ChangeReply change;
      change.set_sequence(42);
      change.mutable_run()->set_id("r1");
      change.mutable_run()->set_state("succeeded");
      writer->Write(change);
    }
    while (!context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return grpc::Status::CANCELLED;
  }

  int open_for_ = 1;
  grpc::Status refusal_;

 private:
  std::atomic<int> looks_{0};
};

struct Followed {
  int code = 0;
  std::string out, err;
};

Followed Follow(OneRun& service) {
  const TempFolder folder;
  Flags flags;
  flags.address = "unix:" + folder.path() + "/d.sock";
  grpc::ServerBuilder builder;
  builder.AddListeningPort(flags.address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::ostringstream out, err;
  Console console;
  console.out = &out;
  console.err = &err;
  Client client(flags);
  Followed followed;
  followed.code = FollowRun(client, "r1", 0, std::chrono::seconds(5), console);
  followed.out = out.str();
  followed.err = err.str();
  server->Shutdown(std::chrono::system_clock::now());
  return followed;
}

TEST(FollowRun, SeesARunThatEndsBeforeTheWatchBegins) {
  OneRun service;
  service.open_for_ = 1;
  const Followed followed = Follow(service);
  EXPECT_EQ(followed.code, kExitOk) << followed.err;
  EXPECT_THAT(followed.out, testing::HasSubstr("Run r1 succeeded"));
}

TEST(FollowRun, LooksAgainWhenTheWatchIsRefused) {
  for (const auto code : {grpc::StatusCode::OUT_OF_RANGE, grpc::StatusCode::RESOURCE_EXHAUSTED}) {
    OneRun service;
    service.refusal_ = grpc::Status(code, "made up");
    EXPECT_EQ(Follow(service).code, kExitOk);
  }
}

TEST(FollowRun, AServerThatFailsIsTold) {
  OneRun service;
  service.refusal_ = grpc::Status(grpc::StatusCode::INTERNAL, "made up");
  const Followed followed = Follow(service);
  EXPECT_EQ(followed.code, kExitInternal);
  EXPECT_THAT(followed.err, testing::HasSubstr("made up"));
}

}  // namespace
}  // namespace tandem
