#include "tandem/sim/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tandem {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Status Failed(const std::string& path, const char* what) {
  return Unavailable(path + ": " + what + ": " + std::strerror(errno));
}

// Calls `each` with every whole line and tells how many bytes they are.
Status ReadLines(int fd, const std::string& path,
                 const std::function<Status(std::string_view)>& each, off_t* whole) {
  std::string rest;
  std::string block(1 << 16, '\0');
  off_t at = 0;
  *whole = 0;
  for (;;) {
    const ssize_t got = pread(fd, block.data(), block.size(), at);
    if (got < 0) {
      if (errno == EINTR) continue;
      return Failed(path, "cannot read");
    }
    if (got == 0) return OkStatus();
    at += got;
    rest.append(block.data(), static_cast<size_t>(got));
    size_t begin = 0;
    for (size_t end; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      TANDEM_RETURN_IF_ERROR(each(std::string_view(rest).substr(begin, end - begin)));
      *whole += static_cast<off_t>(end + 1 - begin);
    }
    rest.erase(0, begin);
  }
}

class FileJournal final : public Journal {
 public:
  FileJournal(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  Status Replay(const std::function<Status(std::string_view)>& each) override {
    off_t whole = 0;
    TANDEM_RETURN_IF_ERROR(ReadLines(fd_.get(), path_, each, &whole));
    size_ = whole;
    return OkStatus();
  }

  Status Append(std::string_view line) override {
    std::string text(line);
    text += '\n';
    size_t done = 0;
    while (done < text.size()) {
      const ssize_t wrote = write(fd_.get(), text.data() + done, text.size() - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) {
        const Status failed = Failed(path_, "cannot write");
        // What got through is torn; without the cut the next line would be glued to it.
        if (ftruncate(fd_.get(), size_) != 0) return Failed(path_, "cannot cut a torn line");
        return failed;
      }
      done += static_cast<size_t>(wrote);
    }
    size_ += static_cast<off_t>(text.size());
    return OkStatus();
  }

 private:
  Descriptor fd_;
  std::string path_;
  off_t size_ = 0;
};

}  // namespace

Status MemoryJournal::Replay(const std::function<Status(std::string_view)>& each) {
  for (const std::string& line : lines_) TANDEM_RETURN_IF_ERROR(each(line));
  return OkStatus();
}

Status MemoryJournal::Append(std::string_view line) {
  lines_.emplace_back(line);
  return OkStatus();
}

Result<std::unique_ptr<Journal>> OpenJournalFile(const std::string& path) {
  Descriptor fd(open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (fd.get() < 0) return Failed(path, "cannot open");
  off_t whole = 0;
  TANDEM_RETURN_IF_ERROR(ReadLines(
      fd.get(), path, [](std::string_view) { return OkStatus(); }, &whole));
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return Failed(path, "cannot look at");
  if (info.st_size > whole && ftruncate(fd.get(), whole) != 0) {
    return Failed(path, "cannot cut a torn line");
  }
  return std::unique_ptr<Journal>(std::make_unique<FileJournal>(fd.Release(), path));
}

Status ReadJournalFile(const std::string& path,
                       const std::function<Status(std::string_view)>& each) {
  Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0)
    return errno == ENOENT ? NotFound("no journal " + path) : Failed(path, "cannot open");
  off_t whole = 0;
  return ReadLines(fd.get(), path, each, &whole);
}

}  // namespace tandem
