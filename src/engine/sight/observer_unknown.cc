// Objects that are there and that the store does not know (R12). One with a mark of this platform tells that
// the store is old. Where lists give names only, each unknown object is read once for its mark.
#include <fmt/format.h>

#include <utility>

#include "engine/sight/observer.h"

namespace tandem {
namespace {
constexpr size_t kMeetings = 512;  // in one pass; each is a call or two
}

bool Observer::Tombstoned(const std::string& identity_key) const {
  const auto found = context_.memory.tombstones.find(identity_key);
  return found != context_.memory.tombstones.end() && found->second > context_.Now();
}

bool Observer::IsOurs(const Mark& mark) const {
  const Memory& memory = context_.memory;
  return !mark.address.empty() && !memory.uid.empty() && mark.platform == memory.uid;
}

// Whether the listed object has to be read before anybody knows whose it is.
bool Observer::IsUnmet(Pass& pass, const Kind& kind, const std::string& identity) {
  const Memory& memory = context_.memory;
  if (!kind.list_names_only() || !kind.can_mark()) return false;
  // Before the first apply nothing can carry our mark, unless the store is known to be old.
  if (memory.uid.empty() || (memory.accepted == 0 && !memory.old_store)) return false;
  const std::string key = IdentityKey(pass.account, kind.name(), identity);
  if (strangers_.count(key) > 0 || memory.by_identity.count(key) > 0 ||
      memory.forgotten.count(key) > 0 || Tombstoned(key))
    return false;
  pass.unmet |= pass.meeting >= kMeetings;
  return pass.meeting++ < kMeetings;
}

void Observer::Meet(PassPtr pass, const KindName& name, const std::string& identity) {
  calls_.Read(pass->account, name, identity, Pace::kRoutine, [this, pass, name, identity](ReadAnswer answer) {
    const CallError& error = answer.error;
    if (error.ok && IsOurs(answer.object.mark)) {
      const Wanted& wanted = pass->wanted[name];
      const std::string address = TakeUnknown(*pass, wanted, answer.object);
      if (!address.empty()) {
        Resource& resource = *context_.memory.Find(address);
        pass->seen.insert(resource.number);
        Take(resource, *wanted.kind, answer.object);
      }
    } else if (error.ok || error.error_class == ErrorClass::kTerminal) {
      // Not ours, or not for us to see.
      strangers_.insert(IdentityKey(pass->account, name, identity));
    }
    Step(pass);
  });
}

// An object with our mark whose identity nobody knows. The address that has no object yet and gets this
// one, or "".
std::string Observer::TakeUnknown(Pass& pass, const Wanted& wanted, const LiveObject& object) {
  Memory& memory = context_.memory;
  const Resource* resource = memory.Find(object.mark.address);
  if (resource != nullptr && busy_ && busy_(resource->key())) return "";
  const std::string key = IdentityKey(pass.account, wanted.kind->name(), object.identity);
  if (Tombstoned(key) || memory.forgotten.count(key) > 0) return "";
  LostMark(object, pass.account);
  if (resource == nullptr || resource->address.kind_name() != wanted.kind->name() ||
      !pass.expected.contains(resource->number))
    return "";
  if (!resource->record) return resource->key();
  ++pass.recorded_seen;  // of ours, so the credential can see (R8)
  const auto [at, fresh] =
      pass.newer.emplace(resource->key(), std::make_shared<const LiveObject>(object));
  if (!fresh && at->second && at->second->identity != object.identity) at->second = nullptr;
  return "";
}

// Where the recorded object is gone and a newer one of ours has its place, that one is what a plan is
// made against: making a third would be wrong.
bool Observer::TakeNewer(const Pass& pass, Resource& resource) {
  const auto found = pass.newer.find(resource.key());
  if (found == pass.newer.end()) return false;
  const std::shared_ptr<const Kind> kind = context_.FindKind(resource.address.kind_name());
  if (!found->second || !kind) {
    Blind(resource.key(), "what is recorded is gone, and several objects carry its mark");
    return true;
  }
  Take(resource, *kind, *found->second);
  resource.newer = true;
  context_.memory.Changed(resource.key());
  context_.Wake(resource.key(), WorkQueue::Priority::kResync);
  return true;
}

void Observer::LostMark(const LiveObject& object, const std::string& account) {
  Memory& memory = context_.memory;
  if (memory.old_store) return;
  memory.old_store = true;
  memory.model_touched = true;
  if (old_store_) old_store_();
  context_.Emit(true, "OldStore", object.mark.address, "", "",
                fmt::format("account '{}' holds {} '{}' with the mark of this platform, which the "
                            "store does not know; nothing heals until a plan is accepted",
                            account, object.kind.ToString(), object.identity));
}

}  // namespace tandem
