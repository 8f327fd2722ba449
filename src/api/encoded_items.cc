#include "api/encoded_items.h"

#include "tandem/api/v1/api.pb.h"
#include "tandem/api_wire/convert.h"

namespace tandem {

void EncodedItems::Append(const std::shared_ptr<const ResourceView>& view, std::string* message) {
  const bool known = state_.With([&](State& state) {
    if (const auto young = state.young.find(view.get()); young != state.young.end()) {
      *message += young->second.second;
      return true;
    }
    const auto old = state.old.find(view.get());
    if (old == state.old.end()) return false;
    *message += old->second.second;
    if (state.young.size() < kMost) state.young.insert(state.old.extract(old));
    return true;
  });
  if (known) return;
  api::v1::ListReply one;
  ToWire(*view, false, one.add_items()->mutable_resource());
  std::string bytes = one.SerializeAsString();
  *message += bytes;
  state_.With([&](State& state) {
    if (state.young.size() >= kMost) {
      state.old = std::move(state.young);
      state.young.clear();
    }
    state.young.try_emplace(view.get(), view, std::move(bytes));
  });
}

}  // namespace tandem
