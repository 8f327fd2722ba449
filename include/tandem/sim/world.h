// The simulated clouds: what exists, what happened, what is broken.
//
// A World is a fold over a journal. Every change is one record, appended before it counts, so a
// killed process loses nothing that was answered, and the same seed and the same calls make the
// same world. It knows no kinds and refuses nothing: whether a call is right is SimProvider's
// business.
//
// Objects have a past of up to kSimPast, so that a stale view can be shown. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/status.h"
#include "tandem/codec/json.h"
#include "tandem/model/address.h"
#include "tandem/provider/provider.h"
#include "tandem/sim/journal.h"

namespace tandem {

/// How far back a view may look.
inline constexpr Duration kSimPast = std::chrono::minutes(15);

struct SimKey {
  std::string account;
  KindName kind;
  std::string identity;
  friend auto operator<=>(const SimKey&, const SimKey&) = default;
};

/// The values of a kind's state field while something goes on; `field` is "" where it has none.
struct SimStates {
  std::string field;
  std::string making, ready, changing, removing;
  friend bool operator==(const SimStates&, const SimStates&) = default;
};

struct SimVersion {
  Time at;
  Packed fields;
};

struct SimObject {
  SimKey key;
  std::string name;     // natural name, or ""
  std::string address;  // of whoever made it, or ""
  std::string token;    // that it was made with
  std::string request;  // fingerprint of what the token came with
  Mark mark;
  SimStates states;
  Time created;
  Time changed;                      // last change, or creation
  Time visible;                      // lists show it from then on
  Time busy_until;                   // of the last create or update
  Time deleted = Time::max();        // when the delete was called
  Time gone = Time::max();           // when it has taken effect
  std::vector<SimVersion> versions;  // oldest first; the last is current

  const Packed& fields() const { return versions.back().fields; }
  /// "busy" or "ready" at `at`.
  std::string StateAt(Time at) const;
  /// As a caller sees it at `at`, its state field filled in; nullopt if it was not there.
  std::optional<LiveObject> ViewAt(Time at) const;
};

/// One mutating call that took effect, whether its reply arrived or not.
struct SimEffect {
  int64_t seq = 0;
  Time at;
  SimKey key;
  std::string operation;  // create | update | delete
  std::string intent;     // "" for a change from outside
  std::string address;
};

enum class FaultType { kSiteDown, kControlPlaneDown, kThrottle, kLostReplies, kStaleReads };
std::string_view FaultTypeName(FaultType type);  // "site-down" …
std::optional<FaultType> ParseFaultType(std::string_view text);

struct Fault {
  int64_t id = 0;
  FaultType type = FaultType::kSiteDown;
  std::string target;      // SITE, ACCOUNT or ACCOUNT/GROUP
  double rate = 0;         // kThrottle: calls a simulated second
  double probability = 0;  // kLostReplies
  Duration lag{0};         // kStaleReads
  Duration for_time{0};    // how long it lasts; 0: until cleared
  Time since;
  bool ActiveAt(Time at) const;
};
/// kInvalidArgument says what is missing or out of range.
Status CheckFault(const Fault& fault);

/// An account as it was first opened.
struct SimAccount {
  std::string name;
  std::string provider;
  std::string site;
  std::string id;
  std::string region;
};

/// One line of the journal.
struct WorldRecord {
  enum class Type { kAccount, kCreate, kUpdate, kDelete, kFaultAdd, kFaultClear };
  Type type = Type::kCreate;
  Time at;
  SimKey key;
  std::string intent;
  std::string address;
  std::string name;
  std::string token;
  std::string request;
  Mark mark;
  Packed fields;
  SimStates states;
  Time until;                   // create, update: busy until then; delete: gone then
  Time visible;                 // create
  std::vector<SimKey> cascade;  // delete: what goes with it
  SimAccount account;
  Fault fault;  // kFaultClear: only the id; 0 is all

  std::string ToLine() const;
  static Result<WorldRecord> FromLine(std::string_view line);
};

struct WorldSettings {
  uint64_t seed = 1;
  double scale = 1;  // simulated seconds in one of the clock's
};

class World {
 public:
  /// Replays `journal`; writes its header if it is empty. An existing header's start, seed and
  /// scale win over `settings`. Both pointers must outlive the world. kDataLoss names the broken
  /// line.
  static Result<std::unique_ptr<World>> Open(Journal* journal, const Clock* clock,
                                             WorldSettings settings);

  uint64_t seed() const { return settings_.seed; }
  double scale() const { return settings_.scale; }
  /// Simulated time: (clock − start) × scale after start, never backwards.
  Time Now();
  /// What the caller's clock shows when so much simulated time has passed.
  Duration Unscaled(Duration simulated) const;

  /// Appends and applies. kUnavailable: the journal did not take it, nothing changed.
  Status Commit(const WorldRecord& record);
  /// Number of the next effect; with the seed it decides whatever is left to chance.
  int64_t next_effect() const { return static_cast<int64_t>(effects_.size()) + 1; }

  /// Objects that are there now (deleting ones included), by key.
  const std::map<SimKey, SimObject>& objects() const { return objects_; }
  const SimObject* Find(const SimKey& key) const;
  /// Also what has gone within kSimPast: for views of the past.
  const SimObject* FindGone(const SimKey& key) const;
  const std::map<SimKey, SimObject>& gone() const { return gone_; }
  /// The newest object made for `address` that is not being deleted; "@account" counts if given.
  const SimObject* FindAddress(std::string_view address) const;
  const std::vector<SimEffect>& effects() const { return effects_; }
  const std::map<std::string, SimAccount>& accounts() const { return accounts_; }
  /// Added, and neither cleared nor run out at `at`.
  std::vector<Fault> Faults(Time at) const;
  int64_t next_fault() const { return next_fault_; }

  /// Called after an object came, changed or went: `before` and `after` are null where there is
  /// none.
  using Watcher = std::function<void(const SimObject* before, const SimObject* after)>;
  void Watch(Watcher watcher) { watcher_ = std::move(watcher); }
  /// Moves what has gone by now out of `objects`. Now() does it too.
  void Settle(Time now);

 private:
  World(Journal* journal, const Clock* clock, WorldSettings settings)
      : journal_(journal), clock_(clock), settings_(settings) {}

  void Fold(const WorldRecord& record);
  void Remove(const SimKey& key, const WorldRecord& record);

  Journal* journal_;
  const Clock* clock_;
  WorldSettings settings_;
  Time start_;
  Time last_;
  std::map<SimKey, SimObject> objects_;
  std::map<SimKey, SimObject> gone_;
  std::set<std::pair<Time, SimKey>> going_;
  std::set<std::pair<Time, SimKey>> forgetting_;
  std::vector<SimEffect> effects_;
  std::map<std::string, SimAccount> accounts_;
  std::map<int64_t, Fault> faults_;
  int64_t next_fault_ = 1;
  Watcher watcher_;
};

/// FORMATS.md "Sandbox": {"effects": […], "objects": […]}. Objects as they are at `now`.
Value LedgerValue(const World& world, Time now);
Value EffectValue(const SimEffect& effect);
Value ObjectValue(const SimObject& object, Time at);

}  // namespace tandem
