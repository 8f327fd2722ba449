// How long a failing key waits: doubling from `first` to `most`, each with up to a fifth of jitter, so
// that keys that failed together do not come back together. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tandem/base/clock.h"
#include "tandem/base/random.h"

namespace tandem {

class Backoff {
 public:
  Backoff(Duration first, Duration most, Random* random)
      : first_(first), most_(most), random_(random) {}

  /// The wait after one more failure of `key`.
  Duration Next(const std::string& key);
  /// `key` worked: the next failure starts from the first wait again.
  void Forget(const std::string& key) { failures_.erase(key); }
  int64_t failures(const std::string& key) const;

 private:
  Duration first_;
  Duration most_;
  Random* random_;
  std::map<std::string, int64_t> failures_;
};

}  // namespace tandem
