#include "daemon/local_secrets.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "tandem/base/hash.h"
#include "tandem/base/random.h"
#include "tandem/codec/json.h"
#include "tandem/model/secret_uri.h"

namespace tandem {
namespace {

constexpr size_t kMaxSecretFile = 1 << 20;

Result<std::string> ReadSmallFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const std::string why = fmt::format("{}: {}", path, std::strerror(errno));
    if (errno == ENOENT) return NotFound(why);
    if (errno == EACCES) return PermissionDenied(why);
    return Unavailable(why);
  }
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = read(fd, buffer, sizeof buffer)) > 0 && text.size() <= kMaxSecretFile)
    text.append(buffer, static_cast<size_t>(got));
  const int error = errno;
  close(fd);
  if (got < 0) return Unavailable(fmt::format("{}: {}", path, std::strerror(error)));
  if (text.size() > kMaxSecretFile)
    return InvalidArgument(fmt::format("{}: a file of secrets may have 1 MiB", path));
  return text;
}

/// The value of `key` in KEY=VALUE lines, quotes around it taken off.
Result<std::string> FromLines(std::string_view text, const SecretUri& uri) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.rfind("export ", 0) == 0) line.remove_prefix(7);
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos || line.substr(0, equals) != uri.key) continue;
    line.remove_prefix(equals + 1);
    if (line.size() >= 2 && (line.front() == '"' || line.front() == '\'') && line.back() == line.front())
      line = line.substr(1, line.size() - 2);
    return std::string(line);
  }
  return NotFound(fmt::format("{} has no key '{}'", uri.rest, uri.key));
}

Result<std::string> FromFile(const SecretUri& uri) {
  TANDEM_ASSIGN_OR_RETURN(std::string text, ReadSmallFile(uri.rest));
  if (uri.key.empty()) {
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || text[first] != '{') return FromLines(text, uri);
  const Result<Value> json = ParseJson(text);
  // The parser's message may quote the text, which is secret.
  if (!json.ok()) return InvalidArgument(fmt::format("{} is not valid JSON", uri.rest));
  const Value* value = json->Find(uri.key);
  if (value == nullptr) value = json->At(uri.key);
  if (value == nullptr) return NotFound(fmt::format("{} has no key '{}'", uri.rest, uri.key));
  if (!value->is_string())
    return InvalidArgument(fmt::format("'{}' in {} must be a string", uri.key, uri.rest));
  return value->as_string();
}

Result<SecretWorth> ResolveNow(const std::string& text) {
  TANDEM_ASSIGN_OR_RETURN(const SecretUri uri, ParseSecretUri(text));
  if (uri.scheme == "env") {
    const char* value = std::getenv(uri.rest.c_str());
    if (value == nullptr)
      return NotFound(fmt::format("the environment of tandemd has no variable {}", uri.rest));
    return SecretWorth{value, ""};
  }
  TANDEM_ASSIGN_OR_RETURN(std::string plaintext, FromFile(uri));
  return SecretWorth{std::move(plaintext), ""};
}

class LocalSecretSource final : public SecretSource {
 public:
  explicit LocalSecretSource(Executor* executor) : executor_(executor) {}
  void Resolve(std::string uri, std::function<void(Result<SecretWorth>)> done) override {
    executor_->Run([uri = std::move(uri), done = std::move(done)] { done(ResolveNow(uri)); });
  }

 private:
  Executor* executor_;
};

}  // namespace

std::unique_ptr<SecretSource> NewLocalSecretSource(Executor* executor) {
  return std::make_unique<LocalSecretSource>(executor);
}

Result<std::string> LoadSecretKey(const std::string& path, bool may_be_new) {
  struct stat found {};
  if (stat(path.c_str(), &found) == 0) {
    if ((found.st_mode & 077) != 0)
      return PermissionDenied(fmt::format("{} may be read by others; run: chmod 600 {}", path, path));
    TANDEM_ASSIGN_OR_RETURN(std::string key, ReadSmallFile(path));
    if (key.size() != 64) return DataLoss(fmt::format("{} is damaged: it must hold 64 digits", path));
    return key;
  }
  if (!may_be_new)
    return FailedPrecondition(fmt::format(
        "{} is gone: put it back from a backup of the state directory. Under another key each secret looks changed, and "
        "the next apply sends it again; if you want that, run: (umask 077; openssl rand -hex 32 | tr -d '\\n' > {})",
        path, path));
  SystemRandom random;
  const std::string key = random.Hex(64);
  const std::string draft = path + ".new";
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Unavailable(fmt::format("cannot make {}: {}", path, std::strerror(errno)));
  const bool written = write(fd, key.data(), key.size()) == static_cast<ssize_t>(key.size()) &&
                       fsync(fd) == 0;
  close(fd);
  if (!written || rename(draft.c_str(), path.c_str()) != 0)
    return Unavailable(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  return key;
}

}  // namespace tandem
