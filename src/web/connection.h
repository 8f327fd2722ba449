// One connection of the page, with an end to everybody's patience.
#pragma once

#include <httplib.h>

#include <array>
#include <chrono>
#include <string>

namespace tandem {

/// What httplib reads a request from and writes the answer to. Its own stream waits for each byte anew;
/// here every wait ends at one time for the connection as a whole, and at once when `stop` (an eventfd)
/// is readable. What has arrived already is read even when the time is over.
class Connection final : public httplib::Stream {
 public:
  using Clock = std::chrono::steady_clock;
  struct Patience {
    Clock::time_point request;  // until when the whole request must be there
    Clock::time_point answer;   // until when the whole answer must be taken
  };

  Connection(int socket, int stop, Patience patience)
      : socket_(socket), stop_(stop), patience_(patience) {}

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* bytes, size_t size) override;
  ssize_t write(const char* bytes, size_t size) override;
  void get_remote_ip_and_port(std::string&, int&) const override {}  // nobody here asks
  void get_local_ip_and_port(std::string&, int&) const override {}
  int socket() const override { return socket_; }

 private:
  /// Whether it happened in time.
  bool Wait(short event, Clock::time_point until) const;

  const int socket_;
  const int stop_;
  const Patience patience_;
  std::array<char, 4096> arrived_;
  size_t begin_ = 0;  // of what arrived and nobody read
  size_t end_ = 0;
};

}  // namespace tandem
