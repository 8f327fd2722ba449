// Listening: the unix socket that we accept on ourselves, TCP with TLS, health and reflection.

#include "tandem/api/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server_posix.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "api/service.h"
#include "tandem/base/log.h"
#include "tandem/base/private_folder.h"

namespace tandem {
namespace {

constexpr int kPauseMs = 100;  // where a connection cannot be accepted for want of something

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Status Errno(const std::string& what) {
  return Unavailable(fmt::format("{}: {}", what, std::strerror(errno)));
}

/// Makes the socket's folder; the socket is 0600, so nobody else may be able to put one of theirs there.
Status MakeSocketFolder(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return Errno("cannot make the folder " + folder);
  const Status ours = CheckPrivateFolder(folder, Others::kMayAdd);
  if (ours.ok()) return ours;
  return Status(ours.code(), ours.message() + ", or choose another with --listen unix:PATH");
}

Result<Descriptor> ListenUnix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return InvalidArgument(fmt::format("the socket's path has {} bytes; at most {} are possible: {}",
                                       path.size(), sizeof address.sun_path - 1, path));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const auto* bare = reinterpret_cast<const sockaddr*>(&address);

  TANDEM_RETURN_IF_ERROR(MakeSocketFolder(path));

  // A socket that nobody answers on was left by a daemon that was killed.
  struct stat found {};
  if (lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode))
      return AlreadyExists(fmt::format("{} exists and is no socket", path));
    Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (probe.get() >= 0 && connect(probe.get(), bare, sizeof address) == 0)
      return AlreadyExists(fmt::format("another process answers on {}", path));
    unlink(path.c_str());
  }
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listener.get() < 0) return Errno("cannot make a socket");
  const mode_t before = umask(0177);
  const int bound = bind(listener.get(), bare, sizeof address);
  umask(before);
  if (bound != 0) return Errno("cannot listen on " + path);
  if (listen(listener.get(), 128) != 0) return Errno("cannot listen on " + path);
  return listener;
}

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return NotFound(fmt::format("cannot read {}", path));
  return text.str();
}

Result<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(const ApiTls& tls) {
  if (tls.certificate_file.empty() || tls.key_file.empty())
    return InvalidArgument(
        "listening on TCP needs TLS: give --tls-cert and --tls-key, and --tls-client-ca so that callers "
        "can be told apart");
  grpc::SslServerCredentialsOptions options(
      tls.client_ca_file.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                 : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  TANDEM_ASSIGN_OR_RETURN(std::string certificate, ReadFile(tls.certificate_file));
  TANDEM_ASSIGN_OR_RETURN(std::string key, ReadFile(tls.key_file));
  options.pem_key_cert_pairs.push_back({std::move(key), std::move(certificate)});
  if (!tls.client_ca_file.empty()) {
    TANDEM_ASSIGN_OR_RETURN(options.pem_root_certs, ReadFile(tls.client_ca_file));
  }
  return grpc::SslServerCredentials(options);
}

class Server final : public ApiServer {
 public:
  explicit Server(ApiOptions options) : options_(std::move(options)), service_(options_, peers_) {}
  ~Server() override {
    if (server_ != nullptr) Stop(std::chrono::milliseconds(0));
  }

  Status Start() {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    builder.SetMaxReceiveMessageSize(4 << 20);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    if (!options_.tcp_address.empty()) {
      TANDEM_ASSIGN_OR_RETURN(auto credentials, TlsCredentials(options_.tls));
      builder.AddListeningPort(options_.tcp_address, credentials, &tcp_port_);
    }
    if (!options_.socket_path.empty()) {
      TANDEM_ASSIGN_OR_RETURN(listener_, ListenUnix(options_.socket_path));
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0) return Errno("cannot make a pipe");
      wake_read_ = Descriptor(ends[0]);
      wake_write_ = Descriptor(ends[1]);
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || (!options_.tcp_address.empty() && tcp_port_ == 0))
      return Unavailable(fmt::format("cannot listen on {}", options_.tcp_address));
    if (listener_.get() >= 0) accepting_ = std::thread([this] { Accept(); });
    return OkStatus();
  }

  int tcp_port() const override { return tcp_port_; }

  void Drain() override {
    service_.Drain();
    if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(false);
  }

  void Stop(std::chrono::milliseconds deadline) override {
    if (server_ == nullptr) return;
    if (accepting_.joinable()) {
      const char byte = 0;
      [[maybe_unused]] const ssize_t written = write(wake_write_.get(), &byte, 1);
      accepting_.join();
      unlink(options_.socket_path.c_str());
    }
    server_->Shutdown(std::chrono::system_clock::now() + deadline);
    server_->Wait();
    server_.reset();
  }

 private:
  void Accept() {
    pollfd waits[2] = {{listener_.get(), POLLIN, 0}, {wake_read_.get(), POLLIN, 0}};
    bool wanting = false;
    while (true) {
      if (poll(waits, 2, -1) < 0 && errno != EINTR) return;
      if (waits[1].revents != 0) return;
      if ((waits[0].revents & POLLIN) == 0) continue;
      Descriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (client.get() < 0) {
        // The caller stays in the queue, so poll() alone would not wait for what is wanting.
        if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS) continue;
        if (!wanting)
          Log(LogLevel::kWarning, "cannot accept a connection; callers wait", {{"why", std::strerror(errno)}});
        wanting = true;
        poll(&waits[1], 1, kPauseMs);
        continue;
      }
      wanting = false;
      ucred peer{};
      socklen_t size = sizeof peer;
      if (getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) continue;
      peers_.Accepted(client.get(), peer.uid);
      grpc::AddInsecureChannelFromFd(server_.get(), client.release());
    }
  }

  const ApiOptions options_;
  Peers peers_;
  Service service_;
  Descriptor listener_;
  Descriptor wake_read_;
  Descriptor wake_write_;
  int tcp_port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::thread accepting_;
};

}  // namespace

Status CheckListening(const ApiOptions& options) {
  return options.tcp_address.empty() ? OkStatus() : TlsCredentials(options.tls).status();
}

Result<std::unique_ptr<ApiServer>> StartApiServer(ApiOptions options) {
  auto server = std::make_unique<Server>(std::move(options));
  TANDEM_RETURN_IF_ERROR(server->Start());
  return std::unique_ptr<ApiServer>(std::move(server));
}

}  // namespace tandem
