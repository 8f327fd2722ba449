#include "providers/aws/credentials/environment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "providers/aws/credentials/run_process.h"

namespace tandem::aws {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

Result<std::string> ReadWholeFile(const std::string& path) {
  // The customary way to say "no file".
  if (path == "/dev/null") return std::string();
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    std::string message = fmt::format("cannot read {}: {}", path, strerror(errno));
    return errno == ENOENT || errno == ENOTDIR ? NotFound(message) : FailedPrecondition(message);
  }
  std::string text;
  Status status;
  struct stat about;
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    status = FailedPrecondition(path + " is not a file");
  }
  while (status.ok()) {
    char buffer[16 * 1024];
    ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      status = FailedPrecondition(fmt::format("cannot read {}: {}", path, strerror(errno)));
    }
    if (count <= 0) break;
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > kMaxFileBytes) status = FailedPrecondition(path + " is larger than 1 MiB");
  }
  close(fd);
  if (!status.ok()) return status;
  return text;
}

}  // namespace

Environment SystemEnvironment() {
  Environment environment;
  environment.get = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  environment.read = ReadWholeFile;
  environment.run = RunProcess;
  return environment;
}

std::optional<std::string> GetVariable(const Environment& environment, const std::string& name) {
  std::optional<std::string> value = environment.get(name);
  if (value && value->empty()) return std::nullopt;
  return value;
}

Result<std::vector<std::string>> SplitCommand(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool has_next = i + 1 < text.size();
    if (quote == '\'' ? c == '\'' : quote == '"' && c == '"') {
      quote = 0;
    } else if (quote == '"' && c == '\\' && has_next &&
               (text[i + 1] == '"' || text[i + 1] == '\\')) {
      word += text[++i];
    } else if (quote != 0) {
      word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == '\\' && has_next) {
      word += text[++i];
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return InvalidArgument("a command has an open quote");
  if (in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace tandem::aws
