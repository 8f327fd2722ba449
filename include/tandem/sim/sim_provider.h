// The simulated clouds as a Provider: plays every kind of the catalog from its kind file.
//
// What it refuses: what the API description refuses, members that a call does not carry, changes of
// immutable members, references to what does not exist or is not ready, taken names, changes of
// busy objects, deletion of what is still referenced or guarded, objects of another account; each
// with the vendor's code from the kind file's error table. Durations, computed values and lags come
// from the kind file's `sandbox` section (docs/kind-files.md).
//
// Thread-safe; completions run on the caller's thread, before the method returns and with no lock
// held. Nothing in it waits: what takes time shows as busy until the clock has moved.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/status.h"
#include "tandem/provider/provider.h"
#include "tandem/schema/kind.h"
#include "tandem/sim/journal.h"
#include "tandem/sim/world.h"

namespace tandem {

/// All must outlive the provider.
struct SimPorts {
  Journal* journal = nullptr;
  const Clock* clock = nullptr;
  const Catalog* catalog = nullptr;
};

class SimProvider final : public Provider {
 public:
  /// Fails as World::Open does.
  static Result<std::unique_ptr<SimProvider>> Open(SimPorts ports, WorldSettings settings);
  ~SimProvider() override;

  void Describe(Done<Result<ProviderDescription>> done) override;
  void Open(AccountRequest request, Done<AccountAnswer> done) override;
  void List(ListRequest request, Done<ListAnswer> done) override;
  void Read(ReadRequest request, Done<ReadAnswer> done) override;
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override;
  void Poll(PollRequest request, Done<PollAnswer> done) override;
  void Measure(MeasureRequest request, Done<MeasureAnswer> done) override;
  void Close(std::string account) override;

  // What the engine cannot see and tests and `tandem sandbox` can.

  Time Now() const;
  /// FORMATS.md "Sandbox".
  Value Ledger() const;
  struct Picture {
    Time at;
    std::vector<SimEffect> effects;
    std::vector<SimObject> objects;
  };
  /// All of it at one moment.
  Picture Look() const;
  std::vector<SimEffect> Effects() const;
  std::vector<SimObject> Objects() const;
  /// A change from outside: sets one field, whatever the vendor would say. kNotFound: no such
  /// object.
  Result<int64_t> Mutate(const std::string& address, const std::string& field, const Value& value);
  /// A deletion from outside. It happens at once and asks nobody; references may dangle.
  Result<int64_t> Delete(const std::string& address);
  /// `fault.id` and `fault.since` are filled in. kInvalidArgument as CheckFault says.
  Result<int64_t> AddFault(Fault fault);
  std::vector<Fault> Faults() const;
  /// 0 clears all; returns how many there were. kNotFound: no such fault.
  Result<int64_t> ClearFault(int64_t id);

 private:
  class Core;
  explicit SimProvider(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

/// The same pictures and outside changes on a journal file that no plugin holds: the caller has the
/// plugin lock. `Now` goes on from `clock`.
struct SimJournalFile {
  std::unique_ptr<Journal> journal;
  std::unique_ptr<World> world;
};
/// kNotFound if there is no such file.
Result<SimJournalFile> OpenWorldFile(const std::string& path, const Clock* clock);
/// The ledger of a journal file, read without writing or locking.
Result<Value> ReadWorld(const std::string& path, const Clock* clock);

/// As SimProvider's, on a World.
Result<int64_t> MutateOutside(World& world, const std::string& address, const std::string& field,
                              const Value& value);
Result<int64_t> DeleteOutside(World& world, const std::string& address);
Result<int64_t> AddFault(World& world, Fault fault);
Result<int64_t> ClearFault(World& world, int64_t id);

}  // namespace tandem
