#include "sandbox_service.h"

#include <utility>

namespace tandem {

namespace v1 = sandbox::v1;

namespace {

// Payload of one message of the ledger.
constexpr size_t kChunk = 512 << 10;

grpc::Status ToGrpc(const Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), status.message()};
}

int64_t Micros(Time time) { return time.time_since_epoch().count(); }

}  // namespace

grpc::Status SandboxService::Now(grpc::ServerContext*, const v1::NowRequest*, v1::NowReply* reply) {
  reply->set_unix_micros(Micros(provider_->Now()));
  return grpc::Status::OK;
}

grpc::Status SandboxService::Ledger(grpc::ServerContext*, const v1::LedgerRequest*,
                                    grpc::ServerWriter<v1::LedgerReply>* writer) {
  v1::LedgerReply chunk;
  size_t bytes = 0;
  const auto flush = [&](size_t more) {
    if (bytes == 0 || bytes + more <= kChunk) return true;
    const bool written = writer->Write(chunk);
    chunk.Clear();
    bytes = 0;
    return written;
  };
  const SimProvider::Picture picture = provider_->Look();
  for (const SimEffect& effect : picture.effects) {
    const size_t size = 96 + effect.key.identity.size() + effect.address.size();
    if (!flush(size)) return grpc::Status::CANCELLED;
    bytes += size;
    v1::Effect* wire = chunk.add_effects();
    wire->set_seq(effect.seq);
    wire->set_at_unix_micros(Micros(effect.at));
    wire->set_account(effect.key.account);
    wire->set_kind(effect.key.kind.ToString());
    wire->set_identity(effect.key.identity);
    wire->set_operation(effect.operation);
    wire->set_intent(effect.intent);
    wire->set_address(effect.address);
  }
  for (const SimObject& object : picture.objects) {
    const Value value = ObjectValue(object, picture.at);
    std::string fields = ToCanonicalJson(*value.Find("fields"));
    const size_t size = 96 + fields.size() + object.key.identity.size() + object.address.size();
    if (!flush(size)) return grpc::Status::CANCELLED;
    bytes += size;
    v1::Object* wire = chunk.add_objects();
    wire->set_account(object.key.account);
    wire->set_kind(object.key.kind.ToString());
    wire->set_identity(object.key.identity);
    wire->set_address(object.address);
    wire->set_state(value.StringOr("state", ""));
    wire->set_fields(std::move(fields));
  }
  writer->Write(chunk);
  return grpc::Status::OK;
}

grpc::Status SandboxService::Mutate(grpc::ServerContext*, const v1::MutateRequest* request,
                                    v1::MutateReply* reply) {
  Result<Value> value = ParseJson(request->value());
  if (!value.ok()) return ToGrpc(value.status().Annotate("the value"));
  Result<int64_t> done = provider_->Mutate(request->address(), request->field(), *value);
  if (done.ok()) reply->set_seq(*done);
  return ToGrpc(done.status());
}

grpc::Status SandboxService::Delete(grpc::ServerContext*, const v1::DeleteRequest* request,
                                    v1::DeleteReply* reply) {
  Result<int64_t> done = provider_->Delete(request->address());
  if (done.ok()) reply->set_seq(*done);
  return ToGrpc(done.status());
}

grpc::Status SandboxService::FaultAdd(grpc::ServerContext*, const v1::FaultAddRequest* request,
                                      v1::FaultAddReply* reply) {
  const v1::Fault& wire = request->fault();
  Fault fault;
  const auto type = ParseFaultType(wire.type());
  if (!type) return ToGrpc(InvalidArgument("there is no fault '" + wire.type() + "'"));
  fault.type = *type;
  fault.target = wire.target();
  fault.rate = wire.rate();
  fault.probability = wire.probability();
  fault.lag = Duration(wire.lag_micros());
  fault.for_time = Duration(wire.for_micros());
  Result<int64_t> added = provider_->AddFault(std::move(fault));
  if (added.ok()) reply->set_id(*added);
  return ToGrpc(added.status());
}

grpc::Status SandboxService::FaultList(grpc::ServerContext*, const v1::FaultListRequest*,
                                       v1::FaultListReply* reply) {
  for (const Fault& fault : provider_->Faults()) {
    v1::Fault* wire = reply->add_faults();
    wire->set_id(fault.id);
    wire->set_type(std::string(FaultTypeName(fault.type)));
    wire->set_target(fault.target);
    wire->set_rate(fault.rate);
    wire->set_probability(fault.probability);
    wire->set_lag_micros(fault.lag.count());
    wire->set_for_micros(fault.for_time.count());
    wire->set_since_unix_micros(Micros(fault.since));
  }
  return grpc::Status::OK;
}

grpc::Status SandboxService::FaultClear(grpc::ServerContext*, const v1::FaultClearRequest* request,
                                        v1::FaultClearReply* reply) {
  Result<int64_t> cleared = provider_->ClearFault(request->id());
  if (cleared.ok()) reply->set_cleared(*cleared);
  return ToGrpc(cleared.status());
}

Result<std::unique_ptr<grpc::Server>> ServeSandbox(SandboxService* service,
                                                   const std::string& path) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(2 << 20);
  builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return Unavailable("cannot listen on " + path);
  return server;
}

}  // namespace tandem
