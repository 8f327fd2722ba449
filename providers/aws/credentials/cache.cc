#include "providers/aws/credentials/cache.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "tandem/base/lock.h"

namespace tandem::aws {
namespace {

constexpr Duration kRenewBefore = std::chrono::minutes(15);
constexpr Duration kUselessBefore = std::chrono::seconds(10);
constexpr Duration kPause = std::chrono::minutes(1);

class CachedProvider final : public CredentialProvider {
 public:
  CachedProvider(CredentialFetch fetch, const Clock& clock)
      : fetch_(std::move(fetch)), clock_(clock) {}

  Result<Credentials> Get(std::stop_token stop) override {
    Lock lock(mutex_);
    while (true) {
      Time now = clock_.Now();
      bool usable = IsUsable(now);
      if (usable && (fetching_ || !IsDue(now))) return *current_;
      if (!fetching_) return Fetch(lock, usable, std::move(stop));
      uint64_t round = round_;
      if (!fetched_.wait(lock, stop, [&] { return round_ != round; })) {
        return Cancelled("waiting for credentials was stopped");
      }
      // The one we waited for speaks for all, unless it was merely stopped itself.
      if (!last_failure_.ok() && last_failure_.code() != Code::kCancelled && round_ == round + 1 &&
          !IsUsable(clock_.Now())) {
        return last_failure_;
      }
    }
  }

  void Refuse(const Credentials& credentials) override {
    Lock lock(mutex_);
    // Newer ones are not to blame.
    if (current_ && current_->access_key == credentials.access_key &&
        current_->token == credentials.token && current_->secret_key == credentials.secret_key) {
      current_.reset();
    }
  }

 private:
  bool IsUsable(Time now) const {
    return current_ && (!current_->expiry || now < *current_->expiry - kUselessBefore);
  }
  bool IsDue(Time now) const { return current_->expiry && now >= renew_at_; }

  Result<Credentials> Fetch(Lock& lock, bool usable, std::stop_token stop) {
    fetching_ = true;
    lock.unlock();
    Result<Credentials> fetched = fetch_(std::move(stop));
    lock.lock();
    fetching_ = false;
    ++round_;
    last_failure_ = fetched.status();
    Time now = clock_.Now();
    if (fetched.ok()) {
      current_ = *fetched;
      Duration life = fetched->expiry ? *fetched->expiry - now : Duration::zero();
      renew_at_ = now + life - std::min<Duration>(kRenewBefore, life / 4);
    } else {
      renew_at_ = now + kPause;
    }
    fetched_.notify_all();
    // `current_` may have been refused meanwhile.
    if (!fetched.ok() && usable && current_) return *current_;
    return fetched;
  }

  const CredentialFetch fetch_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any fetched_;
  // Protected by mutex_:
  std::optional<Credentials> current_;
  bool fetching_ = false;
  uint64_t round_ = 0;  // fetches that have ended
  Status last_failure_;
  Time renew_at_;  // ahead of time; of no meaning without an expiry
};

}  // namespace

std::unique_ptr<CredentialProvider> NewCachedProvider(CredentialFetch fetch, const Clock& clock) {
  return std::make_unique<CachedProvider>(std::move(fetch), clock);
}

std::unique_ptr<CredentialProvider> NewCredentialProvider(CredentialSettings settings,
                                                          CredentialPorts ports) {
  const Clock& clock = *ports.clock;
  return NewCachedProvider(
      [settings = std::move(settings), ports = std::move(ports)](std::stop_token stop) {
        return FetchCredentials(settings, ports, std::move(stop));
      },
      clock);
}

}  // namespace tandem::aws
