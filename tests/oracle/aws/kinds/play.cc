#include <fmt/format.h>

#include <algorithm>

#include "tests/oracle/aws/kinds/scenario.h"

namespace tandem::oracle {
namespace {

Trouble Same(Cloud& cloud, const Made& made) {
  ResourceDiff diff;
  Trouble trouble = cloud.Differences(made, made.desired, &diff);
  for (const FieldChange& change : diff.changes)
    trouble += fmt::format("{}: {} is not {}; ", change.path, ToCanonicalJson(change.before),
                           ToCanonicalJson(change.after));
  return trouble;
}

Trouble Lists(Cloud& cloud, const Scenario& scenario, const Made& made, const std::string& beside,
              bool wanted) {
  std::vector<LiveObject> objects;
  const std::vector<std::string> parents =
      scenario.parents ? scenario.parents(made) : std::vector<std::string>();
  const Trouble trouble = cloud.List(scenario.kind, parents, &objects);
  if (!trouble.empty()) return trouble;
  const auto found = std::count_if(objects.begin(), objects.end(), [&](const LiveObject& object) {
    return object.identity == made.identity;
  });
  const auto neighbours = std::count_if(objects.begin(), objects.end(), [&](const LiveObject& object) {
    return object.identity == beside;
  });
  if (neighbours != (beside.empty() ? 0 : 1))
    return fmt::format("its neighbour is listed {} times among {}", neighbours, objects.size());
  if (found == (wanted ? 1 : 0)) return "";
  return fmt::format("listed {} times among {}", found, objects.size());
}

Trouble SeesOutside(Cloud& cloud, Made& made, const Outside& outside) {
  Trouble trouble = cloud.Raw(outside.service, outside.operation, outside.params(made));
  if (!trouble.empty()) return "the outside change itself: " + trouble;
  // Some changes take a while.
  LiveObject object;
  for (int reads = 0; reads < 20; ++reads) {
    trouble = cloud.Read(made, &object);
    if (!trouble.empty() || object.state == "ready") break;
  }
  ResourceDiff diff;
  trouble = cloud.Differences(made, made.desired, &diff);
  if (!trouble.empty()) return trouble;
  std::string paths;
  bool named = false;
  for (const FieldChange& change : diff.changes) {
    paths += change.path + " ";
    named |= change.path.str().rfind(outside.field, 0) == 0 && change.reason == ChangeReason::kDrift;
  }
  if (!named) return "the drift is not seen: " + paths;
  trouble = cloud.Update(made, made.desired);
  return trouble.empty() ? Same(cloud, made) : "put right: " + trouble;
}

}  // namespace

Outcome Play(const Scenario& scenario, Cloud& cloud) {
  Outcome outcome;
  const auto step = [&](const std::string& name, Trouble trouble) {
    outcome.emplace_back(name, std::move(trouble));
    return outcome.back().second.empty();
  };
  const Kind& kind = cloud.KindOf(scenario.kind);
  Value spec = scenario.spec(cloud);
  std::string beside;
  if (scenario.neighbour) {
    Value other = cloud.Example(scenario.kind);
    for (const char* unique : {"logGroupName", "deletionProtectionEnabled"})
      other.edit_map().erase(unique);
    if (other.Find("DeletionProtectionEnabled") != nullptr)
      other.Set("DeletionProtectionEnabled", false);
    beside = cloud.Need(scenario.kind, scenario.object + "-beside", std::move(other));
  }
  if (!step("set-up", cloud.set_up_trouble())) return outcome;
  Document document;
  document.group = kind.name().group;
  document.kind = kind.name().kind;
  document.name = scenario.object;
  Diagnostics found;
  kind.Validate(document, spec, found);
  step("validate", found.errors() == 0 ? "" : "the spec is refused");
  Made made;
  if (!step("create", cloud.Create(scenario.kind, scenario.object, spec, &made))) {
    if (!made.identity.empty()) (void)cloud.Delete(made);
    step("clean-up", cloud.CleanUp());
    return outcome;
  }
  LiveObject object;
  Trouble read = cloud.Read(made, &object);
  if (read.empty() && object.state != "ready") read = "it is " + object.state;
  step("read", read);
  if (kind.can_mark())
    step("mark", object.mark.address == cloud.MarkFor(scenario.kind, scenario.object).address &&
                         !object.mark.intent.empty()
                     ? ""
                     : "the mark is '" + object.mark.address + "'");
  step("no-difference", Same(cloud, made));
  step("list", Lists(cloud, scenario, made, beside, true));
  for (const Outside& outside : scenario.outside)
    step("outside:" + outside.step, SeesOutside(cloud, made, outside));
  for (const Change& change : scenario.updates) {
    Value desired = made.desired;
    change.change(desired);
    Trouble trouble = cloud.Update(made, desired);
    if (trouble.empty()) trouble = Same(cloud, made);
    step("update:" + change.step, std::move(trouble));
  }
  if (kind.can_mark()) {
    const Trouble again = cloud.Read(made, &object);
    step("mark-stays", !again.empty()               ? again
                       : object.mark.address.empty() ? "the mark is gone"
                                                     : "");
  }
  step("delete", cloud.Delete(made));
  const Trouble gone = cloud.Read(made, nullptr);
  step("gone", gone.rfind("gone ", 0) == 0 ? "" : "a read says: " + gone);
  step("list-without", Lists(cloud, scenario, made, beside, false));
  step("clean-up", cloud.CleanUp());
  return outcome;
}

}  // namespace tandem::oracle
