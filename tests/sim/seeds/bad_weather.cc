#include "tests/sim/seeds/bad_weather.h"

#include <fmt/format.h>

namespace tandem::seeds {

using std::chrono::hours;
using std::chrono::seconds;

const std::vector<std::string>& Faults() {
  static const std::vector<std::string> faults = {
      "cancel",  "clock",   "crash", "died",   "expiry", "garbage",   "hang",
      "late",    "lease",   "lost",  "never",  "outside", "refused",  "repeat",
      "repeating", "slow",  "stale", "store",  "storm",  "truncated", "unsteady"};
  return faults;
}

std::vector<std::string> Struck() {
  std::vector<std::string> names;
  for (const std::string& fault : Faults()) {
    names.push_back(fault == "clock" ? "clock back" : fault);
    if (fault == "clock") names.emplace_back("clock forward");
  }
  return names;
}

void BadWeather::Begin() {
  const auto odds = [&](const char* fault, uint64_t most) {
    const int drawn = static_cast<int>(at_.random->Below(most));
    return Happens(fault) ? drawn : 0;
  };
  // Not all at once: then nothing would get done between.
  const auto rare = [&](const char* fault, uint64_t most) {
    const int drawn = odds(fault, most);
    return at_.random->Below(3) == 0 ? drawn : 0;
  };
  Weather::Odds& now = at_.weather->odds;
  now.lost = odds("lost", 120);
  now.never = odds("never", 50);
  now.refused = odds("refused", 100);
  now.slow = odds("slow", 100);
  now.store = odds("store", 60);
  now.late = odds("late", 40);
  now.repeat = odds("repeat", 100);
  now.garbage = odds("garbage", 40);
  now.truncated = odds("truncated", 200);
  now.repeating = odds("repeating", 200);
  now.unsteady = odds("unsteady", 300);
  now.crash = odds("crash", 25);
  now.lease = rare("lease", 20);
  now.storm = rare("storm", 40);
  now.expiry = rare("expiry", 40);
  now.hang = rare("hang", 30);
  now.died = rare("died", 30);
  now.clock = rare("clock", 40);
  left_ = {{"crash", 8}, {"lease", 2}, {"storm", 4}, {"expiry", 4},
           {"hang", 3},  {"died", 4},  {"clock", 5}};
  if (!Draws("stale", 3)) return;
  ++at_.weather->struck["stale"];
  Fault stale;
  stale.type = FaultType::kStaleReads;
  stale.target = "aws";
  stale.lag = seconds(1 + at_.random->Below(15));
  (void)at_.cloud->AddFault(stale);
  at_.weather->Trace("stale reads");
}

void BadWeather::End() {
  at_.weather->odds = {};
  left_.clear();
  at_.far->Calm();
  (void)at_.cloud->ClearFault(0);
}

void BadWeather::MaybeStrike() {
  if (left_.empty() || striking_) return;
  striking_ = true;
  const Weather::Odds& odds = at_.weather->odds;
  const std::pair<const char*, int> faults[] = {
      {"crash", odds.crash}, {"lease", odds.lease}, {"storm", odds.storm}, {"expiry", odds.expiry},
      {"hang", odds.hang},   {"died", odds.died},   {"clock", odds.clock}};
  // One draw for all, so that a fault that is left out changes the others little.
  uint64_t drawn = at_.random->Below(10'000);
  for (const auto& [fault, chance] : faults) {
    if (drawn >= static_cast<uint64_t>(chance)) {
      drawn -= static_cast<uint64_t>(chance);
      continue;
    }
    if (int& left = left_[fault]; left > 0) {
      --left;
      Strike(fault);
    }
    break;
  }
  striking_ = false;
}

void BadWeather::Strike(const std::string& fault) {
  if (fault == "crash") {
    ++at_.weather->struck["crash"];
    at_.weather->Trace("crash");
    at_.crash();
  } else if (fault == "lease") {
    ++at_.weather->struck["lease"];
    at_.weather->Trace("somebody else takes the store");
    at_.lose_lease();
  } else if (fault == "storm") {
    at_.far->Storm();
  } else if (fault == "expiry") {
    at_.far->Expire();
  } else if (fault == "hang") {
    at_.far->Hang();
  } else if (fault == "died") {
    at_.far->Die();
  } else if (fault == "clock") {
    SetClock();
  }
}

/// By a second or by hours; never further off than some hours.
void BadWeather::SetClock() {
  const bool back = at_.random->Below(2) == 0;
  const Duration step = at_.random->Below(3) == 0 ? at_.weather->Between(100, 5'000)
                                                  : at_.weather->Between(60'000, 2 * 3'600'000);
  if (back ? at_.wall->offset < -hours(3) : at_.wall->offset > hours(3)) return;
  at_.wall->offset += back ? -step : step;
  ++at_.weather->struck[back ? "clock back" : "clock forward"];
  at_.weather->Trace(fmt::format("the clock is set {} by {} s", back ? "back" : "forward",
                                 step.count() / 1'000'000));
}

void BadWeather::MeddleOutside(const std::vector<SimObject>& live) {
  static const std::map<std::string, const char*> kMembers = {
      {"iam.sim/Role", "Policy"},   {"net.sim/Network", "Note"}, {"db.sim/Instance", "Size"},
      {"dns.sim/Record", "Value"},  {"dns.sim/Alias", "Target"}, {"dns.sim/Zone", "Name"},
      {"queue.sim/Queue", "Depth"}};
  if (live.empty()) return;
  for (uint64_t i = 1 + at_.random->Below(3); i > 0; --i) {
    const SimObject& object = live[at_.random->Below(live.size())];
    const std::string& address = object.mark.address.empty() ? object.address : object.mark.address.str();
    const std::string kind = object.key.kind.ToString();
    if (at_.random->Below(2) == 0) {
      // Leaves only: what others stand on is refused by every vendor.
      if (kind == "net.sim/Network" || kind == "db.sim/Cluster" || kind == "dns.sim/Zone" ||
          kind == "iam.sim/Role")
        continue;
      if (!at_.cloud->Delete(object.address).ok()) continue;
      ++at_.weather->struck["outside"];
      at_.weather->Trace("outside delete " + address);
      continue;
    }
    const auto member = kMembers.find(kind);
    if (member == kMembers.end()) continue;
    const Value value = kind == "queue.sim/Queue" ? Value(int64_t{77}) : Value("outside");
    if (!at_.cloud->Mutate(object.address, member->second, value).ok()) continue;
    ++at_.weather->struck["outside"];
    at_.weather->Trace("outside change " + address);
  }
}

}  // namespace tandem::seeds
