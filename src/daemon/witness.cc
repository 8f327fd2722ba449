#include "daemon/witness.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tandem/codec/json.h"

namespace tandem {

Result<std::optional<WitnessMark>> ReadWitness(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return std::optional<WitnessMark>();
    return Unavailable(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  // A folder of that name throws when it is read through iterators.
  std::ostringstream text;
  text << file.rdbuf();
  const Result<Value> value = ParseJson(text.str());
  WitnessMark mark;
  if (value.ok() && value->is_map()) {
    mark.uid = value->StringOr("uid", "");
    mark.number = value->IntOr("number", 0);
  }
  if (mark.uid.empty() || mark.number <= 0)
    return DataLoss(fmt::format("{} is damaged; it tells whether the store is an old one. If you are sure "
                                "that it is not, remove the file",
                                path));
  return std::optional<WitnessMark>(std::move(mark));
}

Status WriteWitness(const std::string& path, const WitnessMark& mark) {
  const std::string text =
      ToCanonicalJson(Map{{"number", Value(mark.number)}, {"uid", Value(mark.uid)}}) + "\n";
  const std::string draft = path + ".new";
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Unavailable(fmt::format("cannot make {}: {}", draft, std::strerror(errno)));
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const int error = errno;
  close(fd);
  if (!written) return Unavailable(fmt::format("cannot write {}: {}", draft, std::strerror(error)));
  if (rename(draft.c_str(), path.c_str()) != 0)
    return Unavailable(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  // The new name too; without it a power cut shows the old number, which is merely less strict.
  const size_t slash = path.rfind('/');
  const std::string in = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int folder = open(in.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    (void)fsync(folder);
    close(folder);
  }
  return OkStatus();
}

}  // namespace tandem
