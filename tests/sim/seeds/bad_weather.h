// What goes wrong in a trial, and when: how bad the weather of a phase is, what begins between two pieces of
// work, and what is changed behind the daemon's back. Every draw is from the trial's own random numbers.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/seeds/weather.h"

namespace tandem::seeds {

/// The faults that a run mixes.
const std::vector<std::string>& Faults();

/// What Weather::struck counts.
std::vector<std::string> Struck();

/// What a fault can get at, and what only the trial itself can do.
struct Exposed {
  Random* random = nullptr;
  Weather* weather = nullptr;
  WallClock* wall = nullptr;
  SimProvider* cloud = nullptr;
  FarCloud* far = nullptr;
  std::function<void()> crash;       // the daemon ends, and the next one starts
  std::function<void()> lose_lease;  // somebody else takes the store
};

class BadWeather {
 public:
  /// `without`: names of `Faults()` that do not happen.
  BadWeather(std::set<std::string> without, Exposed exposed)
      : without_(std::move(without)), at_(std::move(exposed)) {}

  /// Draws how bad it gets until `End`.
  void Begin();
  /// Perhaps lets something begin. To be called between any two pieces of work; strikes at nothing while it
  /// strikes already.
  void MaybeStrike();
  /// Good weather from now on; what is on its way still arrives as it may.
  void End();

  /// Whether this happens, once in so many.
  bool Draws(const char* fault, uint64_t one_in) {
    return at_.random->Below(one_in) == 0 && Happens(fault);
  }
  /// Somebody changes or deletes some of what is live.
  void MeddleOutside(const std::vector<SimObject>& live);

 private:
  bool Happens(const std::string& fault) const { return without_.count(fault) == 0; }
  void Strike(const std::string& fault);
  void SetClock();

  const std::set<std::string> without_;
  const Exposed at_;
  std::map<std::string, int> left_;  // how often each fault may still begin in this phase
  bool striking_ = false;
};

}  // namespace tandem::seeds
