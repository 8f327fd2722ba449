#include "provider_host/plugin_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "tandem/base/log.h"
#include "tandem/base/random.h"
#include "tandem/provider_wire/handshake.h"
#include "tandem/provider_wire/wire.h"

extern char** environ;

namespace tandem {
namespace {

constexpr int kPipeAt = 3;
constexpr int kLockAt = 4;
constexpr size_t kLineBytes = 4096;
constexpr size_t kTailBytes = 2048;
// sun_path holds 107 bytes and a NUL.
constexpr size_t kPathBytes = 107;

Status Failed(const std::string& what) { return Unavailable(what + ": " + std::strerror(errno)); }

struct Ends {
  Descriptor read, write;
};

// Numbers of 10 and up, so that none is where the child's are put.
Result<Ends> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Failed("pipe");
  Ends pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  pipe.read = Descriptor(fcntl(ends[0], F_DUPFD_CLOEXEC, 10));
  pipe.write = Descriptor(fcntl(ends[1], F_DUPFD_CLOEXEC, 10));
  if (!pipe.read.valid() || !pipe.write.valid()) return Failed("pipe");
  return pipe;
}

// Of 0700. Its name is on the lock before it is there, so that whoever comes after a kill -9 can
// remove it.
Result<std::string> FreshFolder(const Descriptor& lock) {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const char* temporary = std::getenv("TMPDIR");
  SystemRandom random;
  for (const char* base : {runtime, temporary, "/tmp"}) {
    if (base == nullptr || *base == '\0') continue;
    const std::string folder = std::string(base) + "/" + kFolderPrefix + random.Hex(12);
    if (folder.size() + std::strlen("/provider") > kPathBytes) continue;
    TANDEM_RETURN_IF_ERROR(RecordHolder(lock, ProcessName{}, folder));
    if (mkdir(folder.c_str(), 0700) == 0) return folder;
  }
  return Failed("no folder for a socket");
}

// True once the other end is closed.
bool Drain(int fd, std::string* text, size_t most) {
  if (fd < 0) return true;
  char block[4096];
  while (text->size() < most) {
    const ssize_t got = read(fd, block, sizeof block);
    if (got > 0) {
      text->append(block, static_cast<size_t>(got));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    return got == 0 || errno != EAGAIN;
  }
  return false;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<std::unique_ptr<PluginProcess>> PluginProcess::Spawn(
    const std::string& name, const std::string& program, const std::vector<std::string>& arguments,
    const std::vector<std::string>& environment, Descriptor lock) {
  std::unique_ptr<PluginProcess> process(new PluginProcess());
  process->name_ = name;
  TANDEM_ASSIGN_OR_RETURN(process->folder_, FreshFolder(lock));
  process->socket_ = process->folder_ + "/provider";
  TANDEM_ASSIGN_OR_RETURN(Ends death, MakePipe());
  TANDEM_ASSIGN_OR_RETURN(Ends out, MakePipe());
  TANDEM_ASSIGN_OR_RETURN(Ends err, MakePipe());
  const Descriptor held(fcntl(lock.get(), F_DUPFD_CLOEXEC, 10));
  if (!held.valid()) return Failed("the plugin's lock");
  for (const int fd : {out.read.get(), err.read.get()}) fcntl(fd, F_SETFL, O_NONBLOCK);

  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  // The first of a name is the one that counts.
  const PluginInvitation invitation{process->socket_, kProtocolLowest, kProtocolHighest, kPipeAt,
                                    kLockAt};
  std::vector<std::string> variables = invitation.ToEnvironment();
  variables.insert(variables.end(), environment.begin(), environment.end());
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
  posix_spawn_file_actions_adddup2(&actions, death.read.get(), kPipeAt);
  posix_spawn_file_actions_adddup2(&actions, held.get(), kLockAt);
  posix_spawn_file_actions_addclosefrom_np(&actions, kLockAt + 1);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> argv = Pointers(words);
  std::vector<char*> envp = Pointers(variables);
  const int error =
      posix_spawn(&process->pid_, program.c_str(), &actions, &attributes, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    process->pid_ = 0;
    return Unavailable(program + ": " + std::strerror(error));
  }
  process->pidfd_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, process->pid_, 0)));
  if (!process->pidfd_.valid()) return Failed("pidfd_open");
  process->pipe_ = std::move(death.write);
  process->out_ = std::move(out.read);
  process->err_ = std::move(err.read);
  // Before it is used: a daemon that comes after a kill -9 of this one finds it here.
  const std::optional<ProcessName> leader = NameProcess(process->pid_);
  TANDEM_RETURN_IF_ERROR(RecordHolder(lock, leader.value_or(ProcessName{process->pid_, 0}), process->folder_));
  return process;
}

PluginProcess::~PluginProcess() {
  if (pid_ > 0 && !end_) {
    pipe_.Reset();
    Signal(SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  RemoveSocketFolder(folder_);
}

bool PluginProcess::DrainOutput(std::string* text) { return Drain(out_.get(), text, 1 << 16); }

bool PluginProcess::DrainErrors() {
  std::string text;
  const bool closed = Drain(err_.get(), &text, 1 << 16);
  for (const char c : text) {
    if (c == '\n' || line_.size() >= kLineBytes) {
      LogLine(std::move(line_));
      line_.clear();
    }
    if (c != '\n') line_ += c;
  }
  if (closed && !line_.empty()) {
    LogLine(std::move(line_));
    line_.clear();
  }
  if (closed) err_.Reset();
  return closed;
}

void PluginProcess::LogLine(std::string line) {
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') c = '?';
  }
  tail_ += line + "\n";
  if (tail_.size() > kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
  Log(LogLevel::kInfo, line, {{"provider", name_}});
}

std::string PluginProcess::Tail() const {
  std::string tail = tail_ + line_;
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  return tail;
}

void PluginProcess::Signal(int signal) {
  // Not after it was waited for: the number may be another's then.
  if (pid_ > 0 && !end_) kill(-pid_, signal);
}

std::optional<std::string> PluginProcess::Reap() {
  if (end_) return end_;
  // What it started dies with it, while the group's number is still its own.
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid == 0) {
    return std::nullopt;
  }
  kill(-pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  end_ = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                             : "exit code " + std::to_string(WEXITSTATUS(status));
  return end_;
}

}  // namespace tandem
