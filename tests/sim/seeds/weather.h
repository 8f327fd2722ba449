// Between the engine and its ports: everything takes time, and some of it goes wrong.
//
// A Weather is one queue of things that happen at a time. Answers of the clouds and of the store go through
// it, so the engine can be dropped between any two of them. What belongs to a dropped engine is thrown away,
// but a call that was on its way to the clouds still arrives there, and an answer that is late enough comes
// to an engine that is no more.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/random.h"
#include "tandem/provider/provider.h"
#include "tandem/sim/sim_provider.h"
#include "tandem/state/memory_store.h"

namespace tandem::seeds {

/// What the machine's clock shows: the time there is, and whatever somebody has set it off by.
class WallClock final : public Clock {
 public:
  explicit WallClock(const Clock* real) : real_(*real) {}
  Time Now() const override { return real_.Now() + offset; }
  Duration offset{0};

 private:
  const Clock& real_;
};

class Weather {
 public:
  Weather(ManualClock* clock, Random* random) : clock_(*clock), random_(*random) {}

  /// All 0 is good weather. Of single answers, in a thousand:
  struct Odds {
    int lost = 0;       // the effect takes place, its answer does not come
    int never = 0;      // neither, and nothing says so before the deadline
    int refused = 0;    // "not done" and "throttled"
    int slow = 0;       // takes up to 70 s
    int late = 0;       // the answer comes after every limit, to the engine after this one perhaps
    int repeat = 0;     // the answer comes again
    int garbage = 0;    // the answer makes no sense
    int truncated = 0;  // a page breaks off
    int repeating = 0;  // a page leads to itself
    int unsteady = 0;   // a read or a page shows the past, and the next one does not
    int store = 0;      // a commit fails
    // And what begins and lasts, in 10'000 pieces of work.
    int crash = 0;   // of the daemon
    int lease = 0;   // somebody else writes the store, a while before the daemon ends
    int storm = 0;   // an account throttles whatever comes
    int expiry = 0;  // the credentials of an account are over until somebody renews them
    int hang = 0;    // the provider stands still
    int died = 0;    // the provider dies
    int clock = 0;   // the machine's clock is set
  };
  Odds odds;
  /// How often each fault has struck.
  std::map<std::string, int64_t> struck;

  bool Chance(int thousandths) {
    return thousandths > 0 && random_.Below(1000) < static_cast<uint64_t>(thousandths);
  }
  bool Strikes(int thousandths, const char* fault) {
    if (!Chance(thousandths)) return false;
    ++struck[fault];
    return true;
  }
  Duration Between(int64_t least_ms, int64_t most_ms) {
    return std::chrono::milliseconds(least_ms + static_cast<int64_t>(random_.Below(
                                                    static_cast<uint64_t>(most_ms - least_ms + 1))));
  }
  uint64_t Below(uint64_t bound) { return random_.Below(bound); }
  Time Now() const { return clock_.Now(); }
  /// `engine`: thrown away when the engine is.
  void After(Duration wait, bool engine, std::function<void()> work) {
    events_.emplace(std::make_pair(clock_.Now() + wait, sequence_++),
                    Event{engine ? life_ : -1, std::move(work)});
  }
  /// Does the next thing that is due; false when there is none.
  bool One();
  std::optional<Time> NextDue() const {
    if (events_.empty()) return std::nullopt;
    return events_.begin()->first.first;
  }
  void Crash() { ++life_; }
  int64_t life() const { return life_; }

  void Trace(const std::string& line);
  uint64_t hash() const { return hash_; }
  bool print = false;

 private:
  struct Event {
    int64_t life;
    std::function<void()> work;
  };
  ManualClock& clock_;
  Random& random_;
  std::map<std::pair<Time, int64_t>, Event> events_;
  int64_t sequence_ = 0;
  int64_t life_ = 0;
  uint64_t hash_ = 14695981039346656037ull;
};

/// The simulated clouds behind a plugin and a network.
class FarCloud final : public Provider {
 public:
  FarCloud(SimProvider* cloud, Weather* weather) : cloud_(*cloud), weather_(*weather) {}
  void Describe(Done<Result<ProviderDescription>> done) override { cloud_.Describe(std::move(done)); }
  void Open(AccountRequest request, Done<AccountAnswer> done) override;
  void List(ListRequest request, Done<ListAnswer> done) override;
  void Read(ReadRequest request, Done<ReadAnswer> done) override;
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override;
  void Poll(PollRequest request, Done<PollAnswer> done) override;
  void Measure(MeasureRequest request, Done<MeasureAnswer> done) override;
  void Close(std::string account) override { cloud_.Close(std::move(account)); }

  struct Call {
    std::string intent;
    std::string address;
    std::string call;
  };
  std::vector<Call> calls;  // as they left the engine
  /// By which the engine reckons deadlines. They are told on as time that is left.
  const Clock* engine_clock = nullptr;

  // What lasts. Each tells the trace what begins.
  void Storm();
  void Expire();
  void Hang();
  void Die();
  /// Good weather from now on; what is on its way still arrives as it may.
  void Calm();

 private:
  /// Answers a call that does not get as far as the clouds; false: it does.
  template <typename Answer>
  bool Stopped(const std::string& account, const std::string& what, const Done<Answer>& done);
  /// Brings an answer back after `wait`, once, twice, late, spoilt, or never. `mutating`: of a call whose
  /// effect may have taken place.
  template <typename Answer>
  void Bring(bool mutating, const std::string& what, Duration wait, const Done<Answer>& done,
             Answer answer);
  template <typename Answer>
  void Deliver(Duration wait, bool engine, bool mutating, const Done<Answer>& done, Answer answer);
  struct Flight {
    ApplyRequest request;
    Done<ApplyAnswer> done;
    std::string what;
    bool lost = false, told = false;
    Duration back{0};
    int64_t plugin = 0;  // that has it
  };
  void Arrive(const std::shared_ptr<Flight>& flight);
  const std::string& AnyAccount();
  /// `look` at the past, now and then.
  template <typename Look>
  void Unsteady(Look look);

  SimProvider& cloud_;
  Weather& weather_;
  std::set<std::string> accounts_;
  int64_t plugin_ = 0;  // how many there were
  Time down_until_, hangs_until_;
  std::map<std::string, Time> storms_, expired_;
};

/// A store in memory behind a disk.
class FarStore final : public StateStore {
 public:
  FarStore(MemoryStore* store, Weather* weather) : store_(*store), weather_(*weather) {}
  void Commit(std::vector<Write> writes, Completion<StoreRevision> done) override;
  void Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) override;
  void Get(std::string key, Completion<Row> done) override;

  /// From now on somebody else writes: every commit is refused as one that read something old; `told` each
  /// time that the engine is.
  void LoseLease(std::function<void()> told) { lost_ = std::move(told); }
  void TakeLease() { lost_ = nullptr; }
  /// Intents whose commit has reached the disk, and of which run they are.
  const std::map<std::string, std::string>& durable_intents() const { return durable_intents_; }

 private:
  MemoryStore& store_;
  Weather& weather_;
  void Refuse(Completion<StoreRevision> done);
  std::function<void()> lost_;
  std::map<std::string, std::string> durable_intents_;
};

}  // namespace tandem::seeds
