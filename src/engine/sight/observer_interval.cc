// Resources that are looked at more often than their account: `tandem/reconcile-interval`.
#include <utility>

#include "engine/sight/observer.h"

namespace tandem {
namespace {

// The interval of `address`, or nothing where the look at the whole account comes as often.
std::optional<Duration> IntervalOf(const Memory& memory, const std::string& address,
                                   Duration resync) {
  const ModelResource* resource = memory.model ? memory.model->Find(address) : nullptr;
  if (resource == nullptr || !resource->reconcile_interval) return std::nullopt;
  if (*resource->reconcile_interval >= resync) return std::nullopt;
  return resource->reconcile_interval;
}

}  // namespace

void Observer::StartIntervals() {
  const std::shared_ptr<const CompiledModel>& model = context_.memory.model;
  if (!model || model == intervals_of_) return;
  const auto start = [&](const std::string& address, const ModelResource& resource) {
    if (resource.reconcile_interval && at_interval_.insert(address).second) AtInterval(address);
  };
  if (model->fresh && intervals_of_) {
    for (const std::string& address : *model->fresh) start(address, model->resources.at(address));
  } else {
    for (const auto& [address, resource] : model->resources) start(address, resource);
  }
  intervals_of_ = model;
}

void Observer::AtInterval(const std::string& address) {
  const auto interval = IntervalOf(context_.memory, address, context_.settings.resync);
  if (!interval) {
    at_interval_.erase(address);
    return;
  }
  context_.timers.At(context_.Now() + *interval, [this, address] {
    if (!context_.stopping) LookAt(address, Pace::kRoutine, [this, address] { AtInterval(address); });
  });
}

}  // namespace tandem
