#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <streambuf>

#include "cli/command.h"

namespace {

/// Standard output, which remembers why it failed.
class StandardOutput final : public std::streambuf {
 public:
  StandardOutput() { Empty(); }
  /// The errno of the first write that failed, or 0.
  int error() const { return error_; }

 protected:
  int_type overflow(int_type next) override {
    if (sync() != 0) return traits_type::eof();
    return traits_type::eq_int_type(next, traits_type::eof()) ? traits_type::not_eof(next)
                                                              : sputc(traits_type::to_char_type(next));
  }
  int sync() override {
    for (const char* at = pbase(); at < pptr() && error_ == 0;) {
      const ssize_t wrote = write(STDOUT_FILENO, at, static_cast<size_t>(pptr() - at));
      if (wrote > 0) at += wrote;
      if (wrote < 0 && errno != EINTR) error_ = errno;
    }
    Empty();
    return error_ == 0 ? 0 : -1;
  }

 private:
  void Empty() { setp(buffer_.data(), buffer_.data() + buffer_.size()); }

  std::array<char, 64 << 10> buffer_;
  int error_ = 0;
};

/// A standard descriptor that came closed would be the next socket's, and what is printed its bytes. In its place comes
/// one that cannot be used either.
void HoldStandardDescriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) == -1) open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

}  // namespace

int main(int argc, char** argv) {
  HoldStandardDescriptors();
  StandardOutput output;
  std::ostream out(&output);
  std::cin.tie(&out);
  std::cerr.tie(&out);  // so that both are read in the order in which they were written
  tandem::Console console;
  console.in = &std::cin;
  console.out = &out;
  console.err = &std::cerr;
  console.in_is_terminal = isatty(STDIN_FILENO) != 0;
  console.out_is_terminal = isatty(STDOUT_FILENO) != 0;
  const char* no_color = std::getenv("NO_COLOR");
  console.color = console.out_is_terminal && (no_color == nullptr || *no_color == '\0');
  winsize size{};
  if (console.out_is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
    console.width = size.ws_col;
  const int code = tandem::RunCommandLine(argc, argv, console);
  out.flush();
  std::cin.tie(nullptr);
  std::cerr.tie(nullptr);
  if (output.error() == 0 || output.error() == EPIPE) return code;  // who reads with `head` has read enough
  std::cerr << "error: cannot write the output: " << std::strerror(output.error()) << "\n";
  return tandem::kExitError;
}
