#include "daemon/state_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "tandem/base/private_folder.h"

namespace tandem {
namespace {

constexpr char kAnother[] = "choose another with --state-dir";

/// `path` without what leads nowhere at its end: "new/" and "new/." are "new".
std::string WithoutTail(std::string path) {
  const auto ends = [&](std::string_view tail) { return path.size() > tail.size() && path.ends_with(tail); };
  while (ends("/") || ends("/.")) path.pop_back();
  return path;
}

Status MakeFolder(const std::string& state_dir) {
  const std::string bare = WithoutTail(state_dir);
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(bare).parent_path(), error);
  if (mkdir(bare.c_str(), 0700) == 0 || errno == EEXIST) return OkStatus();
  const int why = errno;
  const std::string text = fmt::format("cannot make the state directory {}: {}; {}", state_dir,
                                       std::strerror(why), kAnother);
  return why == EACCES ? PermissionDenied(text) : Unavailable(text);
}

}  // namespace

Result<StateLock> StateLock::Take(const std::string& state_dir) {
  TANDEM_RETURN_IF_ERROR(MakeFolder(state_dir));
  if (const Status ours = CheckPrivateFolder(state_dir, Others::kMayNotWrite);
      ours.code() == Code::kPermissionDenied)
    return PermissionDenied(fmt::format("{}, or {}", ours.message(), kAnother));
  const std::string path = state_dir + "/tandemd.lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    const int error = errno;
    const std::string why =
        fmt::format("cannot open {}: {}; {}", path, std::strerror(error), kAnother);
    return error == EACCES ? PermissionDenied(why) : Unavailable(why);
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    char pid[32] = {};
    [[maybe_unused]] const ssize_t got = pread(fd, pid, sizeof pid - 1, 0);
    pid[std::strcspn(pid, "\n")] = '\0';
    close(fd);
    return FailedPrecondition(fmt::format(
        "the state directory {} is in use by another tandemd (process {}); stop that one, or {}",
        state_dir, pid[0] == '\0' ? "unknown" : pid, kAnother));
  }
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(fd, 0) != 0 ||
      pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const std::string why = fmt::format("cannot write {}: {}", path, std::strerror(errno));
    const bool full = errno == ENOSPC;
    close(fd);
    return full ? ResourceExhausted(why) : Unavailable(why);
  }
  return StateLock(fd);
}

StateLock::StateLock(StateLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

StateLock::~StateLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace tandem
