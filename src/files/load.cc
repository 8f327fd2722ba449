#include "tandem/files/load.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

namespace tandem {
namespace {

namespace fs = std::filesystem;

/// What makes a file itself, whatever path led to it.
using Identity = std::pair<dev_t, ino_t>;

Status SystemError(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
      return NotFound(path + ": no such file or directory; check the path after -f");
    case ENOTDIR:
      return NotFound(path + ": a part of this path is not a directory; check the path after -f");
    case EACCES:
    case EPERM:
      return PermissionDenied(path + ": permission denied; let the user that runs this read it");
    case ELOOP:
      return InvalidArgument(path + ": a loop of symbolic links; remove one of them");
    default:
      return Unavailable(fmt::format("{}: {}; nothing was loaded", path, std::strerror(error)));
  }
}

/// An open file, closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string SizeText(size_t bytes) {
  constexpr size_t kMiB = 1 << 20;
  return bytes >= kMiB && bytes % kMiB == 0 ? fmt::format("{} MiB", bytes / kMiB)
                                            : fmt::format("{} bytes", bytes);
}

bool IsModelFile(std::string_view name) {
  if (name.empty() || name[0] == '.') return false;
  for (const std::string_view suffix : {".yaml", ".yml", ".json"})
    if (name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix)
      return true;
  return false;
}

std::string Join(const std::string& folder, const std::string& name) {
  return folder.back() == '/' ? folder + name : folder + "/" + name;
}

class Loader {
 public:
  explicit Loader(const LoadOptions& options) : options_(options) {}

  Status Add(const std::string& path) {
    if (path.empty()) return InvalidArgument("an empty path after -f");
    if (path == "-") return AddInput();
    struct stat found = {};
    if (::stat(path.c_str(), &found) != 0) return SystemError(path, errno);
    if (!S_ISDIR(found.st_mode)) return AddFile(path, found);
    const size_t before = seen_.size() + repeated_;
    passed_folders_ = false;
    TANDEM_RETURN_IF_ERROR(AddFolder(path, found));
    if (seen_.size() + repeated_ > before) return OkStatus();
    return NotFound(
        path + ": no *.yaml, *.yml or *.json file in this folder; " +
        (passed_folders_ ? "use -R to look into its folders" : "check the path after -f"));
  }

  std::vector<std::shared_ptr<const SourceText>> Take() { return std::move(texts_); }

 private:
  Status AddInput() {
    if (options_.input == nullptr) return InvalidArgument("-: there is no standard input here");
    if (read_input_) return InvalidArgument("-: standard input can be read only once");
    read_input_ = true;
    std::string text;
    std::array<char, 65536> chunk;
    while (*options_.input) {
      options_.input->read(chunk.data(), chunk.size());
      text.append(chunk.data(), static_cast<size_t>(options_.input->gcount()));
      if (text.size() > options_.limits.file_bytes) return TooLarge("-");
    }
    if (options_.input->bad())
      return Unavailable("-: standard input broke off; nothing was loaded");
    return Keep("-", std::move(text));
  }

  Status AddFolder(const std::string& path, const struct stat& at) {
    const Identity identity{at.st_dev, at.st_ino};
    if (std::find(open_.begin(), open_.end(), identity) != open_.end())
      return InvalidArgument(
          path + ": this symbolic link leads back to a folder above it; remove the link");
    if (static_cast<int>(open_.size()) >= options_.limits.depth)
      return ResourceExhausted(
          fmt::format("{}: more than {} folders within one another", path, options_.limits.depth));
    std::error_code error;
    std::vector<std::string> names;
    fs::directory_iterator entries(path, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error))
      names.push_back(entries->path().filename().string());
    if (error) return SystemError(path, error.value());
    std::sort(names.begin(), names.end());
    open_.push_back(identity);
    for (const std::string& name : names) TANDEM_RETURN_IF_ERROR(AddEntry(Join(path, name), name));
    open_.pop_back();
    return OkStatus();
  }

  Status AddEntry(const std::string& path, const std::string& name) {
    if (name[0] == '.') return OkStatus();
    struct stat found = {};
    if (::stat(path.c_str(), &found) != 0) {
      // A link that leads nowhere matters only if it would have been read.
      if (!IsModelFile(name) && errno == ENOENT) return OkStatus();
      if (errno == ENOENT)
        return NotFound(path + ": this symbolic link leads nowhere; repair or remove it");
      return SystemError(path, errno);
    }
    if (S_ISDIR(found.st_mode)) {
      passed_folders_ = true;
      return options_.recursive ? AddFolder(path, found) : RefuseIfModel(path);
    }
    return IsModelFile(name) ? AddFile(path, found) : OkStatus();
  }

  /// A folder that is passed over must hold no part of the model: what is left out looks removed (R2).
  Status RefuseIfModel(const std::string& path) {
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator
             entry(path, std::filesystem::directory_options::skip_permission_denied, error),
         end;
         !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (name[0] == '.' || entry.depth() >= options_.limits.depth) {
        entry.disable_recursion_pending();
      } else if (IsModelFile(name)) {
        return InvalidArgument(path + ": holds files that would be left out of the model; say -R to read " +
                               "the folders of a folder as well");
      }
    }
    return OkStatus();
  }

  Status AddFile(const std::string& path, const struct stat& found) {
    if (!S_ISREG(found.st_mode))
      return InvalidArgument(path + ": neither a file nor a folder; use '-f -' to read a pipe");
    if (static_cast<size_t>(found.st_size) > options_.limits.file_bytes) return TooLarge(path);
    if (!seen_.insert({found.st_dev, found.st_ino}).second) {
      ++repeated_;
      return OkStatus();
    }
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return SystemError(path, errno);
    std::string text;
    text.resize(static_cast<size_t>(found.st_size));
    size_t size = 0;
    while (true) {
      if (size == text.size()) text.resize(size + 4096);  // it may have grown since
      const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return SystemError(path, errno);
      if (got == 0) break;
      size += static_cast<size_t>(got);
      if (size > options_.limits.file_bytes) return TooLarge(path);
    }
    text.resize(size);
    return Keep(path, std::move(text));
  }

  Status Keep(const std::string& path, std::string text) {
    if (const size_t nul = text.find('\0'); nul != std::string::npos)
      return InvalidArgument(
          fmt::format("{}: not a text file (a NUL byte at offset {}); remove it from the model's "
                      "folder, or save it "
                      "as UTF-8",
                      path, nul));
    total_ += text.size();
    if (total_ > options_.limits.total_bytes)
      return ResourceExhausted(fmt::format("{}: with this file the model has more than {}", path,
                                           SizeText(options_.limits.total_bytes)));
    if (texts_.size() >= options_.limits.files)
      return ResourceExhausted(
          fmt::format("{}: the model has more than {} files", path, options_.limits.files));
    texts_.push_back(std::make_shared<const SourceText>(SourceText{path, std::move(text)}));
    return OkStatus();
  }

  Status TooLarge(const std::string& path) const {
    return ResourceExhausted(
        fmt::format("{}: larger than {}; split the file, or leave it out", path,
                    SizeText(options_.limits.file_bytes)));
  }

  const LoadOptions& options_;
  std::vector<std::shared_ptr<const SourceText>> texts_;
  std::set<Identity> seen_;     // files
  std::vector<Identity> open_;  // the folders from the one named down to the current one
  size_t repeated_ = 0;
  size_t total_ = 0;
  bool read_input_ = false;
  bool passed_folders_ = false;
};

}  // namespace

Result<std::vector<std::shared_ptr<const SourceText>>> LoadSources(
    const std::vector<std::string>& paths, const LoadOptions& options) {
  Loader loader(options);
  for (const std::string& path : paths) TANDEM_RETURN_IF_ERROR(loader.Add(path));
  return loader.Take();
}

}  // namespace tandem
