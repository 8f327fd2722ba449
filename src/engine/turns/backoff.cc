#include "engine/turns/backoff.h"

#include <algorithm>

namespace tandem {

Duration Backoff::Next(const std::string& key) {
  const int64_t failures = failures_[key]++;
  // Doubling stops at `most`, long before the shift could overflow.
  Duration wait = first_;
  for (int64_t i = 0; i < failures && wait < most_; ++i) wait *= 2;
  wait = std::min(wait, most_);
  const int64_t jitter = wait.count() / 5;
  return wait + Duration(jitter > 0 ? static_cast<int64_t>(random_->Below(jitter + 1)) : 0);
}

int64_t Backoff::failures(const std::string& key) const {
  const auto found = failures_.find(key);
  return found == failures_.end() ? 0 : found->second;
}

}  // namespace tandem
