// Between the engine and its ports: everything takes time, and some of it goes wrong.
//
// A Weather is one queue of things that happen at a time. Answers of the clouds and of the store go through
// it, so the engine can be dropped between any two of them; what belongs to a dropped engine is thrown away,
// but a call that was on its way to the clouds still arrives there.
#pragma once

#include <functional>
#include <map>
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

class Weather {
 public:
  Weather(ManualClock* clock, Random* random) : clock_(*clock), random_(*random) {}

  /// Chances in a thousand; all 0 is good weather.
  struct Odds {
    int lost = 0;       // the effect takes place, its answer does not come
    int never = 0;      // neither, and nothing says so before the deadline
    int refused = 0;    // "not done" and "throttled"
    int slow = 0;       // takes up to 70 s
    int store = 0;      // a commit fails
    int crash = 0;      // in 10'000 pieces of work
  };
  Odds odds;
  int crashes = 0, lost = 0, refused = 0, store_failures = 0;

  bool Chance(int thousandths) {
    return thousandths > 0 && random_.Below(1000) < static_cast<uint64_t>(thousandths);
  }
  Duration Between(int64_t least_ms, int64_t most_ms) {
    return std::chrono::milliseconds(least_ms + static_cast<int64_t>(random_.Below(
                                                    static_cast<uint64_t>(most_ms - least_ms + 1))));
  }
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

/// The simulated clouds behind a network.
class FarCloud final : public Provider {
 public:
  FarCloud(SimProvider* cloud, Weather* weather) : cloud_(*cloud), weather_(*weather) {}
  void Describe(Done<Result<ProviderDescription>> done) override { cloud_.Describe(std::move(done)); }
  void Open(AccountRequest request, Done<AccountAnswer> done) override;
  void List(ListRequest request, Done<ListAnswer> done) override;
  void Read(ReadRequest request, Done<ReadAnswer> done) override;
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override;
  void Poll(PollRequest request, Done<PollAnswer> done) override;
  void Close(std::string) override {}

  struct Call {
    std::string intent;
    std::string address;
    std::string call;
  };
  std::vector<Call> calls;  // as they left the engine

 private:
  template <typename Answer>
  void Reply(Done<Answer> done, Answer answer);
  SimProvider& cloud_;
  Weather& weather_;
};

/// A store in memory behind a disk.
class FarStore final : public StateStore {
 public:
  FarStore(MemoryStore* store, Weather* weather) : store_(*store), weather_(*weather) {}
  void Commit(std::vector<Write> writes, Completion<StoreRevision> done) override;
  void Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) override;
  void Get(std::string key, Completion<Row> done) override;

 private:
  MemoryStore& store_;
  Weather& weather_;
};

}  // namespace tandem::seeds
