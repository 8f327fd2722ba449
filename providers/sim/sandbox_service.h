// tandem.sandbox.v1 over simulated clouds.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "tandem/sandbox/v1/sandbox.grpc.pb.h"
#include "tandem/sim/sim_provider.h"

namespace tandem {

class SandboxService final : public sandbox::v1::Sandbox::Service {
 public:
  explicit SandboxService(SimProvider* provider) : provider_(provider) {}

  grpc::Status Now(grpc::ServerContext* context, const sandbox::v1::NowRequest* request,
                   sandbox::v1::NowReply* reply) override;
  grpc::Status Ledger(grpc::ServerContext* context, const sandbox::v1::LedgerRequest* request,
                      grpc::ServerWriter<sandbox::v1::LedgerReply>* writer) override;
  grpc::Status Mutate(grpc::ServerContext* context, const sandbox::v1::MutateRequest* request,
                      sandbox::v1::MutateReply* reply) override;
  grpc::Status Delete(grpc::ServerContext* context, const sandbox::v1::DeleteRequest* request,
                      sandbox::v1::DeleteReply* reply) override;
  grpc::Status FaultAdd(grpc::ServerContext* context, const sandbox::v1::FaultAddRequest* request,
                        sandbox::v1::FaultAddReply* reply) override;
  grpc::Status FaultList(grpc::ServerContext* context, const sandbox::v1::FaultListRequest* request,
                         sandbox::v1::FaultListReply* reply) override;
  grpc::Status FaultClear(grpc::ServerContext* context,
                          const sandbox::v1::FaultClearRequest* request,
                          sandbox::v1::FaultClearReply* reply) override;

 private:
  SimProvider* provider_;
};

/// Serves on `path` for as long as the server lives. kUnavailable: somebody else is there.
Result<std::unique_ptr<grpc::Server>> ServeSandbox(SandboxService* service,
                                                   const std::string& path);

}  // namespace tandem
