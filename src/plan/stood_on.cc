#include "plan/stood_on.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace tandem::plan {
namespace {

/// Why nothing may be done with what is recorded; "": something may.
std::string WhyItStays(const Decisions& decisions, const std::set<std::string>& targeted,
                       const std::string& address, const Record& record) {
  const auto resource = decisions.resources.find(address);
  if (!record.paused_by.empty() ||
      (resource != decisions.resources.end() && resource->second->paused))
    return "is paused";
  if (decisions.unobserved.count(address) != 0) return "cannot be planned";
  return targeted.empty() || targeted.count(address) != 0 ? "" : "is no target";
}

}  // namespace

bool HoldWhatIsStoodOn(const PlanInput& input, const Decisions& decisions,
                       const OldAddresses& old_addresses, const std::set<std::string>& targeted,
                       Held& held) {
  if (decisions.replaced.empty()) return false;
  bool more = false;
  for (const auto& [recorded, record] : input.records) {
    const std::string& address =
        old_addresses.Left(recorded) ? old_addresses.To(recorded) : recorded.str();
    if (decisions.drafts.count(address) != 0) continue;
    const std::string why = WhyItStays(decisions, targeted, address, *record);
    if (why.empty()) continue;
    for (const std::string& need : record->depends_on)
      if (decisions.replaced.count(need) != 0)
        more |= held.emplace(need, fmt::format("{} stands on it and {}", address, why)).second;
  }
  return more;
}

void KeepWhatIsStoodOn(const PlanInput& input, Decisions& decisions) {
  auto& drafts = decisions.drafts;
  std::vector<std::string> stays;
  for (const auto& [address, record] : input.records)
    if (decisions.unobserved.count(address) != 0 ||
        (decisions.resources.count(address) == 0 && drafts.count(address) == 0))
      stays.push_back(address);
  while (!stays.empty()) {
    const std::string address = std::move(stays.back());
    stays.pop_back();
    for (const std::string& need : input.records.at(address)->depends_on) {
      const auto draft = drafts.find(need);
      if (draft == drafts.end() || draft->second.step.action != Action::kDelete ||
          draft->second.resource != nullptr)
        continue;
      drafts.erase(draft);
      // What was left over of it may go nevertheless.
      const std::string left_over = DeposedKey(need, "");
      for (auto at = drafts.lower_bound(left_over);
           at != drafts.end() && at->first.str().compare(0, left_over.size(), left_over) == 0; ++at)
        at->second.after.erase(need);
      decisions.LeaveOut(need);
      decisions.notes.insert(
          fmt::format("{} is not deleted: {} stands on it and is left as it is", need, address));
      stays.push_back(need);
    }
  }
}

}  // namespace tandem::plan
