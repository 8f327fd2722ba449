#include "plan/old_addresses.h"

#include <fmt/format.h>

#include <utility>

namespace tandem::plan {

void OldAddresses::Add(const std::map<Interned, const Record*, std::less<>>& records,
                       const std::string& address, const PlannedResource& resource) {
  std::string old = RecordedAddress(records, address, resource.account, resource.moved_from);
  if (old == address) return;
  if (old.empty()) old = resource.moved_from;
  if (old.empty()) return;
  moved_to_[old] = address;
  old_address_[address] = std::move(old);
}

const std::string& OldAddresses::Of(const std::string& address) const {
  static const std::string kNone;
  const auto found = old_address_.find(address);
  return found == old_address_.end() ? kNone : found->second;
}

const Record* FindMoved(const PlanInput& input, const Decisions& decisions,
                        const std::string& address, const std::string& old, Findings& findings) {
  const auto found = input.records.find(old);
  if (found == input.records.end()) return nullptr;  // done long ago, or never there
  const Record* record = found->second;
  const PlannedResource& r = *decisions.resources.at(address);
  if (decisions.resources.count(old) != 0) {
    findings.Refuse(PlanRefusal::kConfiguration, address,
                    fmt::format("moved from {}, which is still in the model", old),
                    "remove its document, or the annotation tandem/moved-from", r.range);
    return nullptr;
  }
  if (record->address.kind_name() != r.address.kind_name() || record->account != r.account) {
    findings.Refuse(PlanRefusal::kConfiguration, address,
                    fmt::format("moved from {}, which is of another kind or account", old), "",
                    r.range);
    return nullptr;
  }
  return record;
}

void RefuseTakeovers(const PlanInput& input, const Decisions& decisions, Findings& findings) {
  std::map<std::string, std::string> deleted;  // kind, account, identity → address
  const auto key = [](const Address& address, const std::string& account,
                      const std::string& identity) {
    return address.kind_name().ToString() + " " + account + " " + identity;
  };
  for (const auto& [name, draft] : decisions.drafts)
    if (draft.step.action == Action::kDelete && draft.resource == nullptr)
      deleted.emplace(key(draft.step.address, draft.step.account, draft.step.base.identity),
                      draft.address);
  if (deleted.empty()) return;
  for (const auto& [address, resource] : decisions.resources) {
    if (input.records.count(address) != 0) continue;
    const auto seen = input.observations.find(address);
    const auto draft = decisions.drafts.find(address);
    std::string identity;
    if (seen != input.observations.end() && seen->second->exists) identity = seen->second->identity;
    else if (draft != decisions.drafts.end()) identity = draft->second.identity;
    const auto found = deleted.find(key(resource->address, resource->account, identity));
    if (identity.empty() || found == deleted.end()) continue;
    findings.Refuse(
        PlanRefusal::kConfiguration, address,
        fmt::format("{} would be deleted as {} and made as {}", identity, found->second, address),
        fmt::format("if it was renamed, write tandem/moved-from: {}", found->second),
        resource->range);
  }
}

}  // namespace tandem::plan
