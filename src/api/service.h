// The methods of tandem.api.v1.Tandem, on the engine.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "api/encoded_items.h"
#include "api/peers.h"
#include "api/watch.h"
#include "tandem/api/server.h"
#include "tandem/api/v1/api.grpc.pb.h"

namespace tandem {

/// List and Watch answer with bytes: what they send was mostly encoded before, for somebody else.
using RawMethods = api::v1::Tandem::WithRawCallbackMethod_List<
    api::v1::Tandem::WithRawCallbackMethod_Watch<api::v1::Tandem::CallbackService>>;

class Service final : public RawMethods {
 public:
  Service(const ApiOptions& options, const Peers& peers) : options_(options), peers_(peers) {}

  /// No request that would start something is taken from now on, and watchers end.
  void Drain() { draining_ = true; }

  using Context = grpc::CallbackServerContext;

  grpc::ServerReadReactor<api::v1::SourceChunk>* Validate(Context*,
                                                          api::v1::ValidateReply*) override;
  grpc::ServerBidiReactor<api::v1::PlanRequest, api::v1::PlanReply>* Plan(Context*) override;
  grpc::ServerReadReactor<api::v1::ApplyRequest>* Apply(Context*, api::v1::ApplyReply*) override;
  grpc::ServerUnaryReactor* Approve(Context*, const api::v1::ApproveRequest*,
                                    api::v1::ApplyReply*) override;
  grpc::ServerUnaryReactor* Unprotect(Context*, const api::v1::AddressRequest*,
                                      api::v1::ApplyReply*) override;
  grpc::ServerUnaryReactor* Cancel(Context*, const api::v1::CancelRequest*, api::v1::Empty*) override;
  grpc::ServerUnaryReactor* Pause(Context*, const api::v1::AddressRequest*, api::v1::Empty*) override;
  grpc::ServerUnaryReactor* Resume(Context*, const api::v1::AddressRequest*, api::v1::Empty*) override;
  grpc::ServerUnaryReactor* Refresh(Context*, const api::v1::AddressRequest*,
                                    api::v1::Empty*) override;
  grpc::ServerUnaryReactor* Get(Context*, const api::v1::AddressRequest*, api::v1::Item*) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* List(Context*, const grpc::ByteBuffer*) override;
  grpc::ServerUnaryReactor* Topology(Context*, const api::v1::Empty*,
                                     api::v1::TopologyReply*) override;
  grpc::ServerWriteReactor<api::v1::PlanReply>* GetPlan(Context*, const api::v1::PlanHash*) override;
  grpc::ServerUnaryReactor* GetRun(Context*, const api::v1::RunRequest*, api::v1::RunReply*) override;
  grpc::ServerUnaryReactor* Runs(Context*, const api::v1::Empty*, api::v1::RunsReply*) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Watch(Context*, const grpc::ByteBuffer*) override;
  grpc::ServerWriteReactor<api::v1::EventReply>* Events(Context*, const api::v1::EventsRequest*) override;
  grpc::ServerUnaryReactor* Why(Context*, const api::v1::AddressRequest*, api::v1::TextReply*) override;
  grpc::ServerUnaryReactor* Explain(Context*, const api::v1::AddressRequest*,
                                    api::v1::TextReply*) override;
  grpc::ServerUnaryReactor* History(Context*, const api::v1::HistoryRequest*,
                                    api::v1::HistoryReply*) override;
  grpc::ServerWriteReactor<api::v1::FilesReply>* Files(Context*, const api::v1::Empty*) override;
  grpc::ServerUnaryReactor* Version(Context*, const api::v1::Empty*, api::v1::VersionReply*) override;

 private:
  std::string ActorOf(const Context& context) const;
  /// OK, or why this caller may not do this now.
  grpc::Status Check(const Context& context, Permission permission) const;
  /// Now, or when the engine has read what it is asked for: at start only resources are there at once.
  void OnceRead(std::function<void()> then);

  const ApiOptions& options_;
  const Peers& peers_;
  std::atomic<bool> draining_{false};
  std::atomic<size_t> watchers_{0};
  EncodedItems encoded_;
  const std::shared_ptr<WatchHub> hub_ = std::make_shared<WatchHub>();
};

}  // namespace tandem
