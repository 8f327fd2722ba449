#include "tandem/sim/sim_provider.h"

#include <set>
#include <utility>

#include "sim/core.h"

namespace tandem {

SimProvider::SimProvider(std::unique_ptr<Core> core) : core_(std::move(core)) {}
SimProvider::~SimProvider() = default;

Result<std::unique_ptr<SimProvider>> SimProvider::Open(SimPorts ports, WorldSettings settings) {
  TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<World> world,
                          World::Open(ports.journal, ports.clock, settings));
  return std::unique_ptr<SimProvider>(
      new SimProvider(std::make_unique<Core>(ports, std::move(world))));
}

void SimProvider::Describe(Done<Result<ProviderDescription>> done) {
  ProviderDescription description;
  description.name = "sim";
  description.version = "1";
  std::set<std::string> groups;
  for (const KindName& kind : core_->catalog().kinds()) groups.insert(kind.group);
  description.groups.assign(groups.begin(), groups.end());
  done(std::move(description));
}

void SimProvider::Open(AccountRequest request, Done<AccountAnswer> done) {
  done(core_->Open(request));
}
void SimProvider::List(ListRequest request, Done<ListAnswer> done) { done(core_->List(request)); }
void SimProvider::Read(ReadRequest request, Done<ReadAnswer> done) { done(core_->Read(request)); }
void SimProvider::Apply(ApplyRequest request, Done<ApplyAnswer> done) {
  done(core_->Apply(request));
}
void SimProvider::Poll(PollRequest request, Done<PollAnswer> done) { done(core_->Poll(request)); }
void SimProvider::Measure(MeasureRequest request, Done<MeasureAnswer> done) {
  done(core_->Measure(request));
}
void SimProvider::Close(std::string account) { core_->Close(account); }

Time SimProvider::Now() const {
  return core_->With([](World& world) { return world.Now(); });
}

Value SimProvider::Ledger() const {
  return core_->With([](World& world) { return LedgerValue(world, world.Now()); });
}

SimProvider::Picture SimProvider::Look() const {
  return core_->With([](World& world) {
    Picture picture{world.Now(), world.effects(), {}};
    for (const auto& [key, object] : world.objects()) picture.objects.push_back(object);
    return picture;
  });
}

std::vector<SimEffect> SimProvider::Effects() const {
  return core_->With([](World& world) { return world.effects(); });
}

std::vector<SimObject> SimProvider::Objects() const {
  return core_->With([](World& world) {
    world.Now();
    std::vector<SimObject> objects;
    for (const auto& [key, object] : world.objects()) objects.push_back(object);
    return objects;
  });
}

Result<int64_t> SimProvider::Mutate(const std::string& address, const std::string& field,
                                    const Value& value) {
  return core_->With([&](World& world) { return MutateOutside(world, address, field, value); });
}

Result<int64_t> SimProvider::Delete(const std::string& address) {
  return core_->With([&](World& world) { return DeleteOutside(world, address); });
}

Result<int64_t> SimProvider::AddFault(Fault fault) {
  return core_->With([&](World& world) { return tandem::AddFault(world, std::move(fault)); });
}

std::vector<Fault> SimProvider::Faults() const {
  return core_->With([](World& world) { return world.Faults(world.Now()); });
}

Result<int64_t> SimProvider::ClearFault(int64_t id) {
  return core_->With([&](World& world) { return tandem::ClearFault(world, id); });
}

}  // namespace tandem
