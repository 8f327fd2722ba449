// One start of a plugin: its process, its pipes, its folder.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "provider_host/descriptor.h"
#include "provider_host/plugin_lock.h"
#include "tandem/base/status.h"

namespace tandem {

class PluginProcess {
 public:
  /// Spawns `program` in a process group of its own. The lock goes to the process alone.
  static Result<std::unique_ptr<PluginProcess>> Spawn(const std::string& name,
                                                      const std::string& program,
                                                      const std::vector<std::string>& arguments,
                                                      const std::vector<std::string>& environment,
                                                      Descriptor lock);
  /// Kills what is left of the group and removes the folder.
  ~PluginProcess();
  PluginProcess(const PluginProcess&) = delete;
  PluginProcess& operator=(const PluginProcess&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& socket() const { return socket_; }
  /// Readable when the process has ended.
  int ended() const { return pidfd_.get(); }
  int output() const { return out_.get(); }
  int errors() const { return err_.get(); }
  void CloseOutput() { out_.Reset(); }

  /// Reads what there is; true once that end of the pipe is closed.
  bool DrainOutput(std::string* text);
  /// Logs whole lines as the plugin's.
  bool DrainErrors();
  /// The last of its standard error, for a message.
  std::string Tail() const;

  void ClosePipe() { pipe_.Reset(); }
  void Signal(int signal);
  /// "exit code 1" once it has ended and was waited for.
  std::optional<std::string> Reap();

 private:
  PluginProcess() = default;
  void LogLine(std::string line);

  std::string name_;
  pid_t pid_ = 0;
  std::optional<std::string> end_;
  std::string folder_;
  std::string socket_;
  Descriptor pidfd_, pipe_, out_, err_;
  std::string line_;  // of standard error, not whole yet
  std::string tail_;
};

}  // namespace tandem
