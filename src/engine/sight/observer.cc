#include "engine/sight/observer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/sight/masks.h"
#include "engine/sight/overlay.h"
#include "tandem/schema/identity.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {
constexpr Duration kNextMeeting = std::chrono::seconds(1);
constexpr size_t kLookedThrough = 256;  // resources without a pause
constexpr size_t kDeepest = 8;  // kinds within kinds
}  // namespace

void Observer::Refresh(const std::string& account, std::shared_ptr<const CompiledModel> extra,
                       std::function<void()> done, int64_t asked, bool awaited) {
  const auto running = running_.find(account);
  const bool busy = running != running_.end();
  if (busy && Serves(*running->second, extra, asked)) {
    if (done) running->second->waiters.push_back(std::move(done));
    running->second->awaited |= awaited;
    return;
  }
  PassPtr& pass = (busy ? next_ : running_)[account];
  if (!pass) {
    pass = std::make_shared<Pass>();
    pass->account = account;
  }
  if (extra) pass->extras.push_back(std::move(extra));
  if (done) pass->waiters.push_back(std::move(done));
  pass->awaited |= awaited;
  if (busy) running->second->awaited |= awaited;  // it stands in the way
  if (!busy) Run(pass);
}

bool Observer::awaited() const {
  return std::any_of(running_.begin(), running_.end(), [](const auto& pass) { return pass.second->awaited; });
}

bool Observer::Serves(const Pass& pass, const std::shared_ptr<const CompiledModel>& extra, int64_t asked) const {
  const bool fresh = pass.number == 0 || pass.number > asked;
  const auto& wanted = extra ? extra : context_.memory.model;
  return fresh && (!wanted || std::find(pass.models.begin(), pass.models.end(), wanted) != pass.models.end());
}

void Observer::LookAt(const std::string& address, Pace pace, std::function<void()> done) {
  const Resource* resource = context_.memory.Find(address);
  const bool recorded = resource != nullptr && resource->record && !resource->record->identity.empty();
  if (!recorded || (busy_ && busy_(address))) return done();
  const std::string account = resource->record->account;
  const std::string identity = resource->record->identity;
  accounts_.Open(account, [this, address, account, identity, pace, done = std::move(done)](Status opened) {
    Resource* resource = context_.memory.Find(address);
    const std::shared_ptr<const Kind> kind =
        resource == nullptr ? nullptr : context_.FindKind(resource->address.kind_name());
    if (!opened.ok() || !kind) {
      if (!opened.ok()) Blind(address, opened.message());
      return done();
    }
    calls_.Read(account, kind->name(), identity, pace, [=, this](ReadAnswer answer) {
      Resource* resource = context_.memory.Find(address);
      const bool same = resource != nullptr && resource->record && resource->record->identity == identity;
      if (!same || (busy_ && busy_(address))) return done();
      // Absence needs the evidence of a whole look (R8). Who waits for this is served better by one, too, than by
      // not knowing.
      const bool gone = !answer.error.ok && answer.error.error_class == ErrorClass::kGone;
      if (gone || (!answer.error.ok && pace == Pace::kStep)) return Refresh(account, nullptr, done);
      if (answer.error.ok) Saw(*resource, *kind, answer.object);
      else Blind(address, answer.error.message);
      done();
    });
  });
}

void Observer::Run(PassPtr pass) {
  accounts_.Open(pass->account, [this, pass](Status status) { Opened(pass, status); });
}

void Observer::Opened(PassPtr pass, const Status& status) {
  Collect(pass, [this, pass, status] {
    if (!status.ok()) {
      for (const auto& [name, wanted] : pass->wanted) {
        for (size_t i = 0; i < wanted.expected.size(); ++i)
          Blind(std::string(wanted.expected[i].address), status.message());
        for (const Unnamed& unnamed : wanted.unnamed) Blind(unnamed.resource->address.ToString(), status.message());
      }
      Finish(pass);
      return;
    }
    pass->opened = true;
    pass->number = ++begun_;
    NextStage(pass);
  });
}

void Observer::Want(Pass& pass, const Resource& resource, std::shared_ptr<const Kind> kind,
                    const CompiledModel* of, const ModelResource* model) {
  if (!kind) return;
  Wanted& wanted = pass.wanted[kind->name()];
  wanted.kind = kind;
  if (resource.record && !resource.record->identity.empty()) {
    if (pass.expected.insert(resource.number)) wanted.expected.Add(resource.key(), resource.record->identity);
    return;
  }
  const Value spec = model == nullptr ? Value() : model->Spec();
  if (model != nullptr && (NamedByExpression(*kind, spec) || LivesByExpression(*kind, spec))) {
    if (pass.expected.insert(resource.number)) wanted.unnamed.push_back({of, model});
    return;
  }
  const std::string expected = WantName(wanted, resource, model == nullptr ? "" : model->external_name, spec);
  if (pass.expected.insert(resource.number)) wanted.expected.Add(resource.key(), expected);
}

// What is to be looked for: of the models, the proposed before the accepted one, then of what is recorded.
void Observer::Collect(PassPtr pass, std::function<void()> then) {
  pass->models.assign(pass->extras.rbegin(), pass->extras.rend());
  if (context_.memory.model) pass->models.push_back(context_.memory.model);
  const auto want_modelled = [this, pass](const CompiledModel& of, const ModelResource& model) {
    if (model.account != pass->account) return;
    const Resource& resource = context_.memory.At(model.address);
    if (resource.record && resource.record->account != pass->account) return;
    Want(*pass, resource, model.kind, &of, &model);
  };
  const auto want_recorded = [this, pass](const Resource& resource) {
    if (!resource.record || resource.record->account != pass->account) return;
    if (resource.exists()) ++pass->recorded_live;
    if (pass->expected.contains(resource.number)) return;
    Want(*pass, resource, context_.FindKind(resource.address.kind_name()), nullptr, nullptr);
  };
  using Place = decltype(pass->models.front()->resources.begin());
  context_.InPieces([=, this, number = size_t{0}, at = std::optional<Place>(), last = std::string()]() mutable {
    size_t left = kLookedThrough;
    const auto& models = pass->models;
    for (; number < models.size(); ++number, at.reset()) {
      if (!at) at = models[number]->resources.begin();
      for (; *at != models[number]->resources.end(); ++*at) {
        if (left-- == 0) return true;
        want_modelled(*models[number], (*at)->second);
      }
    }
    // Resources may come and go between pieces.
    const auto& resources = context_.memory.resources;
    for (auto next = last.empty() ? resources.begin() : resources.upper_bound(last); next != resources.end(); ++next) {
      if (left-- == 0) return true;
      want_recorded(next->second);
      last = next->first;
    }
    SetStages(*pass);
    then();
    return false;
  });
}

void Observer::SetStages(Pass& pass) {
  // A kind is looked at after the kinds that its objects live in.
  for (const auto& [name, wanted] : pass.wanted) {
    const size_t depth = DepthOf(*wanted.kind, kDeepest);
    if (pass.stages.size() <= depth) pass.stages.resize(depth + 1);
    pass.stages[depth].push_back(name);
  }
}

// How many kinds lie above it, at most `left`.
size_t Observer::DepthOf(const Kind& kind, size_t left) const {
  if (left == 0) return 0;
  size_t depth = 0;
  for (const KindName& above : HomeKinds(kind))
    if (const auto found = context_.FindKind(above); found && above != kind.name())
      depth = std::max(depth, 1 + DepthOf(*found, left - 1));
  return depth;
}

void Observer::NextStage(PassPtr pass) {
  while (pass->stage < pass->stages.size() && pass->stages[pass->stage].empty()) ++pass->stage;
  if (pass->stage >= pass->stages.size() || context_.stopping) {
    Finish(pass);
    return;
  }
  const std::vector<KindName> names = pass->stages[pass->stage++];
  pass->outstanding = names.size();
  for (const KindName& name : names) Scan(pass, name);
}

void Observer::Step(PassPtr pass) {
  if (--pass->outstanding == 0) NextStage(pass);
}

std::vector<std::string> Observer::ParentsOf(const std::string& account, const Kind& kind) const {
  std::set<std::string> parents;
  const auto parent = kind.parent_kind();
  if (!parent) return {};
  const std::string prefix = parent->ToString() + "/";
  const auto& resources = context_.memory.resources;
  for (auto at = resources.lower_bound(prefix);
       at != resources.end() && at->first.str().compare(0, prefix.size(), prefix) == 0; ++at) {
    const Resource& resource = at->second;
    if (resource.record && resource.record->account != account) continue;
    if (resource.record && !resource.record->identity.empty())
      parents.insert(resource.record->identity);
    else if (resource.exists())
      parents.insert(resource.seen->identity);
  }
  return {parents.begin(), parents.end()};
}

void Observer::Scan(PassPtr pass, const KindName& name) {
  NameByExpressions(pass->wanted[name], [this, pass, name] { List(pass, name); });
}

void Observer::List(PassPtr pass, const KindName& name) {
  const Wanted& wanted = pass->wanted[name];
  if (!wanted.kind->lists()) {
    Rest(pass, name, ListEnd{CallError{}, false, true}, {});
    return;
  }
  std::vector<std::string> parents = ParentsOf(pass->account, *wanted.kind);
  if (wanted.kind->parent_kind() && parents.empty()) {
    // No parent, so nothing can live in one. Recorded ones still get their direct read.
    Rest(pass, name, ListEnd{CallError{}, true, false}, {});
    return;
  }
  auto reads = std::make_shared<Reads>();
  calls_.Scan(
      pass->account, name, std::move(parents),
      [this, pass, name, reads](std::vector<LiveObject> objects, std::function<void()> next) {
        const auto page = std::make_shared<const std::vector<LiveObject>>(std::move(objects));
        context_.InPieces([this, pass, &wanted = pass->wanted[name], page, reads, next, at = size_t{0}]() mutable {
          for (const size_t end = std::min(page->size(), at + kTakenIn); at < end; ++at)
            TakeListed(*pass, wanted, (*page)[at], reads.get());
          if (at < page->size()) return true;
          next();
          return false;
        });
      },
      [this, pass, name, reads](ListEnd end) { Rest(pass, name, end, std::move(*reads)); });
}

void Observer::TakeListed(Pass& pass, const Wanted& wanted, const LiveObject& object, Reads* reads) {
  const std::string address = Match(pass, wanted, object);
  if (address.empty()) {
    if (IsUnmet(pass, *wanted.kind, object.identity)) reads->emplace_back("", object.identity);
    return;
  }
  Resource* resource = context_.memory.Find(address);
  if (resource == nullptr) return;
  pass.seen.insert(resource->number);
  if (resource->record) ++pass.recorded_seen;
  if (object.fields.empty() || wanted.kind->list_names_only()) {
    reads->emplace_back(address, object.identity);
  } else {
    Take(*resource, *wanted.kind, object);
  }
}

// The address of `object`, or "" when it is none of ours.
std::string Observer::Match(Pass& pass, const Wanted& wanted, const LiveObject& object) {
  Memory& memory = context_.memory;
  const std::string identity_key = IdentityKey(pass.account, wanted.kind->name(), object.identity);
  if (const auto found = memory.by_identity.find(identity_key); found != memory.by_identity.end()) {
    const Resource* resource = memory.Find(found->second);
    // A deposed identity is ours, but it is not the resource's object.
    if (resource && resource->record && resource->record->identity == object.identity)
      return found->second;
    return "";
  }
  if (IsOurs(object.mark) && !wanted.kind->list_names_only())
    return TakeUnknown(pass, wanted, object);
  return MatchByName(pass, wanted, object);
}

// What the list did not tell: reads of their own, or the word that it is not there.
void Observer::Rest(PassPtr pass, const KindName& name, const ListEnd& end, Reads reads) {
  const LookList& expected = pass->wanted[name].expected;
  TellNamesakes(*pass, name);
  context_.InPieces([=, this, &expected, reads = std::move(reads), read = size_t{0}, at = size_t{0}]() mutable {
    size_t left = kTakenIn;
    for (; read < reads.size(); ++read) {
      if (left-- == 0) return true;
      const auto& [address, identity] = reads[read];
      if (HasNamesakes(*pass, address)) continue;
      ++pass->outstanding;
      if (address.empty()) Meet(pass, name, identity);
      else ReadOne(pass, name, address, identity, false);
    }
    for (size_t passed = 0; at < expected.size(); ++at) {
      if (left == 0 || passed++ == kLookedThrough) return true;
      const Resource* resource = context_.memory.Find(std::string(expected[at].address));
      if (resource == nullptr || pass->seen.contains(resource->number)) continue;
      --left;
      Unlisted(pass, name, end, *resource, std::string(expected[at].expected));
    }
    Step(pass);
    return false;
  });
}

void Observer::Unlisted(PassPtr pass, const KindName& name, const ListEnd& end, const Resource& resource,
                        const std::string& expected) {
  const std::string& address = resource.key();
  if (busy_ && busy_(address)) return;
  const bool recorded = resource.record.has_value();
  const std::string identity = recorded ? resource.record->identity.str() : expected;
  if (!end.error.ok) {
    Blind(address, end.error.message);
  } else if (recorded && !identity.empty()) {
    ++pass->outstanding;
    ReadOne(pass, name, address, identity, end.complete);
  } else if (end.complete || identity.empty()) {
    Absent(pass, address);
  } else {
    // Not listed completely, but a direct read by the name tells.
    ++pass->outstanding;
    ReadOne(pass, name, address, identity, true);
  }
}

void Observer::ReadOne(PassPtr pass, const KindName& name, const std::string& address,
                       const std::string& identity, bool listed_complete) {
  calls_.Read(pass->account, name, identity, Pace::kRoutine,
              [this, pass, name, address, identity, listed_complete](ReadAnswer answer) {
                Resource* resource = context_.memory.Find(address);
                if (resource == nullptr || (busy_ && busy_(address))) {
                  Step(pass);
                  return;
                }
                if (answer.error.ok) {
                  pass->seen.insert(resource->number);
                  if (resource->record) ++pass->recorded_seen;
                  else if (IsOurs(answer.object.mark)) LostMark(answer.object, pass->account);
                  Take(*resource, *pass->wanted[name].kind, answer.object);
                  Step(pass);
                } else if (answer.error.error_class != ErrorClass::kGone) {
                  Blind(address, answer.error.message);
                  Step(pass);
                } else if (!resource->record) {
                  Absent(pass, address);
                  Step(pass);
                } else if (!listed_complete && pass->wanted[name].kind->lists()) {
                  // R8: gone, but no complete list says so. Filtered lists are never absence.
                  Blind(address, "a read says that it is gone, but the list of its kind is not complete");
                  Step(pass);
                } else {
                  Missing(pass, name, address, identity);
                }
              });
}

// R8: the second look comes a consistency window after the first, by a credential that was verified anew
// and has shown that it can still see something of ours.
void Observer::Missing(PassPtr pass, const KindName& name, const std::string& address,
                       const std::string& identity) {
  Resource* resource = context_.memory.Find(address);
  const Time now = context_.Now();
  const Duration window = pass->wanted[name].kind->consistency();
  const bool known = resource->newer || (!resource->exists() && resource->seen && resource->looked);
  if (known) {  // to be absent
    Absent(pass, address);
    Step(pass);
    return;
  }
  if (!resource->missing_since) resource->missing_since = now;
  const Time due = std::max(*resource->missing_since + window, resource->overlay_until);
  if (now < due) {
    context_.timers.At(due, [this, pass, name, address, identity] {
      if (context_.stopping) {
        Step(pass);
        return;
      }
      ReadOne(pass, name, address, identity, true);
    });
    return;
  }
  accounts_.Verify(pass->account, [this, pass, address](Status status) {
    if (!status.ok()) {
      Blind(address, status.message());
    } else if (pass->recorded_live > 1 && pass->recorded_seen == 0) {
      Blind(address, "nothing recorded in this account can be seen any more: the credential may not "
                     "be allowed to see it");
    } else {
      Absent(pass, address);
    }
    Step(pass);
  });
}

void Observer::Absent(PassPtr pass, const std::string& address) {
  Resource* resource = context_.memory.Find(address);
  if (resource != nullptr && !TakeNewer(*pass, *resource)) Gone(*resource);
}

void Observer::Gone(Resource& resource) {
  ++looked_;
  const bool was = resource.exists() || !resource.looked || !resource.blind.empty();
  resource.looked = true;
  resource.newer = false;
  resource.blind.clear();
  resource.missing_since.reset();
  resource.live = Packed();
  resource.live_print = {};
  resource.mark = Mark();
  Observation seen;
  seen.address = resource.address;
  seen.identity = resource.record ? resource.record->identity : "";
  seen.at = resource.seen_at = context_.Now();
  resource.seen = seen;
  if (!was) return;
  if (resource.record) context_.writer.CommitInTime(Context::Put(*resource.seen));
  context_.memory.Changed(resource.key());
  context_.Wake(resource.key(), WorkQueue::Priority::kResync);
}

void Observer::Saw(Resource& resource, const Kind& kind, const LiveObject& object) {
  // A look that is under way need not read it again because its list is from before.
  if (resource.record)
    if (const auto running = running_.find(resource.record->account); running != running_.end())
      running->second->seen.insert(resource.number);
  Take(resource, kind, object);
}

void Observer::Take(Resource& resource, const Kind& kind, const LiveObject& object) {
  ++looked_;
  const Time now = context_.Now();
  if (resource.newer) context_.memory.Changed(resource.key());
  resource.newer = false;
  resource.missing_since.reset();
  const bool same = resource.looked && resource.blind.empty() && resource.exists() &&
                    resource.seen->identity == object.identity &&
                    resource.seen->state == object.state && resource.mark == object.mark &&
                    resource.live_print == object.fields.fingerprint() &&
                    now >= resource.overlay_until;
  resource.seen_at = now;
  if (same) return;
  resource.looked = true;
  resource.blind.clear();
  resource.mark = object.mark;
  resource.live_print = object.fields.fingerprint();
  Value fields = MaskedFields(context_, resource, kind, object.fields);
  // R4: until a read reflects our write, or its window ends, the last write overlays reads.
  if (now < resource.overlay_until && !resource.overlay.empty() && fields.is_map()) {
    if (LayOver(kind, resource.overlay.Unpack(), fields)) {
      resource.overlay_until = Time();
      resource.overlay = Packed();
    } else {
      resource.live_print = {};
    }
  }
  std::optional<Value> owned;
  if (resource.record && !resource.record->settled.empty())
    owned = resource.record->settled.Unpack();
  else if (resource.record && !resource.record->recorded.empty())
    owned = resource.record->recorded.Unpack();
  resource.live = Packed::From(StorableFields(kind, fields, nullptr, true));
  Observation seen;
  seen.address = resource.address;
  seen.identity = object.identity;
  seen.exists = true;
  seen.fields = Packed::From(StorableFields(kind, fields, owned ? &*owned : nullptr, false));
  seen.fields.ShareWith(resource.live);
  seen.state = object.state;
  seen.mark_address = object.mark.address;
  seen.mark_intent = object.mark.intent;
  seen.at = now;
  const bool stored = resource.seen && resource.seen->exists && resource.seen->fields == seen.fields &&
                      resource.seen->state == seen.state &&
                      resource.seen->identity == seen.identity;
  resource.seen = std::move(seen);
  if (resource.record && !stored) context_.writer.CommitInTime(Context::Put(*resource.seen));
  context_.memory.Changed(resource.key());
  context_.Wake(resource.key(), WorkQueue::Priority::kResync);
}

void Observer::Blind(const std::string& address, const std::string& why) {
  Resource* resource = context_.memory.Find(address);
  if (resource == nullptr) return;
  // Within the window of our own write a read that fails says nothing new.
  if (resource->blind == why) return;
  resource->blind = why.empty() ? "it could not be read" : why;
  context_.memory.Changed(address);
  context_.Wake(address, WorkQueue::Priority::kResync);
}

void Observer::Finish(PassPtr pass) {
  const std::string account = pass->account;
  accounts_.MarkObserved(account);
  if (pass->unmet) {
    // The rest is met at once: until then nothing heals here.
    context_.timers.At(context_.Now() + kNextMeeting, [this, account] {
      if (!context_.stopping) Refresh(account, nullptr, {}, begun_, false);
    });
  } else if (pass->opened && context_.memory.met.insert(account).second) {
    for (const auto& [address, resource] : context_.memory.resources)
      if (resource.record && resource.record->account == account && !resource.drift.empty())
        context_.Wake(address, WorkQueue::Priority::kResync);
  }
  running_.erase(account);
  if (const auto next = next_.find(account); next != next_.end()) {
    PassPtr following = next->second;
    next_.erase(next);
    running_[account] = following;
    Run(following);
  }
  // Letting go of many names takes longer than a turn should.
  context_.ports.executor->Run([wanted = std::move(pass->wanted)] {});
  std::vector<std::function<void()>> waiters;
  waiters.swap(pass->waiters);
  for (const auto& waiter : waiters) waiter();
}

void Observer::StartResync() {
  for (const std::string& account : accounts_.names()) {
    if (!resyncing_.insert(account).second) continue;
    Resync(account);
  }
  StartIntervals();
}

void Observer::Resync(const std::string& account) {
  Refresh(account, nullptr, [this, account] {
    if (context_.stopping) return;
    // Up to a tenth later, so that accounts do not come all at once.
    const int64_t tenth = context_.settings.resync.count() / 10;
    const Duration jitter(tenth > 0 ? static_cast<int64_t>(context_.ports.random->Below(tenth)) : 0);
    context_.timers.At(context_.Now() + context_.settings.resync + jitter, [this, account] {
      if (context_.stopping) return;
      Resync(account);
    });
  }, begun_, false);
}

}  // namespace tandem
