#include "daemon/clouds.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

namespace tandem {
namespace {

constexpr std::string_view kSimulated = "simulated";
constexpr std::string_view kReal = "real";

std::string FileOf(const std::string& state_dir) { return state_dir + "/clouds"; }

/// Whether they are simulated; nullopt when that is not known. A journal of simulated clouds tells it, too.
std::optional<bool> Simulated(const std::string& state_dir) {
  std::string word;
  std::getline(std::ifstream(FileOf(state_dir)), word);
  if (word == kSimulated) return true;
  if (word == kReal) return false;
  if (access((state_dir + "/sandbox/world.log").c_str(), F_OK) == 0) return true;
  return std::nullopt;
}

}  // namespace

Status CheckClouds(const std::string& state_dir, bool sandbox) {
  const std::optional<bool> simulated = Simulated(state_dir);
  if (!simulated || *simulated == sandbox) return OkStatus();
  return InvalidArgument(fmt::format(
      "the state directory {} is of {} clouds; start tandemd {} --sandbox, or choose another with --state-dir",
      state_dir, *simulated ? kSimulated : kReal, *simulated ? "with" : "without"));
}

Status RememberClouds(const std::string& state_dir, bool sandbox) {
  if (Simulated(state_dir)) return OkStatus();
  const std::string path = FileOf(state_dir);
  const std::string line = fmt::format("{}\n", sandbox ? kSimulated : kReal);
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const int why = errno;
  if (fd >= 0) close(fd);
  return written ? OkStatus() : Unavailable(fmt::format("cannot write {}: {}", path, std::strerror(why)));
}

}  // namespace tandem
