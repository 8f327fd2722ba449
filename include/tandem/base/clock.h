// Time as a port. Nothing in layers 1 to 4 reads the system's clock: they are given a Clock or a Time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tandem/base/status.h"
#include "tandem/base/synchronized.h"

namespace tandem {

using Duration = std::chrono::microseconds;
/// Wall-clock time, UTC.
using Time = std::chrono::time_point<std::chrono::system_clock, Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time Now() const override;
};

/// A clock that stands still until told. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start = Time(std::chrono::seconds(1'600'000'000)));
  Time Now() const override;
  void Set(Time now);
  void Advance(Duration by);

 private:
  std::atomic<int64_t> micros_;
};

/// Time to wait and to reckon by: it never goes back, and runs when somebody sets the machine's clock. It
/// follows that at its leisure, by at most a tenth of the time that passes, so that no wait becomes much
/// shorter or longer. Starts at `wall`. Thread-safe.
class EvenClock final : public Clock {
 public:
  /// `running`: time since any moment, on a clock that nobody sets.
  EvenClock(const Clock* wall, std::function<Duration()> running);
  Time Now() const override;

 private:
  struct Last {
    Time shown;
    Duration running{0};
    Duration leisure{0};  // not yet used to follow
  };
  const Clock& wall_;
  std::function<Duration()> running_;
  mutable Synchronized<Last> last_;
};
/// The machine's, suspended time included.
Duration RunningTime();

/// RFC 3339 in UTC: "2026-11-24T18:53:55Z", with six decimals when `micros`.
std::string FormatTime(Time time, bool micros = false);
Result<Time> ParseTime(std::string_view text);
/// "500ms", "90s", "15m", "24h", "7d", and sums such as "1h30m". kInvalidArgument otherwise.
Result<Duration> ParseDuration(std::string_view text);
/// The shortest form that ParseDuration reads back: "1h30m", "0s".
std::string FormatDuration(Duration duration);

}  // namespace tandem
