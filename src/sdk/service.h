// tandem.provider.v1.Provider over a Provider.
#pragma once

#include "sdk/workers.h"
#include "tandem/provider/provider.h"
#include "tandem/provider/v1/provider.grpc.pb.h"

namespace tandem {

class ProviderService final : public provider::v1::Provider::CallbackService {
 public:
  /// Both must outlive the service.
  ProviderService(Provider* provider, Workers* workers) : provider_(provider), workers_(workers) {}

  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context,
                                     const provider::v1::DescribeRequest* request,
                                     provider::v1::DescribeReply* reply) override;
  grpc::ServerUnaryReactor* Open(grpc::CallbackServerContext* context,
                                 const provider::v1::OpenRequest* request,
                                 provider::v1::OpenReply* reply) override;
  grpc::ServerWriteReactor<provider::v1::ListReply>* List(
      grpc::CallbackServerContext* context, const provider::v1::ListRequest* request) override;
  grpc::ServerWriteReactor<provider::v1::ReadReply>* Read(
      grpc::CallbackServerContext* context, const provider::v1::ReadRequest* request) override;
  grpc::ServerBidiReactor<provider::v1::ApplyRequest, provider::v1::ApplyReply>* Apply(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Poll(grpc::CallbackServerContext* context,
                                 const provider::v1::PollRequest* request,
                                 provider::v1::PollReply* reply) override;
  grpc::ServerUnaryReactor* Measure(grpc::CallbackServerContext* context,
                                    const provider::v1::MeasureRequest* request,
                                    provider::v1::MeasureReply* reply) override;
  grpc::ServerUnaryReactor* Close(grpc::CallbackServerContext* context,
                                  const provider::v1::CloseRequest* request,
                                  provider::v1::CloseReply* reply) override;

 private:
  Provider* provider_;
  Workers* workers_;
};

}  // namespace tandem
