// The supervisor of one plugin, and the calls that go through it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "provider_host/plugin_process.h"
#include "tandem/provider/v1/provider.grpc.pb.h"
#include "tandem/provider_host/plugin_host.h"

namespace tandem {

/// The way to one start of the process. Core owns it until no call uses it, and ends it on a thread of its own:
/// a channel that ends in one of gRPC's callbacks may be the last, and gRPC would then wait in that thread for
/// that thread.
struct Connection {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<provider::v1::Provider::Stub> stub;
  int uses = 0;  // under Core's lock
};

class PluginHost::Core : public std::enable_shared_from_this<PluginHost::Core> {
 public:
  using Stub = provider::v1::Provider::Stub;
  /// Makes the call, or is told why it cannot be made. The connection is there until `Begin` returns, and until
  /// the end of each call whose context was made for it.
  using Begin = std::function<void(Connection*, const CallError&)>;

  Core(PluginSettings settings, const Clock* clock);
  ~Core();

  /// Runs `begin` now, once the process is up, or with an error.
  void Call(Begin begin);
  /// A context that Stop can cancel, with a deadline. Each is given to EndCall once, and not kept: it holds the
  /// channel.
  std::shared_ptr<grpc::ClientContext> NewContext(Connection* connection, std::chrono::milliseconds patience);
  void EndCall(std::shared_ptr<grpc::ClientContext> context, const grpc::Status& status);
  /// What is left until `deadline` on the clock; the usual patience if there is none.
  std::chrono::milliseconds Left(Time deadline) const;

  void Stop(std::chrono::milliseconds patience);
  int pid() const;
  int starts() const;
  const PluginSettings& settings() const { return settings_; }

 private:
  enum class State { kIdle, kStarting, kRunning, kPausing, kStopped };

  void Supervise();
  Result<std::unique_ptr<PluginProcess>> Start(std::unique_ptr<Connection>* connection);
  Status AwaitGreeting(PluginProcess& process);
  /// Until the process has ended or the host stops; why.
  std::string Watch(PluginProcess& process, Connection* connection);
  void Probe(Connection* connection);
  void End(PluginProcess& process);
  /// Waits for anything to look at, at most so long. False when the host stops.
  bool Wait(PluginProcess* process, std::chrono::milliseconds most);
  void Wake();
  void CancelCalls();
  /// Ends the connections to earlier starts that no call uses any more. Not from gRPC's threads.
  void DropUnused();
  Connection* Running(std::unique_ptr<Connection> connection, int pid);
  void Failed(const std::string& why, std::chrono::milliseconds pause);
  bool stopping() const;

  const PluginSettings settings_;
  const Clock* clock_;
  Descriptor wake_;

  mutable std::mutex mutex_;
  std::condition_variable quiet_;
  State state_ = State::kIdle;
  bool stopping_ = false;
  std::chrono::milliseconds stop_patience_{0};
  bool suspect_ = false;  // a call ran into its deadline
  bool probing_ = false;
  bool hanging_ = false;  // the probe got no answer
  Connection* connection_ = nullptr;  // to the process that runs
  std::vector<std::unique_ptr<Connection>> connections_;
  std::string why_;  // not running
  std::chrono::steady_clock::time_point retry_at_;
  std::deque<Begin> waiting_;
  std::map<std::shared_ptr<grpc::ClientContext>, Connection*> contexts_;
  int pid_ = 0;
  int starts_ = 0;
  std::mutex join_mutex_;
  std::thread thread_;
};

}  // namespace tandem
