// The supervisor of one plugin, and the calls that go through it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "provider_host/plugin_process.h"
#include "tandem/provider/v1/provider.grpc.pb.h"
#include "tandem/provider_host/plugin_host.h"

namespace tandem {

/// The way to one start of the process.
struct Connection {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<provider::v1::Provider::Stub> stub;
};

class PluginHost::Core : public std::enable_shared_from_this<PluginHost::Core> {
 public:
  using Stub = provider::v1::Provider::Stub;
  /// Makes the call, or is told why it cannot be made.
  using Begin = std::function<void(std::shared_ptr<Connection>, const CallError&)>;

  Core(PluginSettings settings, const Clock* clock);
  ~Core();

  /// Runs `begin` now, once the process is up, or with an error.
  void Call(Begin begin);
  /// A context that Stop can cancel, with a deadline. Each is given to EndCall once.
  std::shared_ptr<grpc::ClientContext> NewContext(std::chrono::milliseconds patience);
  void EndCall(const std::shared_ptr<grpc::ClientContext>& context, const grpc::Status& status);
  /// What is left until `deadline` on the clock; the usual patience if there is none.
  std::chrono::milliseconds Left(Time deadline) const;

  void Stop(std::chrono::milliseconds patience);
  int pid() const;
  int starts() const;
  const PluginSettings& settings() const { return settings_; }

 private:
  enum class State { kIdle, kStarting, kRunning, kPausing, kStopped };

  void Supervise();
  Result<std::unique_ptr<PluginProcess>> Start(std::shared_ptr<Connection>* connection);
  Status AwaitGreeting(PluginProcess& process);
  /// Until the process has ended or the host stops; why.
  std::string Watch(PluginProcess& process, const std::shared_ptr<Connection>& connection);
  void Probe(const std::shared_ptr<Connection>& connection);
  void End(PluginProcess& process);
  /// Waits for anything to look at, at most so long. False when the host stops.
  bool Wait(PluginProcess* process, std::chrono::milliseconds most);
  void Wake();
  void CancelCalls();
  void Running(std::shared_ptr<Connection> connection, int pid);
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
  std::shared_ptr<Connection> connection_;
  std::string why_;  // not running
  std::chrono::steady_clock::time_point retry_at_;
  std::deque<Begin> waiting_;
  std::set<std::shared_ptr<grpc::ClientContext>> contexts_;
  int pid_ = 0;
  int starts_ = 0;
  std::mutex join_mutex_;
  std::thread thread_;
};

}  // namespace tandem
