// The order of steps: after what they need, and deletions before what they stood on.
#include <algorithm>
#include <utility>

#include "plan/draft.h"
#include "tandem/graph/graph.h"

namespace tandem::plan {
namespace {

bool DestroysFirst(const Draft& draft) {
  return draft.step.action == Action::kDelete ||
         (draft.step.action == Action::kReplace && draft.step.order == ReplaceOrder::kDestroyFirst);
}

bool NeedsNow(const Draft& draft, const Interned& address) {
  return draft.resource != nullptr &&
         std::find(draft.resource->needs.begin(), draft.resource->needs.end(), address) !=
             draft.resource->needs.end();
}

class Arrangement {
 public:
  explicit Arrangement(Decisions& decisions) : out_(decisions) {}

  bool Run(std::vector<CopyOnWrite<Step>>& ordered, Findings& findings) {
    FindDependents();
    DieTogether();
    Split();
    for (auto& [key, draft] : out_.drafts) {
      AfterNeeds(draft);
      if (DestroysFirst(draft) && key.str().find(" deposed ") == std::string::npos) AfterDependents(draft);
    }
    return Order(ordered, findings);
  }

 private:
  /// Who stands on whom: by the model as proposed, and by what was recorded when the model still
  /// said so.
  void FindDependents() {
    const auto add = [&](const Interned& on, const Interned& dependent) {
      if (out_.drafts.count(on) != 0) dependents_[on].insert(dependent);
    };
    for (const auto& [key, draft] : out_.drafts) {
      if (key != draft.address) continue;
      if (draft.resource != nullptr)
        for (const Interned& need : draft.resource->needs) add(need, draft.address);
      if (draft.record != nullptr)
        for (const Interned& need : draft.record->depends_on) add(need, draft.address);
    }
  }

  static bool Names(const Value& value, const std::string& identity) {
    if (value.is_string()) return value.as_string() == identity;
    if (value.is_list())
      return std::any_of(value.as_list().begin(), value.as_list().end(),
                         [&](const Value& item) { return Names(item, identity); });
    return value.is_map() &&
           std::any_of(value.as_map().begin(), value.as_map().end(),
                       [&](const auto& member) { return Names(member.second, identity); });
  }
  /// What was sent for `child` names the object of `parent`.
  static bool LivesIn(const Record& child, const Record& parent) {
    return !child.recorded.empty() && !parent.identity.empty() &&
           Names(child.recorded.Unpack(), parent.identity);
  }

  /// Whether something that `child` stands on, and that is deleted too, stands on `parent`.
  bool StandsBetween(const Draft& child, const Interned& parent) const {
    std::vector<Interned> open(child.record->depends_on);
    std::set<Interned> seen(open.begin(), open.end());
    while (!open.empty()) {
      const Interned at = std::move(open.back());
      open.pop_back();
      const auto draft = out_.drafts.find(at);
      if (at == parent || draft == out_.drafts.end() || draft->second.record == nullptr ||
          !DestroysFirst(draft->second))
        continue;
      for (const Interned& need : draft->second.record->depends_on) {
        if (need == parent) return true;
        if (seen.insert(need).second) open.push_back(need);
      }
    }
    return false;
  }

  /// R14: what dies with its parent is closed without a call.
  void DieTogether() {
    for (auto& [key, draft] : out_.drafts) {
      if (draft.step.action != Action::kDelete || key != draft.address) continue;
      for (const Interned& need : draft.record->depends_on) {
        const auto parent = out_.drafts.find(need);
        if (parent == out_.drafts.end() || parent->second.step.action != Action::kDelete ||
            parent->second.kind == nullptr)
          continue;
        const auto& cascades = parent->second.kind->cascades();
        if (std::find(cascades.begin(), cascades.end(), draft.step.address.kind_name()) ==
            cascades.end())
          continue;
        // Standing on another one for some other reason is not living in it.
        if (!LivesIn(*draft.record, *parent->second.record)) continue;
        // What it stands on and must go before its parent: then so must it, by a call of its own.
        if (StandsBetween(draft, need)) continue;
        draft.step.action = Action::kForget;
        draft.step.why = "dies with " + need;
        draft.after.insert(need);
        // The call that it dies by is the parent's, so what stood on it goes before that, and what it
        // stood on after.
        dies_with_[need].insert(draft.address);
        dying_.insert(draft.address);
        break;
      }
    }
  }

  /// What is replaced and stands on something destroyed first must go before that and come after
  /// it.
  void Split() {
    std::vector<Interned> open;
    for (const auto& [key, draft] : out_.drafts)
      if (draft.step.action == Action::kReplace && draft.step.order == ReplaceOrder::kDestroyFirst)
        open.push_back(key);
    std::set<Interned> split;
    while (!open.empty()) {
      const Interned parent = std::move(open.back());
      open.pop_back();
      for (const Interned& address : dependents_[parent]) {
        const Draft& draft = out_.drafts.at(address);
        if (draft.step.action == Action::kReplace && NeedsNow(draft, parent) &&
            split.insert(address).second)
          open.push_back(address);
      }
    }
    for (const Interned& address : split) {
      Draft& create = out_.drafts.at(address);
      Draft destroy = create;
      destroy.key = DestroyKey(address);
      destroy.after.clear();
      destroy.step.action = Action::kDelete;
      destroy.step.order = ReplaceOrder::kDestroyFirst;
      destroy.step.changes.clear();
      create.step.action = Action::kCreate;
      create.step.order = ReplaceOrder::kDestroyFirst;
      create.after.insert(destroy.key);
      out_.drafts.emplace(destroy.key, std::move(destroy));
    }
  }

  void AfterNeeds(Draft& draft) {
    if (draft.resource == nullptr || draft.step.action == Action::kDelete) return;
    for (const Interned& need : draft.resource->needs) {
      const auto found = out_.drafts.find(need);
      if (found != out_.drafts.end() && found->second.resource != nullptr && need != draft.address)
        draft.after.insert(need);
    }
  }

  void AfterDependents(Draft& draft) {
    std::set<Interned> dependents;
    if (const auto found = dependents_.find(draft.address); found != dependents_.end())
      dependents = found->second;
    if (const auto dying = dies_with_.find(draft.address); dying != dies_with_.end()) {
      for (const Interned& child : dying->second)
        if (const auto found = dependents_.find(child); found != dependents_.end())
          dependents.insert(found->second.begin(), found->second.end());
    }
    const auto& own = dies_with_[draft.address];
    for (const Interned& address : dependents) {
      if (address == draft.address) continue;
      if (out_.drafts.count(DestroyKey(address)) != 0) {
        draft.after.insert(DestroyKey(address));
        continue;
      }
      const Draft& dependent = out_.drafts.at(address);
      // Gone before this goes; or let go of it first, when it is needed no more.
      const bool goes = dependent.step.action == Action::kDelete ||
                        (dying_.count(address) != 0 && own.count(address) == 0);
      const bool lets_go = dependent.resource != nullptr && !NeedsNow(dependent, draft.address);
      if (goes || lets_go) draft.after.insert(address);
    }
  }

  bool Order(std::vector<CopyOnWrite<Step>>& ordered, Findings& findings) {
    GraphBuilder builder;
    for (const auto& [key, draft] : out_.drafts) builder.Node(key);
    for (const auto& [key, draft] : out_.drafts)
      for (const Interned& before : draft.after)
        if (out_.drafts.count(before) != 0) builder.Edge(builder.Node(key), builder.Node(before));
    const Graph graph = std::move(builder).Build();
    const std::vector<NodeId> order = graph.Order();
    if (order.size() != graph.size()) {
      findings.Refuse(PlanRefusal::kConfiguration, "", "no order of the steps exists",
                      graph.TellCycle(graph.FindCycle()));
      return false;
    }
    std::vector<int64_t> ids(graph.size(), 0);
    ordered.reserve(graph.size());  // they are kept
    for (const NodeId node : order) {
      Step step = std::move(out_.drafts.at(graph.Name(node)).step);
      step.id = ids[node] = static_cast<int64_t>(ordered.size()) + 1;
      for (const Graph::Link& link : graph.Dependencies(node)) step.after.push_back(ids[link.node]);
      std::sort(step.after.begin(), step.after.end());
      ordered.push_back(std::move(step));
    }
    return true;
  }

  Decisions& out_;
  std::map<Interned, std::set<Interned>, std::less<>> dependents_;  // of addresses that have a step
  std::map<Interned, std::set<Interned>, std::less<>> dies_with_;   // parent → what goes by its delete
  std::set<Interned, std::less<>> dying_;                              // all of those
};

}  // namespace

bool Arrange(Decisions& decisions, std::vector<CopyOnWrite<Step>>& ordered, Findings& findings) {
  return Arrangement(decisions).Run(ordered, findings);
}

}  // namespace tandem::plan
