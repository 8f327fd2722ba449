#include "engine/calls/rate_limits.h"

#include <algorithm>
#include <cmath>

namespace tandem {
namespace {
constexpr double kLeast = 0.5;           // calls a second
constexpr Duration kQuiet = std::chrono::minutes(2);  // without throttling, then open again
constexpr Duration kSecond = std::chrono::seconds(1);
double Seconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }
}  // namespace

double RateLimits::Recovered(const Bucket& bucket, Time now) {
  return bucket.rate * std::pow(1.1, std::max(0.0, Seconds(now - bucket.since)));
}

void RateLimits::Count(Bucket& bucket, Time at) {
  if (at >= bucket.window + 2 * kSecond) {
    bucket.window = at;
    bucket.before = bucket.in_window = 0;
  } else if (at >= bucket.window + kSecond) {
    bucket.window += kSecond;
    bucket.before = bucket.in_window;
    bucket.in_window = 0;
  }
  ++bucket.in_window;
}

Time RateLimits::Reserve(const std::string& name, Time now) {
  Bucket& bucket = buckets_[name];
  if (bucket.limited && now >= bucket.since + kQuiet && bucket.next <= now) bucket.limited = false;
  Time when = now;
  if (bucket.limited) {
    when = std::max(now, bucket.next);
    const double gap = 1.0 / Recovered(bucket, when);
    bucket.next = when + Duration(static_cast<int64_t>(gap * 1e6) + 1);
  }
  Count(bucket, when);
  return when;
}

void RateLimits::Throttled(const std::string& name, Time now, Duration retry_after) {
  ++throttled_;
  Bucket& bucket = buckets_[name];
  const double went = static_cast<double>(std::max(bucket.in_window, bucket.before));
  const double from = bucket.limited ? std::min(Recovered(bucket, now), std::max(went, 1.0))
                                     : std::max(went, 1.0);
  // A burst that was refused together counts once: the rate halves at most once a second.
  if (!bucket.limited || now >= bucket.since + kSecond) {
    bucket.rate = std::max(kLeast, from / 2);
    bucket.since = now;
  }
  bucket.limited = true;
  const Duration wait = retry_after > Duration(0) ? retry_after : kSecond;
  bucket.next = std::max(bucket.next, now + wait);
}

double RateLimits::RateOf(const std::string& name, Time now) const {
  const auto found = buckets_.find(name);
  if (found == buckets_.end() || !found->second.limited) return 0;
  return Recovered(found->second, now);
}

}  // namespace tandem
