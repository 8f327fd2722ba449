#include "tandem/base/private_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tandem {
namespace {

Status CheckOwner(const std::string& path, const struct stat& found) {
  if (found.st_uid == 0 || found.st_uid == geteuid()) return OkStatus();
  const std::string owners = geteuid() == 0 ? "root" : fmt::format("uid {} or root", geteuid());
  return PermissionDenied(fmt::format(
      "{} belongs to uid {}, who could exchange what lies in it; give it to {}", path, found.st_uid, owners));
}

}  // namespace

Status CheckPrivateFolder(const std::string& path, Others others) {
  struct stat link {};
  struct stat folder {};
  if (lstat(path.c_str(), &link) != 0 || stat(path.c_str(), &folder) != 0)
    return Unavailable(fmt::format("cannot look at {}: {}", path, std::strerror(errno)));
  if (!S_ISDIR(folder.st_mode)) return Unavailable(fmt::format("{} is no folder", path));
  TANDEM_RETURN_IF_ERROR(CheckOwner(path, link));
  TANDEM_RETURN_IF_ERROR(CheckOwner(path, folder));
  const bool kept = others == Others::kMayAdd && (folder.st_mode & S_ISVTX) != 0;
  if ((folder.st_mode & (S_IWGRP | S_IWOTH)) == 0 || kept) return OkStatus();
  return PermissionDenied(fmt::format("others may write in {} (its mode is {:04o}); chmod go-w {}", path,
                                      folder.st_mode & 07777, path));
}

}  // namespace tandem
