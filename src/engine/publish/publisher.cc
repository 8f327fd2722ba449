#include "engine/publish/publisher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tandem {
namespace {
constexpr size_t kPage = 256;
constexpr size_t kChangesKept = 8192;
constexpr size_t kRunsShown = 100;

ConditionStatus StatusOf(const ResourceView& view, std::string_view type) {
  for (const Condition& condition : *view.conditions)
    if (condition.type == type) return condition.status;
  return ConditionStatus::kUnknown;
}

const Condition* Find(const std::vector<Condition>& conditions, std::string_view type) {
  for (const Condition& condition : conditions)
    if (condition.type == type) return &condition;
  return nullptr;
}

void SetCondition(std::vector<Condition>& conditions, std::string_view type, ConditionStatus status,
                  std::string reason, std::string message, Time now) {
  for (Condition& condition : conditions) {
    if (condition.type != type) continue;
    if (condition.status != status) condition.last_transition = now;
    condition.status = status;
    condition.reason = std::move(reason);
    condition.message = std::move(message);
    return;
  }
  conditions.push_back({std::string(type), status, std::move(reason), std::move(message), now, 0});
}
}  // namespace

Publisher::Publisher(Context* context, Accounts* accounts, Runner* runner)
    : context_(*context), accounts_(*accounts), runner_(*runner) {
  // Sequences grow across restarts, so that a watcher of an earlier daemon is told to begin anew.
  sequence_ = context_.Now().time_since_epoch().count();
  oldest_ = sequence_;
  auto first = std::make_shared<Snapshot>();
  first->sequence = sequence_;
  last_ = first;
  current_.With([&](auto& current) { current = first; });
}

std::shared_ptr<const Snapshot> Publisher::snapshot() const {
  return current_.With([](const auto& current) { return current; });
}

ResourceView Publisher::ViewOf(const Resource& resource) const {
  ResourceView view;
  view.address = resource.key();
  view.record = resource.record;
  view.seen = resource.seen;
  const Memory& memory = context_.memory;
  const ModelResource* model = memory.DocumentOf(resource);
  if (context_.read) view.in_model = model != nullptr;
  const auto as_recorded = [&](const Record& record) {
    return model->account == record.account && model->component == record.component && model->site == record.site &&
           model->manage == record.manage && model->needs == record.depends_on;
  };
  if (model != nullptr && !(resource.record && as_recorded(*resource.record)))
    view.placed = std::make_shared<const Placement>(
        Placement{model->account, model->component, model->site, model->manage, model->needs});
  if (!memory.paused_by.empty()) view.paused_by = memory.paused_by;
  else if (resource.record) view.paused_by = resource.record->paused_by;
  if (resource.seen) view.observed_at = resource.seen_at;
  view.conditions = resource.conditions;
  view.drift = resource.drift;
  return view;
}

void Publisher::Count(const ResourceView* view, int64_t by) {
  if (view == nullptr) return;
  if (view->record) recorded_ += by;
  if (!view->drift.empty()) drifted_ += by;
}

void Publisher::Members::Roll::Move(const std::string& address, ConditionStatus from, ConditionStatus to) {
  if (from == to) return;
  const auto those = [this](ConditionStatus status) {
    return status == ConditionStatus::kFalse ? &bad : status == ConditionStatus::kUnknown ? &unknown : nullptr;
  };
  if (auto* left = those(from)) left->erase(address);
  if (auto* entered = those(to)) entered->insert(address);
}

bool Publisher::Members::Set(const std::string& address, std::optional<Member> member) {
  const auto found = all.find(address);
  constexpr ConditionStatus kNone = ConditionStatus::kTrue;  // counts nowhere
  if (found == all.end() && !member) return false;
  if (found != all.end() && member && found->second == *member) return false;
  const Member* before = found == all.end() ? nullptr : &found->second;
  ready.Move(address, before ? before->ready : kNone, member ? member->ready : kNone);
  synced.Move(address, before ? before->synced : kNone, member ? member->synced : kNone);
  if (!member) all.erase(found);
  else if (before) found->second = *std::move(member);
  else all.emplace(address, *std::move(member));
  return true;
}

void Publisher::UpdateMembers(const ResourceView* before, const ResourceView* after) {
  Count(before, -1);
  Count(after, 1);
  if (before != nullptr && !before->component().empty() &&
      (after == nullptr || after->component() != before->component())) {
    if (members_[before->component()].Set(before->address, std::nullopt)) dirty_components_.insert(before->component());
  }
  if (after == nullptr || after->component().empty()) return;
  Member member;
  member.ready = StatusOf(*after, "Ready");
  member.synced = StatusOf(*after, "Synced");
  const Condition* told = Find(*after->conditions, member.ready != ConditionStatus::kTrue ? "Ready" : "Synced");
  if (told != nullptr) {
    member.reason = told->reason;
    member.message = told->message;
  }
  if (members_[after->component()].Set(after->address, std::move(member))) dirty_components_.insert(after->component());
}

// Merges touched addresses (sorted) into the pages (sorted): only pages with a change are copied.
void Publisher::UpdatePages(Snapshot& snapshot, const std::set<std::string>& touched) {
  std::vector<PagePtr>& pages = snapshot.pages;
  auto address = touched.begin();
  size_t at = 0;
  while (address != touched.end()) {
    // The page that holds, or would hold, the next address.
    while (at + 1 < pages.size() && pages[at + 1]->front()->address <= *address) ++at;
    ResourcePage rows;
    if (at < pages.size()) rows = *pages[at];
    const Interned* limit = at + 1 < pages.size() ? &pages[at + 1]->front()->address : nullptr;
    for (; address != touched.end() && (limit == nullptr || *address < *limit); ++address) {
      const auto place = std::lower_bound(
          rows.begin(), rows.end(), *address,
          [](const auto& view, const std::string& key) { return view->address < key; });
      const bool present = place != rows.end() && (*place)->address == *address;
      const Resource* resource = context_.memory.Find(*address);
      const bool wanted =
          resource != nullptr && (resource->record || context_.memory.DocumentOf(*resource) != nullptr);
      if (wanted) {
        auto view = std::make_shared<const ResourceView>(ViewOf(*resource));
        UpdateMembers(present ? place->get() : nullptr, view.get());
        if (present) *place = std::move(view);
        else rows.insert(place, std::move(view));
      } else if (present) {
        UpdateMembers(place->get(), nullptr);
        rows.erase(place);
      }
    }
    std::vector<PagePtr> made;
    for (size_t begin = 0; begin < rows.size(); begin += kPage) {
      const size_t end = std::min(rows.size(), begin + kPage);
      made.push_back(std::make_shared<const ResourcePage>(
          std::make_move_iterator(rows.begin() + begin), std::make_move_iterator(rows.begin() + end)));
    }
    const size_t count = made.size();
    if (at < pages.size()) pages.erase(pages.begin() + at);
    pages.insert(pages.begin() + std::min(at, pages.size()), made.begin(), made.end());
    at = std::min(at, pages.size());
    if (count > 0) at += count - 1;
    if (at >= pages.size() && !pages.empty()) at = pages.size() - 1;
  }
}

void Publisher::UpdateComponents(Snapshot& snapshot, bool all) {
  const Time now = context_.Now();
  if (all) {
    std::map<std::string, std::vector<Condition>> before;
    for (ComponentView& view : snapshot.components) before[view.name] = std::move(view.conditions);
    snapshot.components.clear();
    if (context_.memory.model) {
      for (const ModelComponent& component : context_.memory.model->components) {
        ComponentView view;
        view.name = component.name;
        view.title = component.title;
        view.site = component.site;
        view.layer = component.layer;
        view.group = component.group;
        view.conditions = std::move(before[component.name]);
        snapshot.components.push_back(std::move(view));
      }
    }
  }
  for (ComponentView& view : snapshot.components) {
    if (!all && dirty_components_.count(view.name) == 0) continue;
    const Members& members = members_[view.name];
    view.resources = static_cast<int64_t>(members.all.size());
    if (members.all.empty()) {
      SetCondition(view.conditions, "Ready", ConditionStatus::kUnknown, "NoResources", "", now);
      SetCondition(view.conditions, "Synced", ConditionStatus::kUnknown, "NoResources", "", now);
      continue;
    }
    // The worst of its resources: false before unknown before true.
    const auto roll = [&](std::string_view type, const Members::Roll& of) {
      const bool bad = !of.bad.empty();
      const size_t count = of.bad.size() + of.unknown.size();
      if (count == 0) {
        SetCondition(view.conditions, type, ConditionStatus::kTrue,
                     type == "Ready" ? "AllReady" : "AllSynced", "", now);
        return;
      }
      const std::string& address = bad ? *of.bad.begin() : *of.unknown.begin();
      const Member& worst = members.all.at(address);
      std::string message = address;
      if (!worst.message.empty()) message += ": " + worst.message;
      if (count > 1) message += fmt::format(" (and {} more)", count - 1);
      SetCondition(view.conditions, type, bad ? ConditionStatus::kFalse : ConditionStatus::kUnknown,
                   worst.reason, message, now);
    };
    roll("Ready", members.ready);
    roll("Synced", members.synced);
  }
  dirty_components_.clear();
}

void Publisher::UpdateConnections(Snapshot& snapshot) {
  snapshot.connections.clear();
  if (!context_.memory.model) return;
  const CompiledModel& model = *context_.memory.model;
  std::map<std::string, ConditionStatus> state;
  for (const ComponentView& view : snapshot.components) {
    const Condition* ready = Find(view.conditions, "Ready");
    state[view.name] = ready ? ready->status : ConditionStatus::kUnknown;
  }
  // A group is as bad as the worst component in it that has resources.
  std::map<std::string, std::string> parents;
  for (const ModelGroup& group : model.groups) parents[group.id] = group.parent;
  std::map<std::string, ConditionStatus> groups;
  for (const ComponentView& view : snapshot.components) {
    std::string group = view.group;
    for (int depth = 0; !group.empty() && depth < 32; ++depth) {
      const auto [entry, fresh] = groups.try_emplace(group, state[view.name]);
      if (!fresh) {
        if (state[view.name] == ConditionStatus::kFalse) entry->second = ConditionStatus::kFalse;
        else if (entry->second == ConditionStatus::kUnknown) entry->second = state[view.name];
      }
      group = parents[group];
    }
  }
  const auto state_of = [&](const std::string& end) {
    if (const auto component = state.find(end); component != state.end()) return component->second;
    const auto group = groups.find(end);
    return group == groups.end() ? ConditionStatus::kUnknown : group->second;
  };
  for (const ModelConnection& connection : model.connections) {
    ConnectionView view{connection.from, connection.to, connection.type, connection.both, ""};
    const ConditionStatus from = state_of(connection.from);
    const ConditionStatus to = state_of(connection.to);
    using S = ConditionStatus;
    if (from == S::kFalse && to == S::kFalse) view.state = "failed";
    else if (from == S::kFalse || to == S::kFalse) view.state = "degraded";
    else if (from == S::kTrue && to == S::kTrue) view.state = "ready";
    else view.state = "unknown";
    snapshot.connections.push_back(std::move(view));
  }
}

void Publisher::UpdateRuns(Snapshot& snapshot) {
  const Memory& memory = context_.memory;
  std::map<std::string, const RunView*> before;
  std::vector<RunView> old;
  old.swap(snapshot.runs);
  for (const RunView& view : old) before[view.run.id] = &view;
  for (auto id = memory.run_order.rbegin();
       id != memory.run_order.rend() && snapshot.runs.size() < kRunsShown; ++id) {
    const auto run = memory.runs.find(*id);
    if (run == memory.runs.end()) continue;
    const auto known = before.find(*id);
    if (known != before.end() && memory.runs_touched.count(*id) == 0) {
      snapshot.runs.push_back(*known->second);
    } else {
      snapshot.runs.push_back({run->second, runner_.StepsOf(*id)});
    }
  }
}

void Publisher::Publish() {
  Memory& memory = context_.memory;
  const bool ready = context_.read && accounts_.EachTried();
  const bool nothing = memory.touched.empty() && memory.runs_touched.empty() &&
                       !memory.accounts_touched && !memory.model_touched &&
                       context_.changes.empty() && ready == last_->ready && context_.read == last_->read &&
                       context_.readable == last_->readable &&
                       memory.old_store == last_->old_store;
  if (!nothing) {
    auto next = std::make_shared<Snapshot>(*last_);
    if (!memory.touched.empty()) {
      UpdatePages(*next, memory.touched);
      for (const std::string& address : memory.touched) {
        Change change;
        change.address = address;
        context_.changes.push_back(std::move(change));
      }
      memory.touched.clear();
    }
    const bool components = memory.model_touched || !dirty_components_.empty();
    if (components) {
      UpdateComponents(*next, memory.model_touched);
      UpdateConnections(*next);
    }
    if (!memory.runs_touched.empty()) {
      UpdateRuns(*next);
      memory.runs_touched.clear();
    }
    if (memory.accounts_touched) {
      next->accounts = accounts_.Views();
      memory.accounts_touched = false;
    }
    memory.model_touched = false;
    next->accepted = memory.accepted;
    next->platform = memory.platform;
    next->platform_uid = memory.uid;
    next->model = memory.model;
    next->readable = context_.readable;
    next->read = context_.read;
    next->ready = ready;
    next->old_store = memory.old_store;
    for (Change& change : context_.changes) {
      change.sequence = ++sequence_;
      kept_.push_back(std::move(change));
      if (kept_.size() > kChangesKept) {
        oldest_ = kept_.front().sequence;
        kept_.pop_front();
      }
    }
    context_.changes.clear();
    next->sequence = sequence_;
    std::shared_ptr<const Snapshot> before = std::exchange(last_, next);
    current_.With([&](auto& current) { current = next; });
    // Who is the last to hold a model lets go of all its documents: not this turn.
    if (before->model != nullptr && before->model != next->model)
      context_.ports.executor->Run([before = std::move(before)] {});
  }
  Tell();
}

void Publisher::Tell() {
  new_watchers_.With([this](auto& fresh) {
    for (auto& [id, watcher] : fresh) watchers_.emplace(id, std::move(watcher));
    fresh.clear();
  });
  gone_watchers_.With([this](auto& gone) {
    for (const int64_t id : gone) watchers_.erase(id);
    gone.clear();
  });
  for (auto& [id, watcher] : watchers_) {
    auto first = std::upper_bound(
        kept_.begin(), kept_.end(), watcher.after,
        [](int64_t after, const Change& change) { return after < change.sequence; });
    for (; first != kept_.end(); ++first) {
      watcher.after = first->sequence;
      watcher.each(*first);
    }
  }
}

Result<int64_t> Publisher::Watch(int64_t after, std::function<void(const Change&)> each) {
  if (after < oldest_)
    return Status(Code::kOutOfRange, "what happened since then is not kept any more: begin anew");
  const int64_t id = next_watcher_++;
  new_watchers_.With([&](auto& fresh) { fresh[id] = {after, std::move(each)}; });
  context_.inbox->Post([] {});
  return id;
}

void Publisher::Unwatch(int64_t id) {
  new_watchers_.With([&](auto& fresh) { fresh.erase(id); });
  gone_watchers_.With([&](auto& gone) { gone.insert(id); });
}

}  // namespace tandem
