#include "tandem/sim/world.h"

#include <algorithm>
#include <cmath>

namespace tandem {
namespace {

constexpr std::string_view kFormat = "tandem.world/1";
// A journal line that was written cannot be read otherwise than whole, so a few versions are enough
// to show a past of kSimPast; an object changed more often than that loses its oldest ones.
constexpr size_t kVersions = 64;

constexpr std::pair<FaultType, std::string_view> kFaultNames[] = {
    {FaultType::kSiteDown, "site-down"},     {FaultType::kControlPlaneDown, "control-plane-down"},
    {FaultType::kThrottle, "throttle"},      {FaultType::kLostReplies, "lost-replies"},
    {FaultType::kStaleReads, "stale-reads"},
};

std::string HeaderLine(Time start, const WorldSettings& settings) {
  Value header;
  header.Set("format", kFormat);
  header.Set("start", Value(int64_t{start.time_since_epoch().count()}));
  header.Set("seed", std::to_string(settings.seed));
  header.Set("scale", settings.scale);
  return ToCanonicalJson(header);
}

Status ReadHeader(std::string_view line, Time* start, WorldSettings* settings) {
  Result<Value> header = ParseJson(line);
  if (!header.ok()) return DataLoss(header.status().message());
  if (header->StringOr("format", "") != kFormat) {
    return DataLoss("its format is '" + header->StringOr("format", "") + "', not '" +
                    std::string(kFormat) + "'");
  }
  *start = Time(Duration(header->IntOr("start", 0)));
  settings->seed = std::strtoull(header->StringOr("seed", "1").c_str(), nullptr, 10);
  if (const Value* scale = header->Find("scale")) {
    if (scale->is_int()) settings->scale = static_cast<double>(scale->as_int());
    if (scale->is_double()) settings->scale = scale->as_double();
  }
  return OkStatus();
}

}  // namespace

std::string_view FaultTypeName(FaultType type) {
  for (const auto& [known, name] : kFaultNames) {
    if (known == type) return name;
  }
  return "";
}

std::optional<FaultType> ParseFaultType(std::string_view text) {
  for (const auto& [type, name] : kFaultNames) {
    if (name == text) return type;
  }
  return std::nullopt;
}

bool Fault::ActiveAt(Time at) const {
  return at >= since && (for_time.count() == 0 || at < since + for_time);
}

Status CheckFault(const Fault& fault) {
  const bool targeted = fault.type == FaultType::kSiteDown ||
                        fault.type == FaultType::kControlPlaneDown ||
                        fault.type == FaultType::kThrottle;
  const std::string name(FaultTypeName(fault.type));
  if (targeted && fault.target.empty()) return InvalidArgument(name + " needs a target");
  if (!targeted && !fault.target.empty()) return InvalidArgument(name + " takes no target");
  if (fault.type == FaultType::kThrottle && !(fault.rate >= 0 && std::isfinite(fault.rate))) {
    return InvalidArgument("throttle needs a rate of 0 or more");
  }
  if (fault.type == FaultType::kLostReplies && !(fault.probability > 0 && fault.probability <= 1)) {
    return InvalidArgument("lost-replies needs a probability above 0, at most 1");
  }
  if (fault.type == FaultType::kStaleReads && (fault.lag <= Duration(0) || fault.lag > kSimPast)) {
    return InvalidArgument("stale-reads needs a lag above 0, at most " + FormatDuration(kSimPast));
  }
  if (fault.for_time < Duration(0)) return InvalidArgument("a fault cannot last a negative time");
  return OkStatus();
}

std::string SimObject::StateAt(Time at) const {
  return at >= deleted || at < busy_until ? "busy" : "ready";
}

std::optional<LiveObject> SimObject::ViewAt(Time at) const {
  if (at < created || at >= gone) return std::nullopt;
  const SimVersion* seen = &versions.front();
  for (const SimVersion& version : versions) {
    if (version.at <= at) seen = &version;
  }
  LiveObject view;
  view.kind = key.kind;
  view.identity = key.identity;
  view.name = name;
  view.state = StateAt(at);
  view.mark = mark;
  if (states.field.empty()) {
    view.fields = seen->fields;
  } else {
    Value fields = seen->fields.Unpack();
    const std::string& word = at >= deleted        ? states.removing
                              : at >= busy_until   ? states.ready
                              : changed == created ? states.making
                                                   : states.changing;
    if (!word.empty()) SetAt(fields, ParsePath(states.field), word);
    view.fields = Packed::From(fields);
  }
  return view;
}

Result<std::unique_ptr<World>> World::Open(Journal* journal, const Clock* clock,
                                           WorldSettings settings) {
  if (!(settings.scale > 0 && std::isfinite(settings.scale))) {
    return InvalidArgument("the time scale must be above 0");
  }
  std::unique_ptr<World> world(new World(journal, clock, settings));
  int64_t number = 0;
  const Status replayed = journal->Replay([&](std::string_view line) {
    ++number;
    Status status;
    if (number == 1) {
      status = ReadHeader(line, &world->start_, &world->settings_);
    } else {
      Result<WorldRecord> record = WorldRecord::FromLine(line);
      status = record.status();
      if (record.ok()) {
        world->Settle(record->at);
        world->Fold(*record);
      }
    }
    return status.Annotate("the sandbox's journal, line " + std::to_string(number));
  });
  TANDEM_RETURN_IF_ERROR(replayed);
  if (number == 0) {
    world->start_ = clock->Now();
    TANDEM_RETURN_IF_ERROR(journal->Append(HeaderLine(world->start_, settings)));
  }
  world->last_ = std::max(world->last_, world->start_);
  return world;
}

Time World::Now() {
  const double real = static_cast<double>((clock_->Now() - start_).count());
  const Time now = start_ + Duration(static_cast<int64_t>(real * settings_.scale));
  Settle(std::max(now, last_));
  return last_;
}

Duration World::Unscaled(Duration simulated) const {
  return Duration(
      static_cast<int64_t>(std::ceil(static_cast<double>(simulated.count()) / settings_.scale)));
}

Status World::Commit(const WorldRecord& record) {
  TANDEM_RETURN_IF_ERROR(journal_->Append(record.ToLine()));
  Settle(record.at);
  Fold(record);
  return OkStatus();
}

void World::Settle(Time now) {
  last_ = std::max(last_, now);
  while (!going_.empty() && going_.begin()->first <= last_) {
    const SimKey key = going_.begin()->second;
    going_.erase(going_.begin());
    auto node = objects_.extract(key);
    TANDEM_CHECK(!node.empty());
    forgetting_.emplace(node.mapped().gone + kSimPast, key);
    if (watcher_) watcher_(&node.mapped(), nullptr);
    gone_.insert_or_assign(key, std::move(node.mapped()));
  }
  while (!forgetting_.empty() && forgetting_.begin()->first <= last_) {
    const auto found = gone_.find(forgetting_.begin()->second);
    if (found != gone_.end() && found->second.gone + kSimPast <= last_) gone_.erase(found);
    forgetting_.erase(forgetting_.begin());
  }
}

void World::Remove(const SimKey& key, const WorldRecord& record) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return;
  SimObject& object = found->second;
  const bool first = object.deleted == Time::max();
  if (!first) going_.erase({object.gone, key});
  object.deleted = std::min(object.deleted, record.at);
  object.gone = record.until;
  going_.emplace(object.gone, key);
  SimEffect effect{next_effect(), record.at, key, "delete", record.intent, object.address};
  if (key == record.key && !record.address.empty()) effect.address = record.address;
  effects_.push_back(std::move(effect));
}

void World::Fold(const WorldRecord& record) {
  switch (record.type) {
    case WorldRecord::Type::kAccount:
      accounts_.insert_or_assign(record.account.name, record.account);
      return;
    case WorldRecord::Type::kFaultAdd:
      faults_.insert_or_assign(record.fault.id, record.fault);
      next_fault_ = std::max(next_fault_, record.fault.id + 1);
      return;
    case WorldRecord::Type::kFaultClear:
      if (record.fault.id == 0) {
        faults_.clear();
      } else {
        faults_.erase(record.fault.id);
      }
      return;
    case WorldRecord::Type::kCreate: {
      SimObject object;
      object.key = record.key;
      object.name = record.name;
      object.address = record.address;
      object.token = record.token;
      object.request = record.request;
      object.mark = record.mark;
      object.states = record.states;
      object.created = object.changed = record.at;
      object.visible = record.visible;
      object.busy_until = record.until;
      object.versions.push_back({record.at, record.fields});
      effects_.push_back(
          {next_effect(), record.at, record.key, "create", record.intent, record.address});
      const auto [at, inserted] = objects_.insert_or_assign(record.key, std::move(object));
      if (watcher_) watcher_(nullptr, &at->second);
      return;
    }
    case WorldRecord::Type::kUpdate: {
      const auto found = objects_.find(record.key);
      if (found == objects_.end()) return;
      SimObject& object = found->second;
      SimObject before;  // what an index needs of it
      before.key = object.key;
      before.name = object.name;
      before.token = object.token;
      before.versions.push_back(object.versions.back());
      object.changed = record.at;
      object.busy_until = std::max(object.busy_until, record.until);
      if (!record.mark.empty()) object.mark = record.mark;
      if (!record.address.empty()) object.address = record.address;
      object.versions.push_back({record.at, record.fields});
      // The version that was current kSimPast ago is the oldest that a view can show.
      auto& versions = object.versions;
      size_t drop = 0;
      while (drop + 1 < versions.size() && versions[drop + 1].at + kSimPast <= record.at) ++drop;
      drop = std::max(drop, versions.size() > kVersions ? versions.size() - kVersions : 0);
      versions.erase(versions.begin(), versions.begin() + static_cast<std::ptrdiff_t>(drop));
      effects_.push_back(
          {next_effect(), record.at, record.key, "update", record.intent, object.address});
      if (watcher_) watcher_(&before, &object);
      return;
    }
    case WorldRecord::Type::kDelete:
      Remove(record.key, record);
      for (const SimKey& key : record.cascade) Remove(key, record);
      Settle(record.at);
      return;
  }
}

const SimObject* World::Find(const SimKey& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : &found->second;
}

const SimObject* World::FindGone(const SimKey& key) const {
  const auto found = gone_.find(key);
  return found == gone_.end() ? nullptr : &found->second;
}

const SimObject* World::FindAddress(std::string_view text) const {
  Result<Address> wanted = Address::Parse(text);
  if (!wanted.ok()) return nullptr;
  const std::string account(wanted->account());
  wanted = wanted->WithAccount("");
  const SimObject* newest = nullptr;
  for (const auto& [key, object] : objects_) {
    if (key.kind != wanted->kind_name() || object.deleted != Time::max()) continue;
    if (!account.empty() && key.account != account) continue;
    Result<Address> made_for = Address::Parse(object.address);
    if (!made_for.ok()) continue;
    if (made_for->WithAccount("") != *wanted) continue;
    if (newest == nullptr || object.created >= newest->created) newest = &object;
  }
  return newest;
}

std::vector<Fault> World::Faults(Time at) const {
  std::vector<Fault> active;
  for (const auto& [id, fault] : faults_) {
    if (fault.ActiveAt(at)) active.push_back(fault);
  }
  return active;
}

Value EffectValue(const SimEffect& effect) {
  return Map{{"seq", Value(int64_t{effect.seq})}, {"at", FormatTime(effect.at, true)},
             {"account", effect.key.account},     {"kind", effect.key.kind.ToString()},
             {"identity", effect.key.identity},   {"operation", effect.operation},
             {"intent", effect.intent},           {"address", effect.address}};
}

Value ObjectValue(const SimObject& object, Time at) {
  const std::optional<LiveObject> view = object.ViewAt(at);
  return Map{{"account", object.key.account},
             {"kind", object.key.kind.ToString()},
             {"identity", object.key.identity},
             {"address", object.address},
             {"state", object.deleted <= at ? "deleting" : object.StateAt(at)},
             {"fields", view ? view->fields.Unpack() : object.fields().Unpack()}};
}

Value LedgerValue(const World& world, Time now) {
  List effects;
  for (const SimEffect& effect : world.effects()) effects.push_back(EffectValue(effect));
  List objects;
  for (const auto& [key, object] : world.objects()) objects.push_back(ObjectValue(object, now));
  return Map{{"effects", std::move(effects)}, {"objects", std::move(objects)}};
}

}  // namespace tandem
