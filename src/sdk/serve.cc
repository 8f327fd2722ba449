#include "tandem/sdk/serve.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "sdk/service.h"
#include "sdk/workers.h"
#include "tandem/base/discretion.h"
#include "tandem/provider_wire/handshake.h"
#include "tandem/provider_wire/wire.h"

namespace tandem {
namespace {

int Fail(const std::string& name, const Status& status, int code) {
  std::fprintf(stderr, "%s: %s\n", name.c_str(), status.message().c_str());
  return code;
}

// Ends the process when the daemon's end of the pipe is closed, by the kernel if need be. Nothing
// is tidied up: a call that is still on its way must not go on.
class PipeWatch {
 public:
  explicit PipeWatch(int pipe) : pipe_(pipe), wake_(eventfd(0, EFD_CLOEXEC)) {
    TANDEM_CHECK(wake_ >= 0);
    thread_ = std::thread([this] { Watch(); });
  }
  ~PipeWatch() {
    const uint64_t one = 1;
    TANDEM_CHECK(write(wake_, &one, sizeof one) == sizeof one);
    thread_.join();
    close(wake_);
  }
  PipeWatch(const PipeWatch&) = delete;
  PipeWatch& operator=(const PipeWatch&) = delete;

 private:
  void Watch() {
    for (;;) {
      pollfd ends[] = {{pipe_, POLLIN, 0}, {wake_, POLLIN, 0}};
      if (poll(ends, 2, -1) < 0) {
        if (errno == EINTR) continue;
        _exit(1);
      }
      if (ends[1].revents != 0) return;
      if (ends[0].revents == 0) continue;
      char byte;
      const ssize_t got = read(pipe_, &byte, 1);
      if (got == 0 || (got < 0 && errno != EINTR)) _exit(0);
    }
  }

  int pipe_;
  int wake_;
  std::thread thread_;
};

bool WriteAll(int fd, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    done += static_cast<size_t>(wrote);
  }
  return true;
}

// The version that tandemd shows is the program's, whatever the provider says of itself.
class Named final : public Provider {
 public:
  Named(std::shared_ptr<Provider> provider, std::string name, std::string version)
      : provider_(std::move(provider)), name_(std::move(name)), version_(std::move(version)) {}
  void Describe(Done<Result<ProviderDescription>> done) override {
    provider_->Describe([this, done](Result<ProviderDescription> description) {
      if (description.ok()) {
        description->name = name_;
        description->version = version_;
      }
      done(std::move(description));
    });
  }
  void Open(AccountRequest request, Done<AccountAnswer> done) override {
    provider_->Open(std::move(request), std::move(done));
  }
  void List(ListRequest request, Done<ListAnswer> done) override {
    provider_->List(std::move(request), std::move(done));
  }
  void Read(ReadRequest request, Done<ReadAnswer> done) override {
    provider_->Read(std::move(request), std::move(done));
  }
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override {
    provider_->Apply(std::move(request), std::move(done));
  }
  void Poll(PollRequest request, Done<PollAnswer> done) override {
    provider_->Poll(std::move(request), std::move(done));
  }
  void Measure(MeasureRequest request, Done<MeasureAnswer> done) override {
    provider_->Measure(std::move(request), std::move(done));
  }
  void Close(std::string account) override { provider_->Close(std::move(account)); }

 private:
  std::shared_ptr<Provider> provider_;
  std::string name_;
  std::string version_;
};

}  // namespace

int ServeProvider(const std::string& name, const std::string& version,
                  const ProviderFactory& factory, const ServeSettings& settings) {
  KeepMemoryPrivate();
  const auto variable = [](const char* key) -> std::string {
    const char* value = std::getenv(key);
    return value == nullptr ? "" : value;
  };
  Result<PluginInvitation> invitation = PluginInvitation::FromEnvironment(variable);
  if (!invitation.ok()) return Fail(name, invitation.status(), 2);
  // Programs started from here inherit the lock and nothing else of this.
  fcntl(invitation->pipe, F_SETFD, FD_CLOEXEC);
  for (const char* key : {"TANDEM_PLUGIN_SOCKET", "TANDEM_PLUGIN_PROTOCOLS", "TANDEM_PLUGIN_PIPE",
                          "TANDEM_PLUGIN_LOCK"}) {
    unsetenv(key);
  }
  signal(SIGPIPE, SIG_IGN);
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  PipeWatch watch(invitation->pipe);

  Result<int> protocol = ChooseProtocol(invitation->lowest, invitation->highest);
  if (!protocol.ok()) return Fail(name, protocol.status(), 1);
  Result<std::shared_ptr<Provider>> made = factory();
  if (!made.ok()) return Fail(name, made.status(), 1);
  Named provider(std::move(*made), name, version);
  Workers workers(settings.workers, static_cast<size_t>(settings.waiting));
  ProviderService service(&provider, &workers);

  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + invitation->socket, grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(static_cast<int>(kWireBytes + kWireSlack));
  builder.SetMaxSendMessageSize(static_cast<int>(kWireBytes + kWireSlack));
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    return Fail(name, Unavailable("cannot listen on " + invitation->socket), 1);
  }
  if (!WriteAll(STDOUT_FILENO, PluginGreeting{*protocol, invitation->socket}.ToLine() + "\n")) {
    return Fail(name, Unavailable("nobody reads the greeting"), 1);
  }
  // Whatever a library prints from now on goes to the daemon's log.
  dup2(STDERR_FILENO, STDOUT_FILENO);

  int caught = 0;
  sigwait(&ending, &caught);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(2));
  return 0;
}

}  // namespace tandem
