#include "cli/sandbox_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>

#include "tandem/base/clock.h"
#include "tandem/sandbox/v1/sandbox.grpc.pb.h"
#include "tandem/sim/sim_provider.h"

namespace tandem {
namespace {

namespace pb = sandbox::v1;

Status ToStatus(const grpc::Status& status) {
  if (status.ok()) return OkStatus();
  return Status(static_cast<Code>(status.error_code()), status.error_message());
}

class RunningSandbox final : public SandboxClient {
 public:
  explicit RunningSandbox(const std::string& address) {
    grpc::ChannelArguments arguments;
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    arguments.SetMaxReceiveMessageSize(64 << 20);
    stub_ = pb::Sandbox::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  }

  Result<Value> Ledger() override {
    grpc::ClientContext context;
    const auto stream = stub_->Ledger(&context, pb::LedgerRequest());
    List effects;
    List objects;
    pb::LedgerReply reply;
    while (stream->Read(&reply)) {
      for (const pb::Effect& effect : reply.effects())
        effects.push_back(Map{{"seq", effect.seq()},
                              {"at", FormatTime(Time(Duration(effect.at_unix_micros())), true)},
                              {"account", effect.account()},
                              {"kind", effect.kind()},
                              {"identity", effect.identity()},
                              {"operation", effect.operation()},
                              {"intent", effect.intent()},
                              {"address", effect.address()}});
      for (const pb::Object& object : reply.objects()) {
        TANDEM_ASSIGN_OR_RETURN(Value fields, ParseJson(object.fields()));
        objects.push_back(Map{{"account", object.account()},
                              {"kind", object.kind()},
                              {"identity", object.identity()},
                              {"address", object.address()},
                              {"state", object.state()},
                              {"fields", std::move(fields)}});
      }
    }
    TANDEM_RETURN_IF_ERROR(ToStatus(stream->Finish()));
    return Value(Map{{"effects", std::move(effects)}, {"objects", std::move(objects)}});
  }

  Status Mutate(const std::string& address, const std::string& field, const Value& value) override {
    pb::MutateRequest request;
    request.set_address(address);
    request.set_field(field);
    request.set_value(ToCanonicalJson(value));
    grpc::ClientContext context;
    pb::MutateReply reply;
    return ToStatus(stub_->Mutate(&context, request, &reply));
  }

  Status Delete(const std::string& address) override {
    pb::DeleteRequest request;
    request.set_address(address);
    grpc::ClientContext context;
    pb::DeleteReply reply;
    return ToStatus(stub_->Delete(&context, request, &reply));
  }

  Result<int64_t> AddFault(const Fault& fault) override {
    pb::FaultAddRequest request;
    pb::Fault* to = request.mutable_fault();
    to->set_type(std::string(FaultTypeName(fault.type)));
    to->set_target(fault.target);
    to->set_rate(fault.rate);
    to->set_probability(fault.probability);
    to->set_lag_micros(fault.lag.count());
    to->set_for_micros(fault.for_time.count());
    grpc::ClientContext context;
    pb::FaultAddReply reply;
    TANDEM_RETURN_IF_ERROR(ToStatus(stub_->FaultAdd(&context, request, &reply)));
    return reply.id();
  }

  Result<std::vector<Fault>> Faults() override {
    grpc::ClientContext context;
    pb::FaultListReply reply;
    TANDEM_RETURN_IF_ERROR(ToStatus(stub_->FaultList(&context, pb::FaultListRequest(), &reply)));
    std::vector<Fault> faults;
    for (const pb::Fault& from : reply.faults()) {
      Fault fault;
      fault.id = from.id();
      fault.type = ParseFaultType(from.type()).value_or(FaultType::kSiteDown);
      fault.target = from.target();
      fault.rate = from.rate();
      fault.probability = from.probability();
      fault.lag = Duration(from.lag_micros());
      fault.for_time = Duration(from.for_micros());
      fault.since = Time(Duration(from.since_unix_micros()));
      faults.push_back(std::move(fault));
    }
    return faults;
  }

  Result<int64_t> ClearFault(int64_t id) override {
    pb::FaultClearRequest request;
    request.set_id(id);
    grpc::ClientContext context;
    pb::FaultClearReply reply;
    TANDEM_RETURN_IF_ERROR(ToStatus(stub_->FaultClear(&context, request, &reply)));
    return reply.cleared();
  }

 private:
  std::unique_ptr<pb::Sandbox::Stub> stub_;
};

/// The journal, while the plugin lock is ours.
class StillSandbox final : public SandboxClient {
 public:
  StillSandbox(int lock, SimJournalFile file) : lock_(lock), file_(std::move(file)) {}
  ~StillSandbox() override { close(lock_); }

  Result<Value> Ledger() override { return LedgerValue(*file_.world, file_.world->Now()); }
  Status Mutate(const std::string& address, const std::string& field, const Value& value) override {
    return MutateOutside(*file_.world, address, field, value).status();
  }
  Status Delete(const std::string& address) override {
    return DeleteOutside(*file_.world, address).status();
  }
  Result<int64_t> AddFault(const Fault& fault) override { return tandem::AddFault(*file_.world, fault); }
  Result<std::vector<Fault>> Faults() override { return file_.world->Faults(file_.world->Now()); }
  Result<int64_t> ClearFault(int64_t id) override { return tandem::ClearFault(*file_.world, id); }

 private:
  int lock_;
  SimJournalFile file_;
};

const SystemClock& TheClock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace

Result<std::unique_ptr<SandboxClient>> OpenSandbox(const std::string& state_dir) {
  const std::string journal = state_dir + "/sandbox/world.log";
  if (access(journal.c_str(), F_OK) != 0)
    return NotFound(fmt::format("{} holds no sandbox; name the daemon's --state-dir", state_dir));
  const std::string lock_path = state_dir + "/plugins/sim.lock";
  const int lock = open(lock_path.c_str(), O_RDWR | O_CLOEXEC);
  if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) {
    auto file = OpenWorldFile(journal, &TheClock());
    if (!file.ok()) {
      close(lock);
      return file.status();
    }
    return std::unique_ptr<SandboxClient>(std::make_unique<StillSandbox>(lock, *std::move(file)));
  }
  if (lock >= 0) close(lock);
  std::ifstream in(state_dir + "/sandbox/address");
  std::string address;
  if (!std::getline(in, address))
    return Unavailable(fmt::format("the sandbox of {} is starting; try again", state_dir));
  return std::unique_ptr<SandboxClient>(std::make_unique<RunningSandbox>(address));
}

}  // namespace tandem
