// The simulated clouds behind their lock: SimProvider's methods, one after another.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "sim/play.h"
#include "sim/references.h"
#include "tandem/base/lock.h"
#include "tandem/sim/sim_provider.h"

namespace tandem {

class SimProvider::Core {
 public:
  Core(SimPorts ports, std::unique_ptr<World> world);

  AccountAnswer Open(const AccountRequest& request);
  ListAnswer List(const ListRequest& request);
  ReadAnswer Read(const ReadRequest& request);
  ApplyAnswer Apply(const ApplyRequest& request);
  PollAnswer Poll(const PollRequest& request);
  MeasureAnswer Measure(const MeasureRequest& request);
  void Close(const std::string& account);

  /// `use` with the world, nobody else in it.
  template <typename F>
  auto With(F&& use) {
    Lock lock(mutex_, LockLevel::kCloud);
    return use(*world_);
  }
  const Catalog& catalog() const { return *ports_.catalog; }

 private:
  struct Bucket {
    double tokens = 0;
    Time filled;
    bool started = false;
  };

  // All below: with the lock held and now_ set.

  const Play* FindPlay(const KindName& name);
  /// Why a call to `account` cannot even be tried; ok if it can.
  CallError Gate(const std::string& account, const KindName& kind, const Play* play, bool mutating);
  CallError Take(const std::string& bucket, double rate, const Play* play);
  Duration Lag();
  /// How many objects of `account` a list shows at `seen`, and how many of them are at work.
  struct Census {
    int64_t objects = 0;
    int64_t busy = 0;
  };
  Census Count(const std::string& account, Time seen) const;

  ApplyAnswer Create(const Play& play, const ApplyRequest& request);
  ApplyAnswer Update(const Play& play, const ApplyRequest& request);
  ApplyAnswer Delete(const Play& play, const ApplyRequest& request);
  ApplyAnswer SetMark(const Play& play, const ApplyRequest& request);
  /// What the API description says about the whole desired form.
  CallError CheckShape(const Play& play, const ApplyRequest& request, const Value& desired);
  CallError CheckReferences(const Play& play, const std::string& account, const Value& fields,
                            const SimKey* self);
  CallError CheckThere(const Play& play, const SimKey& key, const SimObject** object);
  Result<std::string> IdentityOf(const Play& play, const ApplyRequest& request,
                                 const std::string& name, Value& fields, Random& random);
  /// Appends, then loses the reply if a fault says so.
  ApplyAnswer Commit(const WorldRecord& record, Duration takes, bool handle);

  SimPorts ports_;
  mutable std::mutex mutex_;
  std::unique_ptr<World> world_;
  Time now_;  // of the call being answered: nothing moves under it
  References references_;
  std::map<KindName, Play> plays_;
  std::map<std::string, Value> open_;  // account → its spec
  std::map<std::string, Bucket> buckets_;
};

}  // namespace tandem
