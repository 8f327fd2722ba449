#include "providers/aws/credentials/run_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

extern char** environ;

namespace tandem::aws {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr size_t kMaxOutputBytes = 64 * 1024;

// Own group, no blocked signal, default actions, and of the descriptors only standard output.
int Spawn(const std::vector<std::string>& command, int output, pid_t* pid) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  int error = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

Status ReadToEnd(int fd, SteadyTime deadline, const std::stop_token& stop, std::string* output) {
  while (true) {
    if (stop.stop_requested()) return Cancelled("it was stopped");
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return DeadlineExceeded("it did not end in time");
    // In slices, so that a requested stop is seen soon.
    pollfd wait = {fd, POLLIN, 0};
    int ready = poll(&wait, 1, static_cast<int>(std::min<int64_t>(left.count(), 50)));
    if (ready <= 0) continue;
    char buffer[4096];
    ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return OkStatus();
    output->append(buffer, static_cast<size_t>(count));
    if (output->size() > kMaxOutputBytes) return FailedPrecondition("it wrote more than 64 KiB");
  }
}

// It closed its output; what is left is to see it end.
Status AwaitExit(pid_t pid, SteadyTime deadline, const std::stop_token& stop) {
  while (true) {
    siginfo_t about = {};
    if (waitid(P_PID, static_cast<id_t>(pid), &about, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        about.si_pid == pid) {
      return OkStatus();
    }
    if (stop.stop_requested()) return Cancelled("it was stopped");
    if (std::chrono::steady_clock::now() >= deadline) {
      return DeadlineExceeded("it did not end in time");
    }
    poll(nullptr, 0, 10);
  }
}

}  // namespace

Result<std::string> RunProcess(const std::vector<std::string>& command, Duration timeout,
                               std::stop_token stop) {
  if (command.empty()) return FailedPrecondition("there is no command");
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return FailedPrecondition("cannot make a pipe");
  SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
  pid_t pid = 0;
  int error = Spawn(command, ends[1], &pid);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return FailedPrecondition(fmt::format("cannot start {}: {}", command[0], strerror(error)));
  }
  std::string output;
  Status status = ReadToEnd(ends[0], deadline, stop, &output);
  close(ends[0]);
  if (status.ok()) status = AwaitExit(pid, deadline, stop);
  // Also after a good end: nothing that it started may stay behind. Its number is still its own,
  // because nobody has waited for it yet.
  kill(-pid, SIGKILL);
  int exit = 0;
  while (waitpid(pid, &exit, 0) < 0 && errno == EINTR) {
  }
  if (!status.ok()) return status.Annotate(command[0]);
  if (!WIFEXITED(exit) || WEXITSTATUS(exit) != 0) {
    return FailedPrecondition(
        WIFEXITED(exit) ? fmt::format("{} ended with status {}", command[0], WEXITSTATUS(exit))
                        : fmt::format("{} was ended by signal {}", command[0], WTERMSIG(exit)));
  }
  return output;
}

}  // namespace tandem::aws
