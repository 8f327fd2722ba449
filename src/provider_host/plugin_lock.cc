#include "provider_host/plugin_lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tandem/base/log.h"
#include "tandem/codec/json.h"

namespace tandem {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kGrace{500};
constexpr milliseconds kLook{20};

// The numbers of a directory's entries that are numbers.
std::vector<int> Numbers(const std::string& folder) {
  std::vector<int> numbers;
  DIR* open = opendir(folder.c_str());
  if (open == nullptr) return numbers;
  while (const dirent* entry = readdir(open)) {
    const int number = std::atoi(entry->d_name);
    if (number > 0 || std::strcmp(entry->d_name, "0") == 0) numbers.push_back(number);
  }
  closedir(open);
  return numbers;
}

// The processes other than this that have the file of `fd` open.
std::vector<int> Holders(int fd) {
  std::vector<int> holders;
  struct stat wanted {};
  if (fstat(fd, &wanted) != 0) return holders;
  for (const int pid : Numbers("/proc")) {
    if (pid == getpid()) continue;
    const std::string folder = "/proc/" + std::to_string(pid) + "/fd/";
    for (const int number : Numbers(folder)) {
      struct stat found {};
      if (stat((folder + std::to_string(number)).c_str(), &found) == 0 &&
          found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino) {
        holders.push_back(pid);
        break;
      }
    }
  }
  return holders;
}

// What stands in the file, or an empty map.
Value Recorded(int fd) {
  char text[1024] = {};
  const ssize_t got = pread(fd, text, sizeof text - 1, 0);
  if (got <= 0) return Map{};
  Result<Value> recorded = ParseJson(std::string_view(text, static_cast<size_t>(got)));
  return recorded.ok() && recorded->is_map() ? std::move(recorded).value() : Value(Map{});
}

void KillRecordedGroup(int fd) {
  const Value recorded = Recorded(fd);
  const int pid = static_cast<int>(recorded.IntOr("pid", 0));
  const int group = static_cast<int>(recorded.IntOr("group", 0));
  const auto started = static_cast<uint64_t>(recorded.IntOr("started", 0));
  if (pid <= 1 || group <= 1) return;
  const std::optional<ProcessName> now = NameProcess(pid);
  if (!now || now->started != started || getpgid(pid) != group) return;
  kill(-group, SIGKILL);
}

}  // namespace

std::optional<ProcessName> NameProcess(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  // The program's name may hold spaces and brackets; what counts follows its last bracket.
  const size_t close = text.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(close + 1));
  std::string word;
  for (int field = 3; field <= 22; ++field) {
    if (!(rest >> word)) return std::nullopt;
  }
  return ProcessName{pid, std::strtoull(word.c_str(), nullptr, 10)};
}

uint64_t ResidentBytes(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  uint64_t size = 0, resident = 0;
  if (!(file >> size >> resident)) return 0;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

Result<Descriptor> TakePluginLock(const std::string& path, milliseconds patience,
                                  const Pause& pause) {
  const std::string folder = path.substr(0, path.rfind('/'));
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return Unavailable(folder + ": " + std::strerror(errno));
  }
  Descriptor lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return Unavailable(path + ": " + std::strerror(errno));
  const auto begin = steady_clock::now();
  bool killed = false;
  for (;;) {
    if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return Unavailable(path + ": " + std::strerror(errno));
    }
    const auto waited = steady_clock::now() - begin;
    if (waited >= patience) return Unavailable(path + " is held by another process");
    if (waited >= kGrace) {
      if (!killed) {
        Log(LogLevel::kWarning, "killing a plugin that outlived its daemon", {{"lock", path}});
      }
      killed = true;
      KillRecordedGroup(lock.get());
      for (const int pid : Holders(lock.get())) kill(pid, SIGKILL);
    }
    if (!pause(kLook)) return Cancelled("stopped while waiting for " + path);
  }
}

Status RecordHolder(const Descriptor& lock, const ProcessName& leader, const std::string& folder) {
  const std::string text =
      ToCanonicalJson(Map{{"folder", folder},
                          {"group", leader.pid},
                          {"pid", leader.pid},
                          {"started", Value(static_cast<int64_t>(leader.started))}}) +
      "\n";
  const auto size = static_cast<ssize_t>(text.size());
  if (pwrite(lock.get(), text.data(), text.size(), 0) != size || ftruncate(lock.get(), size) != 0) {
    return Unavailable(std::string("the plugin's lock: ") + std::strerror(errno));
  }
  return OkStatus();
}

void RemoveRecordedFolder(const Descriptor& lock) {
  RemoveSocketFolder(Recorded(lock.get()).StringOr("folder", ""));
}

void RemoveSocketFolder(const std::string& folder) {
  const std::string name = folder.substr(folder.rfind('/') + 1);
  struct stat found {};
  if (name.rfind(kFolderPrefix, 0) != 0 || lstat(folder.c_str(), &found) != 0 ||
      !S_ISDIR(found.st_mode) || found.st_uid != geteuid())
    return;
  if (DIR* open = opendir(folder.c_str())) {
    while (const dirent* entry = readdir(open)) unlink((folder + "/" + entry->d_name).c_str());
    closedir(open);
  }
  rmdir(folder.c_str());
}

}  // namespace tandem
