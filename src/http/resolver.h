// Names to addresses, on threads of its own: the system's look-up can neither be stopped nor timed.
//
// Thread-safe. At most four look-ups run at once; a caller that gives up leaves its look-up behind.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/address.h"
#include "http/patience.h"

namespace tandem::http {

class Resolver {
 public:
  Resolver() = default;
  /// Waits for look-ups under way.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// At least one address, in the system's order of preference. kUnavailable if the name has none.
  Result<std::vector<IpAddress>> Resolve(const std::string& host, int port,
                                         const Patience& patience);

 private:
  struct Question {
    std::string host;
    int port;
    bool done = false;
    Status status;
    std::vector<IpAddress> addresses;
  };

  void Work();

  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable_any answered_;
  // Protected by mutex_:
  std::deque<std::shared_ptr<Question>> questions_;
  std::vector<std::thread> threads_;
  int idle_ = 0;
  bool stopping_ = false;
};

}  // namespace tandem::http
