// How fast calls may go, by bucket (provider, account and region, API group).
//
// A bucket is open until its API throttles. Then its rate halves, nothing goes before the API's
// "retry after", and the rate grows again by a tenth for each second without throttling, until after a
// quiet time the bucket is open once more. Callers reserve: each learns when it may go, in order, so
// that nobody waits in a loop. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tandem/base/clock.h"

namespace tandem {

class RateLimits {
 public:
  /// When the caller may go: `now` or later. The place is taken.
  Time Reserve(const std::string& bucket, Time now);
  /// The API said no; `retry_after` zero when it did not say for how long.
  void Throttled(const std::string& bucket, Time now, Duration retry_after);
  /// Calls a second, 0 while the bucket is open.
  double RateOf(const std::string& bucket, Time now) const;
  int64_t throttled() const { return throttled_; }

 private:
  struct Bucket {
    bool limited = false;
    double rate = 0;   // a second, at `since`
    Time since;        // of the last throttling
    Time next;         // the next free place
    // Calls that went in the current second, and in the one before: what the rate is halved from.
    Time window;
    int64_t in_window = 0;
    int64_t before = 0;
  };
  static double Recovered(const Bucket& bucket, Time now);
  static void Count(Bucket& bucket, Time at);

  std::map<std::string, Bucket> buckets_;
  int64_t throttled_ = 0;
};

}  // namespace tandem
