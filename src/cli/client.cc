#include "cli/client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tandem/api/v1/api.grpc.pb.h"
#include "tandem/base/printable.h"
#include "tandem/files/load.h"

namespace tandem {
namespace {

constexpr size_t kChunk = 256 << 10;

std::string DefaultAddress() {
  if (geteuid() == 0) return "unix:/run/tandem/tandemd.sock";
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  return fmt::format("unix:{}/tandem/tandemd.sock", folder == nullptr ? "/tmp" : folder);
}

/// Whether who listens on the socket is root or the caller: only they could have made it. Root reaches
/// every user's daemon.
Status CheckSocketOwner(const std::string& path) {
  struct stat found {};
  if (geteuid() == 0 || stat(path.c_str(), &found) != 0) return OkStatus();
  if (found.st_uid == 0 || found.st_uid == geteuid()) return OkStatus();
  return PermissionDenied(fmt::format(
      "the socket {} belongs to uid {}, neither to you nor to root; nothing was sent; name another with --address",
      path, found.st_uid));
}

/// What the file that `flag` names holds; "" where it names none.
Result<std::string> ReadPem(std::string_view flag, const std::string& path) {
  if (path.empty()) return std::string();
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (in && !text.str().empty()) return text.str();
  const char* why = errno != 0 ? std::strerror(errno) : in.is_open() ? "it is empty" : "it cannot be read";
  return InvalidArgument(fmt::format("{} {}: {}", flag, path, why));
}

Result<grpc::SslCredentialsOptions> ReadTls(const Flags& flags) {
  grpc::SslCredentialsOptions options;
  TANDEM_ASSIGN_OR_RETURN(options.pem_root_certs, ReadPem("--tls-ca", flags.tls_ca));
  TANDEM_ASSIGN_OR_RETURN(options.pem_cert_chain, ReadPem("--tls-cert", flags.tls_cert));
  TANDEM_ASSIGN_OR_RETURN(options.pem_private_key, ReadPem("--tls-key", flags.tls_key));
  return options;
}

template <typename Send>
bool SendSources(const Sources& sources, const Send& send) {
  for (const auto& source : sources) {
    size_t at = 0;
    do {
      api::v1::SourceChunk chunk;
      chunk.set_name(source->name);
      chunk.set_text(source->text.substr(at, kChunk));
      if (!send(std::move(chunk))) return false;
      at += kChunk;
    } while (at < source->text.size());
  }
  return true;
}

}  // namespace

struct Client::Connection {
  std::string address;
  std::unique_ptr<api::v1::Tandem::Stub> stub;
  Status unusable;  // why no call can be made

  Status ToStatus(const grpc::Status& status) const {
    if (!unusable.ok()) return unusable;
    if (status.ok()) return OkStatus();
    std::string message = status.error_message();
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE && message.find("stopping") == std::string::npos)
      message = fmt::format("cannot reach tandemd at {} ({}); is it running? Name another with --address",
                            address, message);
    return Status(static_cast<Code>(status.error_code()), std::move(message));
  }

  template <typename Request, typename Reply, typename Method>
  Result<Reply> Unary(Method method, const Request& request) {
    grpc::ClientContext context;
    Reply reply;
    const Status status = ToStatus((stub.get()->*method)(&context, request, &reply));
    if (!status.ok()) return status;
    return reply;
  }

  template <typename Method>
  Status OnAddress(Method method, const std::string& address_text) {
    api::v1::AddressRequest request;
    request.set_address(address_text);
    return Unary<api::v1::AddressRequest, api::v1::Empty>(method, request).status();
  }
};

using Stub = api::v1::Tandem::Stub;

Client::Client(const Flags& flags) : connection_(std::make_unique<Connection>()) {
  connection_->address = flags.address.empty() ? DefaultAddress() : flags.address;
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  if (connection_->address.rfind("unix:", 0) == 0) {
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    connection_->unusable = CheckSocketOwner(connection_->address.substr(5));
  } else {
    const Result<grpc::SslCredentialsOptions> options = ReadTls(flags);
    connection_->unusable = options.status();
    if (options.ok()) credentials = grpc::SslCredentials(*options);
  }
  // Without credentials gRPC makes a channel on which every call fails at once.
  if (!connection_->unusable.ok()) credentials = nullptr;
  connection_->stub =
      api::v1::Tandem::NewStub(grpc::CreateCustomChannel(connection_->address, credentials, arguments));
}

Client::~Client() = default;

Result<Client::PlanResult> Client::Plan(const api::v1::PlanHead& head, const Sources& sources) {
  grpc::ClientContext context;
  const auto stream = connection_->stub->Plan(&context);
  api::v1::PlanRequest request;
  *request.mutable_head() = head;
  bool sent = stream->Write(request);
  sent = sent && SendSources(sources, [&](api::v1::SourceChunk chunk) {
           *request.mutable_source() = std::move(chunk);
           return stream->Write(request);
         });
  if (sent) stream->WritesDone();
  PlanResult result;
  api::v1::PlanReply reply;
  bool first = true;
  while (stream->Read(&reply)) {
    result.json += reply.json();
    if (first) result.head = reply;
    first = false;
  }
  if (const Status status = connection_->ToStatus(stream->Finish()); !status.ok()) return status;
  return result;
}

Result<api::v1::ApplyReply> Client::Apply(const std::string& hash, const std::string& plan_json,
                                          bool auto_approve, const Sources& sources) {
  grpc::ClientContext context;
  api::v1::ApplyReply reply;
  const auto stream = connection_->stub->Apply(&context, &reply);
  api::v1::ApplyRequest request;
  size_t at = 0;
  bool sent = true;
  do {
    api::v1::ApplyHead* head = request.mutable_head();
    head->set_hash(hash);
    head->set_auto_approve(auto_approve);
    head->set_plan_json(plan_json.substr(at, kChunk));
    sent = stream->Write(request);
    at += kChunk;
  } while (sent && at < plan_json.size());
  sent = sent && SendSources(sources, [&](api::v1::SourceChunk chunk) {
           *request.mutable_source() = std::move(chunk);
           return stream->Write(request);
         });
  if (sent) stream->WritesDone();
  if (const Status status = connection_->ToStatus(stream->Finish()); !status.ok()) return status;
  return reply;
}

Result<api::v1::ApplyReply> Client::Approve(const std::string& hash) {
  api::v1::ApproveRequest request;
  request.set_hash(hash);
  return connection_->Unary<api::v1::ApproveRequest, api::v1::ApplyReply>(&Stub::Approve, request);
}

Result<api::v1::ApplyReply> Client::Unprotect(const std::string& address) {
  api::v1::AddressRequest request;
  request.set_address(address);
  return connection_->Unary<api::v1::AddressRequest, api::v1::ApplyReply>(&Stub::Unprotect, request);
}

Status Client::Cancel(const std::string& run) {
  api::v1::CancelRequest request;
  request.set_run(run);
  return connection_->Unary<api::v1::CancelRequest, api::v1::Empty>(&Stub::Cancel, request).status();
}

Status Client::Pause(const std::string& address) {
  return connection_->OnAddress(&Stub::Pause, address);
}
Status Client::Resume(const std::string& address) {
  return connection_->OnAddress(&Stub::Resume, address);
}
Status Client::Refresh(const std::string& address) {
  return connection_->OnAddress(&Stub::Refresh, address);
}

Result<api::v1::Item> Client::Get(const std::string& address) {
  api::v1::AddressRequest request;
  request.set_address(address);
  return connection_->Unary<api::v1::AddressRequest, api::v1::Item>(&Stub::Get, request);
}

Result<std::vector<api::v1::Item>> Client::List(const api::v1::ListRequest& request) {
  grpc::ClientContext context;
  const auto stream = connection_->stub->List(&context, request);
  std::vector<api::v1::Item> items;
  api::v1::ListReply reply;
  while (stream->Read(&reply))
    for (api::v1::Item& item : *reply.mutable_items()) items.push_back(std::move(item));
  if (const Status status = connection_->ToStatus(stream->Finish()); !status.ok()) return status;
  return items;
}

Result<api::v1::TopologyReply> Client::Topology() {
  return connection_->Unary<api::v1::Empty, api::v1::TopologyReply>(&Stub::Topology, {});
}

Result<api::v1::RunReply> Client::GetRun(const std::string& run) {
  api::v1::RunRequest request;
  request.set_run(run);
  return connection_->Unary<api::v1::RunRequest, api::v1::RunReply>(&Stub::GetRun, request);
}

Status Client::Watch(const api::v1::WatchRequest& request,
                     std::optional<std::chrono::system_clock::time_point> deadline,
                     const std::function<bool(const api::v1::ChangeReply&)>& each) {
  grpc::ClientContext context;
  if (deadline.has_value()) context.set_deadline(*deadline);
  const auto stream = connection_->stub->Watch(&context, request);
  api::v1::ChangeReply change;
  while (stream->Read(&change)) {
    if (each(change)) continue;
    context.TryCancel();
    while (stream->Read(&change)) {
    }
    [[maybe_unused]] const grpc::Status ended = stream->Finish();
    return OkStatus();
  }
  return connection_->ToStatus(stream->Finish());
}

Result<std::vector<api::v1::EventItem>> Client::Events(const api::v1::EventsRequest& request) {
  grpc::ClientContext context;
  const auto stream = connection_->stub->Events(&context, request);
  std::vector<api::v1::EventItem> events;
  api::v1::EventReply reply;
  while (stream->Read(&reply))
    for (api::v1::EventItem& event : *reply.mutable_events()) events.push_back(std::move(event));
  if (const Status status = connection_->ToStatus(stream->Finish()); !status.ok()) return status;
  return events;
}

Result<std::string> Client::Why(const std::string& address) {
  api::v1::AddressRequest request;
  request.set_address(address);
  auto reply = connection_->Unary<api::v1::AddressRequest, api::v1::TextReply>(&Stub::Why, request);
  if (!reply.ok()) return reply.status();
  return reply->text();
}

Result<api::v1::HistoryReply> Client::History(int64_t limit) {
  api::v1::HistoryRequest request;
  request.set_limit(limit);
  return connection_->Unary<api::v1::HistoryRequest, api::v1::HistoryReply>(&Stub::History, request);
}

Result<api::v1::FilesReply> Client::Files() {
  grpc::ClientContext context;
  const auto stream = connection_->stub->Files(&context, api::v1::Empty());
  api::v1::FilesReply all, reply;
  while (stream->Read(&reply)) all.MergeFrom(reply);
  if (const Status status = connection_->ToStatus(stream->Finish()); !status.ok()) return status;
  return all;
}

Result<api::v1::VersionReply> Client::Version() {
  return connection_->Unary<api::v1::Empty, api::v1::VersionReply>(&Stub::Version, {});
}

int FailCall(const Status& status, const Console& console) {
  *console.err << "error: " << PrintableLines(status.message()) << "\n";
  switch (status.code()) {
    case Code::kInvalidArgument:
    case Code::kOutOfRange: return kExitConfiguration;
    case Code::kUnauthenticated:
    case Code::kPermissionDenied: return kExitSignIn;
    case Code::kNotFound: return kExitNotFound;
    case Code::kCancelled: return kExitCancelled;
    case Code::kDeadlineExceeded: return kExitTimeout;
    case Code::kInternal:
    case Code::kDataLoss:
    case Code::kUnknown: return kExitInternal;
    default: return kExitError;
  }
}

int ExitCodeOf(api::v1::Refusal refusal) {
  switch (refusal) {
    case api::v1::REFUSAL_UNSPECIFIED: return kExitOk;
    case api::v1::REFUSAL_CONFIGURATION: return kExitConfiguration;
    case api::v1::REFUSAL_SIGN_IN: return kExitSignIn;
    case api::v1::REFUSAL_RESOURCE: return kExitResource;
    case api::v1::REFUSAL_POLICY: return kExitPolicy;
    case api::v1::REFUSAL_NOT_FOUND: return kExitNotFound;
    case api::v1::REFUSAL_BUSY: return kExitError;
    default: return kExitInternal;
  }
}

Result<Sources> ReadModel(const Flags& flags, const Console& console) {
  if (flags.files.empty())
    return InvalidArgument("name the model with -f FILE, -f FOLDER (-R for its folders) or -f -");
  LoadOptions options;
  options.recursive = flags.recursive;
  options.input = console.in;
  return LoadSources(flags.files, options);
}

std::optional<Sources> LoadModel(const Flags& flags, const Console& console) {
  auto sources = ReadModel(flags, console);
  if (!sources.ok()) {
    *console.err << "error: " << sources.status().message() << "\n";
    return std::nullopt;
  }
  return *std::move(sources);
}

}  // namespace tandem
