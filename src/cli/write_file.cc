#include "cli/write_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace tandem {
namespace {

/// 0, or the errno of the write that failed.
int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = write(fd, text.data(), text.size());
    if (wrote < 0 && errno != EINTR) return errno;
    if (wrote > 0) text.remove_prefix(static_cast<size_t>(wrote));
  }
  return 0;
}

/// 0, or why something at `path` may not be replaced.
int NotReplaceable(const std::string& path) {
  struct stat there {};
  if (stat(path.c_str(), &there) != 0 || S_ISREG(there.st_mode)) return 0;
  return S_ISDIR(there.st_mode) ? EISDIR : EEXIST;
}

}  // namespace

Status WriteFile(const std::string& path, const std::string& text, mode_t mode) {
  const auto failed = [&](int error) {
    return Unavailable(fmt::format("cannot write {}: {}", path, std::strerror(error)));
  };
  if (const int error = NotReplaceable(path); error != 0) return failed(error);
  std::string draft = path + ".XXXXXX";
  const int fd = mkostemp(draft.data(), O_CLOEXEC);
  if (fd < 0) return failed(errno);
  int error = WriteAll(fd, text);
  if (error == 0 && fchmod(fd, mode) != 0) error = errno;
  if (error == 0 && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && rename(draft.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return OkStatus();
  unlink(draft.c_str());
  return failed(error);
}

}  // namespace tandem
