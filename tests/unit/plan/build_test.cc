#include "tandem/plan/build.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "tests/support/plan_case.h"

namespace tandem {
namespace {

using testing_support::PlanCase;

/// "1 create a/B/c [after] !class; …", or what was refused.
std::string Show(const PlanResult& result) {
  std::string text;
  if (!result.plan) {
    for (const Diagnostic& problem : result.problems.items())
      text += (text.empty() ? "" : "; ") + problem.summary;
    return (result.refusal == PlanRefusal::kPolicy     ? "policy: "
            : result.refusal == PlanRefusal::kResource ? "resource: "
                                                       : "configuration: ") +
           text;
  }
  for (const Step& step : result.plan->steps) {
    if (!text.empty()) text += "; ";
    text += std::string(ActionName(step.action)) + " " + step.address.ToString();
    if (step.order == ReplaceOrder::kDestroyFirst) text += " -/+";
    if (step.order == ReplaceOrder::kCreateFirst) text += " +/-";
    for (size_t i = 0; i < step.after.size(); ++i)
      text += (i == 0 ? " after " : ",") + std::to_string(step.after[i]);
  }
  for (const std::string& address : result.plan->unobserved) {
    const std::vector<std::string>& changed = result.plan->not_applied;
    text += (text.empty() ? "? " : "; ? ") + address;
    if (std::find(changed.begin(), changed.end(), address) == changed.end()) text += " as it was";
  }
  return text;
}

struct Case {
  const char* name;
  const char* input;
  const char* steps;
};

const Case kCases[] = {
    {"nothing at all", R"({})", ""},
    {"in step", R"({"resources":{"a/B/x":{"desired":{"P":1}}},
      "records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":1}}}})",
     ""},
    {"create in the order of needs", R"({"resources":{
        "a/B/x":{"desired":{"V":{"$ref":"z/Z/v#Id"}}},"z/Z/v":{"desired":{"P":1}},
        "a/B/w":{"needs":["a/B/x","z/Z/v"]}}})",
     "create z/Z/v; create a/B/x after 1; create a/B/w after 1,2"},
    {"a need outside the model is ignored", R"({"resources":{"a/B/x":{"needs":["gone/G/g"]}}})",
     "create a/B/x"},
    {"update", R"({"resources":{"a/B/x":{"desired":{"P":2}}},
      "records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":1}}}})",
     "update a/B/x"},
    {"replace", R"({"kinds":{"a/B":{"rules":[{"path":"P","replace":true}]}},
      "resources":{"a/B/x":{"desired":{"P":2}}},"deleteBudget":1,
      "records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":1}}}})",
     "replace a/B/x -/+"},
    {"replace, the new one first",
     R"({"kinds":{"a/B":{"createFirst":true,"rules":[{"path":"P","replace":true}]}},
      "resources":{"a/B/x":{"desired":{"P":2}}},"deleteBudget":1,
      "records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":1}}}})",
     "replace a/B/x +/-"},
    {"R13: a fixed name cannot come first",
     R"({"kinds":{"a/B":{"createFirst":true,"named":true,"rules":[{"path":"P","replace":true}]}},
      "resources":{"a/B/x":{"desired":{"P":2}}},"deleteBudget":1,
      "records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":1}}}})",
     "replace a/B/x -/+"},
    {"R5: unknown on an immutable path replaces",
     R"({"kinds":{"a/B":{"rules":[{"path":"V","replace":true}]},"v/V":{"createFirst":true,"rules":[{"path":"P","replace":true}]}},
      "resources":{"a/B/x":{"desired":{"V":{"$ref":"v/V/v#Id"}}},"v/V/v":{"desired":{"P":2}}},"deleteBudget":2,
      "records":{"a/B/x":{"recorded":{"V":"v1"},"dependsOn":["v/V/v"]},"v/V/v":{"recorded":{"P":1}}},
      "observed":{"a/B/x":{"fields":{"V":"v1"}},"v/V/v":{"fields":{"P":1,"Id":"v1"}}}})",
     "replace v/V/v +/-; replace a/B/x -/+ after 1"},
    {"R13: dependents go before and come after",
     R"({"kinds":{"a/B":{"rules":[{"path":"V","replace":true}]},"v/V":{"rules":[{"path":"P","replace":true}]}},
      "resources":{"a/B/x":{"desired":{"V":{"$ref":"v/V/v#Id"}}},"v/V/v":{"desired":{"P":2}},"a/C/c":{"desired":{"W":{"$ref":"v/V/v#Id"}}}},"deleteBudget":2,
      "records":{"a/B/x":{"recorded":{"V":"v1"},"dependsOn":["v/V/v"]},"v/V/v":{"recorded":{"P":1}},"a/C/c":{"recorded":{"W":"v1"}}},
      "observed":{"a/B/x":{"fields":{"V":"v1"}},"v/V/v":{"fields":{"P":1,"Id":"v1"}},"a/C/c":{"fields":{"W":"v1"}}}})",
     "delete a/B/x -/+; replace v/V/v -/+ after 1; create a/B/x -/+ after 1,2; update a/C/c after "
     "2"},
    {"R13: an immutable reference by a name that stays",
     R"({"kinds":{"a/B":{"rules":[{"path":"N","replace":true,"ref":"v/V"}]},"v/V":{"rules":[{"path":"P","replace":true}]}},
      "resources":{"a/B/x":{"desired":{"N":{"$ref":"v/V/v#Name"}}},"v/V/v":{"desired":{"P":2,"Name":"n"}}},"deleteBudget":2,
      "records":{"a/B/x":{"recorded":{"N":"n"}},"v/V/v":{"recorded":{"P":1,"Name":"n"}}},
      "observed":{"a/B/x":{"fields":{"N":"n"}},"v/V/v":{"fields":{"P":1,"Name":"n"}}}})",
     "delete a/B/x -/+; replace v/V/v -/+ after 1; create a/B/x -/+ after 1,2"},
    {"delete in the order of stored edges", R"({"deleteBudget":3,
      "records":{"a/A/1":{},"b/B/2":{"dependsOn":["a/A/1"]},"c/C/3":{"dependsOn":["b/B/2"]}},
      "observed":{"a/A/1":{},"b/B/2":{},"c/C/3":{}}})",
     "delete c/C/3; delete b/B/2 after 1; delete a/A/1 after 2"},
    {"a deletion waits until nobody holds on", R"({"resources":{"a/B/x":{"desired":{"P":1}}},
      "records":{"a/B/x":{"recorded":{"P":0},"dependsOn":["v/V/v"]},"v/V/v":{}},
      "observed":{"a/B/x":{"fields":{"P":0}},"v/V/v":{}}})",
     "update a/B/x; delete v/V/v after 1"},
    {"R14: what dies with its parent is closed",
     R"({"kinds":{"k/Cluster":{"cascades":["k/Nodes"]}},"deleteBudget":2,
      "records":{"k/Cluster/c":{},"k/Nodes/n":{"recorded":{"Of":"id-of-c"},"dependsOn":["k/Cluster/c"]}},
      "observed":{"k/Cluster/c":{},"k/Nodes/n":{}}})",
     "delete k/Cluster/c; forget k/Nodes/n after 1"},
    {"R14: what only waited for a parent does not die with it",
     R"({"kinds":{"k/Cluster":{"cascades":["k/Nodes"]}},"deleteBudget":2,
      "records":{"k/Cluster/c":{},"k/Nodes/n":{"recorded":{"Of":["id-of-d"]},"dependsOn":["k/Cluster/c","k/Cluster/d"]}},
      "observed":{"k/Cluster/c":{},"k/Nodes/n":{}}})",
     "delete k/Nodes/n; delete k/Cluster/c after 1"},
    {"R14: what something stood on that dies with its parent goes after that",
     R"({"kinds":{"k/Cluster":{"cascades":["k/Nodes"]}},"deleteBudget":3,
      "records":{"k/Cluster/c":{},"k/Nodes/n":{"recorded":{"Of":"id-of-c"},"dependsOn":["k/Cluster/c","a/A/a"]},"a/A/a":{}},
      "observed":{"k/Cluster/c":{},"k/Nodes/n":{},"a/A/a":{}}})",
     "delete k/Cluster/c; forget k/Nodes/n after 1; delete a/A/a after 2"},
    {"R14: what stands on something between it and its parent does not die with that",
     R"({"kinds":{"k/Cluster":{"cascades":["k/Nodes"]}},"deleteBudget":3,
      "records":{"k/Cluster/c":{},"k/Nodes/n":{"recorded":{"Of":"id-of-c"},"dependsOn":["k/Cluster/c","a/A/a"]},"a/A/a":{"dependsOn":["k/Cluster/c"]}},
      "observed":{"k/Cluster/c":{},"k/Nodes/n":{},"a/A/a":{}}})",
     "delete k/Nodes/n; delete a/A/a after 1; delete k/Cluster/c after 1,2"},
    {"R14: what stood on something that dies with its parent goes before the parent",
     R"({"kinds":{"k/Cluster":{"cascades":["k/Nodes"]}},"deleteBudget":3,
      "records":{"k/Cluster/c":{},"k/Nodes/n":{"recorded":{"Of":"id-of-c"},"dependsOn":["k/Cluster/c"]},"z/Z/z":{"dependsOn":["k/Nodes/n"]}},
      "observed":{"k/Cluster/c":{},"k/Nodes/n":{},"z/Z/z":{}}})",
     "delete z/Z/z; delete k/Cluster/c after 1; forget k/Nodes/n after 2"},
    {"deleted outside", R"({"resources":{"a/B/x":{"desired":{"P":1}}},
      "records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":null}})",
     "create a/B/x"},
    {"retained", R"({"records":{"a/B/x":{"deletionPolicy":"retain"}},"observed":{"a/B/x":{}}})",
     "forget a/B/x"},
    {"only observed, and gone from the model",
     R"({"records":{"a/B/x":{"manage":"observe"}},"observed":{"a/B/x":{}}})", "forget a/B/x"},
    {"gone from both", R"({"records":{"a/B/x":{}},"observed":{"a/B/x":null}})", "forget a/B/x"},
    {"left over from a replace", R"({"resources":{"a/B/x":{"desired":{"P":1}}},"deleteBudget":1,
      "records":{"a/B/x":{"recorded":{"P":1},"deposed":["old-1"]}},"observed":{"a/B/x":{"fields":{"P":1}}}})",
     "delete a/B/x"},

    // R12
    {"R12: exists and is nobody's",
     R"({"resources":{"a/B/x":{}},"observed":{"a/B/x":{"mark":""}}})",
     "resource: id-of-x exists already and is not tandem's"},
    {"R12: exists and is somebody's",
     R"({"resources":{"a/B/x":{"adopt":"and-update"}},"observed":{"a/B/x":{"mark":"a/B/y"}}})",
     "resource: id-of-x exists and is marked as a/B/y"},
    {"R12: adopt if identical",
     R"({"resources":{"a/B/x":{"adopt":"if-identical","desired":{"P":1}}},"observed":{"a/B/x":{"mark":"","fields":{"P":1,"Q":2}}}})",
     "adopt a/B/x"},
    {"R12: adopt, but not identical",
     R"({"resources":{"a/B/x":{"adopt":"if-identical","desired":{"P":1}}},"observed":{"a/B/x":{"mark":"","fields":{"P":2}}}})",
     "resource: id-of-x is not identical: P differs"},
    {"R12: adopt and update",
     R"({"resources":{"a/B/x":{"adopt":"and-update","desired":{"P":1}}},"observed":{"a/B/x":{"mark":"","fields":{"P":2}}}})",
     "adopt a/B/x"},
    {"R12: adopting never replaces",
     R"({"kinds":{"a/B":{"rules":[{"path":"P","replace":true}]}},"resources":{"a/B/x":{"adopt":"and-update","desired":{"P":1}}},"observed":{"a/B/x":{"mark":"","fields":{"P":2}}}})",
     "resource: id-of-x cannot be adopted: P cannot be changed in place"},
    {"R12: our mark, not in the store",
     R"({"resources":{"a/B/x":{"desired":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":1}}}})",
     "adopt a/B/x"},
    {"R12: the mark is lost and something changes",
     R"({"resources":{"a/B/x":{"desired":{"P":2}}},"records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"mark":"","fields":{"P":1}}}})",
     "resource: id-of-x carries no mark any more"},
    {"R12: the mark is lost and nothing changes",
     R"({"resources":{"a/B/x":{"desired":{"P":1}}},"records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"mark":"","fields":{"P":1}}}})",
     ""},
    {"R12: taken over by somebody",
     R"({"resources":{"a/B/x":{"desired":{"P":1}}},"records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"mark":"o/O/o","fields":{"P":1}}}})",
     "resource: id-of-x is marked as o/O/o"},
    {"R12: no deletion without a mark",
     R"({"deleteBudget":1,"records":{"a/B/x":{}},"observed":{"a/B/x":{"mark":""}}})",
     "resource: id-of-x would be deleted, but carries no mark"},
    {"R12: kinds that cannot carry one",
     R"({"kinds":{"a/B":{"marks":false}},"resources":{"a/B/x":{"desired":{"P":2}}},"records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"mark":"","fields":{"P":1}}}})",
     "update a/B/x"},
    {"R12: observe writes nothing",
     R"({"resources":{"a/B/x":{"manage":"observe","desired":{"P":1}}},"observed":{"a/B/x":{"mark":"","fields":{"P":2}}}})",
     ""},
    {"delegated: made here, kept elsewhere",
     R"({"resources":{"a/B/x":{"manage":"delegate","desired":{"P":1}}},"records":{"a/B/x":{"manage":"delegate","recorded":{"P":0}}},"observed":{"a/B/x":{"fields":{"P":9}}}})",
     ""},

    // R13
    {"R13: moved",
     R"({"resources":{"a/B/new":{"movedFrom":"a/B/old","desired":{"P":1}}},"records":{"a/B/old":{"recorded":{"P":1}}},"observed":{"a/B/old":{"fields":{"P":1}},"a/B/new":null}})",
     "moved a/B/new"},
    {"R13: moved long ago",
     R"({"resources":{"a/B/new":{"movedFrom":"a/B/old","desired":{"P":1}}},"records":{"a/B/new":{"recorded":{"P":1}}},"observed":{"a/B/new":{"fields":{"P":1}}}})",
     ""},
    {"R11: an account annotation added later is the same address",
     R"({"resources":{"a/B/x@aws-primary":{"desired":{"P":1}}},"records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":1},"mark":"a/B/x"},"a/B/x@aws-primary":null}})",
     "moved a/B/x@aws-primary"},
    {"R11: an account annotation taken away",
     R"({"resources":{"a/B/x":{"desired":{"P":1}}},"records":{"a/B/x@aws-primary":{"recorded":{"P":1}}},"observed":{"a/B/x@aws-primary":{"fields":{"P":1}},"a/B/x":null}})",
     "moved a/B/x"},
    {"R11, R13: moved, named without the account that the record has",
     R"({"resources":{"a/B/new":{"movedFrom":"a/B/old","desired":{"P":1}}},"records":{"a/B/old@aws-primary":{"recorded":{"P":1}}},"observed":{"a/B/old@aws-primary":{"fields":{"P":1}},"a/B/new":null}})",
     "moved a/B/new"},
    {"R11, R13: moved, named with the account that the record lacks",
     R"({"resources":{"a/B/new":{"movedFrom":"a/B/old@aws-primary","desired":{"P":1}}},"records":{"a/B/old":{"recorded":{"P":1}}},"observed":{"a/B/old":{"fields":{"P":1}},"a/B/new":null}})",
     "moved a/B/new"},
    {"R11: one name in two accounts is two addresses",
     R"({"resources":{"a/B/x@other":{"account":"other","desired":{"P":1}}},"deleteBudget":1,"records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":1}},"a/B/x@other":null}})",
     "delete a/B/x; create a/B/x@other"},
    {"R13: what was to move and is gone is made anew, and its old record closed",
     R"({"resources":{"a/B/new":{"movedFrom":"a/B/old","desired":{"P":1}}},"records":{"a/B/old":{"recorded":{"P":1}}},"observed":{"a/B/old":null,"a/B/new":null}})",
     "create a/B/new; forget a/B/old"},
    {"R13: moved from what stays",
     R"({"resources":{"a/B/new":{"movedFrom":"a/B/old"},"a/B/old":{}},"records":{"a/B/old":{}},"observed":{"a/B/old":{},"a/B/new":null}})",
     "configuration: moved from a/B/old, which is still in the model"},
    {"R13: moved to another kind",
     R"({"resources":{"a/C/new":{"movedFrom":"a/B/old"}},"records":{"a/B/old":{}},"observed":{"a/B/old":{},"a/C/new":null}})",
     "configuration: moved from a/B/old, which is of another kind or account"},
    {"R13: a rename that was not said",
     R"({"deleteBudget":1,"resources":{"a/B/new":{"adopt":"if-identical"}},"records":{"a/B/old":{"identity":"i"}},"observed":{"a/B/old":{"identity":"i"},"a/B/new":{"identity":"i","mark":""}}})",
     "configuration: i would be deleted as a/B/old and made as a/B/new"},

    // R18
    {"R18: what cannot be seen is left out",
     R"({"resources":{"a/B/x":{"unobserved":true},"a/B/y":{"needs":["a/B/x"]},"a/B/z":{}}})",
     "create a/B/z; ? a/B/x; ? a/B/y"},
    {"R18: which of them changed",
     R"({"resources":{"a/B/x":{"unobserved":true,"changed":false},"a/B/y":{"needs":["a/B/x"]},"a/B/z":{"needs":["a/B/x"],"changed":false}}})",
     "? a/B/x as it was; ? a/B/y; ? a/B/z as it was"},
    {"R18: what stands on something else and cannot be seen keeps that from being deleted",
     R"({"deleteBudget":3,"resources":{"a/B/k":{}},"records":{"a/B/k":{},"a/B/x":{},"a/B/y":{"dependsOn":["a/B/x"]},"a/B/z":{"dependsOn":["a/B/y"]},"a/B/w":{}},
      "observed":{"a/B/k":{},"a/B/x":{},"a/B/y":{},"a/B/w":{}}})",
     "delete a/B/w; ? a/B/x; ? a/B/y; ? a/B/z"},
    {"R18: what cannot be seen keeps what it stands on from being replaced",
     R"({"deleteBudget":3,"kinds":{"v/V":{"rules":[{"path":"P","replace":true}]}},
      "resources":{"v/V/v":{"desired":{"P":2}},"a/B/x":{"unobserved":true,"changed":false,"needs":["v/V/v"]},"a/B/k":{}},
      "records":{"v/V/v":{"recorded":{"P":1}},"a/B/x":{"dependsOn":["v/V/v"]},"a/B/k":{}},"observed":{"v/V/v":{"fields":{"P":1}},"a/B/k":{}}})",
     "? a/B/x as it was; ? v/V/v"},
    {"R18: what waits for something that cannot be seen keeps what it stands on from being replaced",
     R"({"deleteBudget":3,"kinds":{"v/V":{"rules":[{"path":"P","replace":true}]}},
      "resources":{"v/V/v":{"desired":{"P":2}},"a/B/w":{"unobserved":true},"a/B/x":{"changed":false,"needs":["v/V/v","a/B/w"]},"a/B/k":{}},
      "records":{"v/V/v":{"recorded":{"P":1}},"a/B/x":{"dependsOn":["v/V/v","a/B/w"]},"a/B/k":{}},
      "observed":{"v/V/v":{"fields":{"P":1}},"a/B/x":{},"a/B/k":{}}})",
     "? a/B/w; ? a/B/x as it was; ? v/V/v"},
    {"R18: so does what is paused",
     R"({"deleteBudget":3,"kinds":{"v/V":{"rules":[{"path":"P","replace":true}]}},
      "resources":{"v/V/v":{"desired":{"P":2}},"a/B/x":{"paused":true,"changed":false,"needs":["v/V/v"]},"a/B/k":{}},
      "records":{"v/V/v":{"recorded":{"P":1}},"a/B/x":{"dependsOn":["v/V/v"]},"a/B/k":{}},
      "observed":{"v/V/v":{"fields":{"P":1}},"a/B/x":{},"a/B/k":{}}})",
     "? a/B/x as it was; ? v/V/v"},
    {"R2: so does what is no target",
     R"({"targets":["v/V/v"],"deleteBudget":3,"kinds":{"v/V":{"rules":[{"path":"P","replace":true}]}},
      "resources":{"v/V/v":{"desired":{"P":2}},"a/B/x":{"changed":false,"needs":["v/V/v"]},"a/B/k":{}},
      "records":{"v/V/v":{"recorded":{"P":1}},"a/B/x":{"dependsOn":["v/V/v"]},"a/B/k":{}},
      "observed":{"v/V/v":{"fields":{"P":1}},"a/B/x":{},"a/B/k":{}}})",
     "? v/V/v"},
    {"R13: what moves is planned under its new address, and holds nothing",
     R"({"targets":["a/B/new"],"deleteBudget":3,"kinds":{"v/V":{"rules":[{"path":"P","replace":true}]}},
      "resources":{"v/V/v":{"desired":{"P":2}},"a/B/new":{"movedFrom":"a/B/old","needs":["v/V/v"]},"a/B/k":{}},
      "records":{"v/V/v":{"recorded":{"P":1}},"a/B/old":{"dependsOn":["v/V/v"]},"a/B/k":{}},
      "observed":{"v/V/v":{"fields":{"P":1}},"a/B/old":{},"a/B/new":null,"a/B/k":{}}})",
     "replace v/V/v -/+; moved a/B/new after 1"},
    {"R18: not seen, not deleted", R"({"records":{"a/B/x":{}}})", "? a/B/x"},
    {"R5: provisional is a create",
     R"({"resources":{"a/B/x":{"unobserved":true,"provisional":true,"desired":{"P":1}}}})",
     "create a/B/x"},

    // R2
    {"R2: a target brings what it needs",
     R"({"targets":["a/B/y"],"resources":{"a/B/x":{},"a/B/y":{"needs":["a/B/x"]},"a/B/z":{}},"records":{"a/B/old":{}},"observed":{"a/B/old":{}}})",
     "create a/B/x; create a/B/y after 1"},
    {"R2: a target may be a deletion",
     R"({"targets":["a/B/old"],"deleteBudget":1,"resources":{"a/B/x":{}},"records":{"a/B/old":{}},"observed":{"a/B/old":{}}})",
     "delete a/B/old"},
    {"R2: an unknown target", R"({"targets":["a/B/nope"],"resources":{"a/B/x":{}}})",
     "configuration: the target 'a/B/nope' is neither in the model nor recorded"},
    {"paused",
     R"({"resources":{"a/B/x":{"paused":true,"desired":{"P":2}}},"records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":1}}}})",
     ""},
    {"a circle", R"({"resources":{"a/B/x":{"needs":["a/B/y"]},"a/B/y":{"needs":["a/B/x"]}}})",
     "configuration: resources need each other in a circle"},
    {"what cannot be evaluated", R"({"resources":{"a/B/x":{"desired":{"P":{"$ref":"v/V/v#Id"}}}}})",
     "configuration: v/V/v has no Id"},

    // Governance (R7)
    {"R7: protection is a change of the record",
     R"({"resources":{"a/B/x":{"protect":true}},"records":{"a/B/x":{}},"observed":{"a/B/x":{}}})",
     "update a/B/x"},
    {"R6: protection outlives the annotation",
     R"({"resources":{"a/B/x":{}},"records":{"a/B/x":{"protected":true}},"observed":{"a/B/x":{}}})",
     ""},
    {"R12: adopted is retained until said otherwise",
     R"({"resources":{"a/B/x":{}},"records":{"a/B/x":{"adopted":true,"deletionPolicy":"retain"}},"observed":{"a/B/x":{}}})",
     ""},
    {"R12: said otherwise",
     R"({"resources":{"a/B/x":{"deletionPolicy":"delete"}},"records":{"a/B/x":{"adopted":true,"deletionPolicy":"retain"}},"observed":{"a/B/x":{}}})",
     "update a/B/x"},

    // R6
    {"R6: protected is not destroyed",
     R"({"deleteBudget":1,"records":{"a/B/x":{"protected":true}},"observed":{"a/B/x":{}}})",
     "policy: a/B/x is protected and would be destroyed: is in the model no more"},
    {"R6: lifting and destroying in one plan",
     R"({"kinds":{"a/B":{"rules":[{"path":"P","replace":true}]}},"deleteBudget":1,"resources":{"a/B/x":{"protect":false,"desired":{"P":2}}},"records":{"a/B/x":{"protected":true,"recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":1}}}})",
     "policy: a/B/x is protected and would be replaced: P cannot be changed in place"},
    {"R6: a parent of what is protected",
     R"({"kinds":{"k/Cluster":{"cascades":["k/Nodes"]}},"deleteBudget":2,"resources":{"k/Nodes/n":{}},
      "records":{"k/Cluster/c":{},"k/Nodes/n":{"protected":true,"dependsOn":["k/Cluster/c"]}},"observed":{"k/Cluster/c":{},"k/Nodes/n":{}}})",
     "policy: k/Nodes/n is protected and would die with k/Cluster/c"},
    {"R6: all of them", R"({"records":{"a/B/x":{},"a/B/y":{}},"observed":{"a/B/x":{},"a/B/y":{}}})",
     "policy: the plan would destroy or replace all 2 recorded resources"},
    {"R6: above the budget",
     R"({"resources":{"a/B/r":{}},"policy":{"deleteBudget":{"count":1}},"records":{"a/B/r":{},"a/B/x":{},"a/B/y":{}},"observed":{"a/B/r":{},"a/B/x":{},"a/B/y":{}}})",
     "policy: the plan would destroy or replace 2 of 3 recorded resources; the budget is 1"},
    {"R6: another number than the exact one",
     R"({"deleteBudget":3,"records":{"a/B/x":{},"a/B/y":{}},"observed":{"a/B/x":{},"a/B/y":{}}})",
     "policy: the plan would destroy or replace all 2 recorded resources"},
    {"R14: replaced only by a new kind file",
     R"({"kinds":{"a/B":{"rules":[{"path":"P","replace":true}]}},"deleteBudget":1,"resources":{"a/B/x":{"desired":{"P":1}}},"records":{"a/B/x":{"kindDigest":"sha256:older","recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":2}}}})",
     "policy: a/B/x would be replaced only because of a new kind file"},
};

TEST(BuildPlan, NamedCases) {
  for (const Case& c : kCases) {
    PlanCase built(c.input);
    EXPECT_EQ(Show(BuildPlan(built.input())), c.steps) << c.name;
  }
}

TEST(BuildPlan, R13AProtectedDependentRefusesAndShowsTheChain) {
  PlanCase built(
      R"({"kinds":{"a/A":{"rules":[{"path":"P","replace":true}]},"b/B":{"rules":[{"path":"A","replace":true}]},"c/C":{"rules":[{"path":"B","replace":true}]}},
    "resources":{"a/A/a":{"desired":{"P":2}},"b/B/b":{"desired":{"A":{"$ref":"a/A/a#Id"}}},"c/C/c":{"desired":{"B":{"$ref":"b/B/b#Id"}}}},
    "deleteBudget":3,
    "records":{"a/A/a":{"recorded":{"P":1}},"b/B/b":{"recorded":{"A":"1"}},"c/C/c":{"protected":true,"recorded":{"B":"2"}}},
    "observed":{"a/A/a":{"fields":{"P":1,"Id":"1"}},"b/B/b":{"fields":{"A":"1","Id":"2"}},"c/C/c":{"fields":{"B":"2"}}}})");
  const PlanResult result = BuildPlan(built.input());
  EXPECT_EQ(result.refusal, PlanRefusal::kPolicy);
  ASSERT_EQ(result.problems.items().size(), 1u);
  EXPECT_EQ(result.problems.items()[0].address, "c/C/c");
  EXPECT_EQ(result.problems.items()[0].detail.find("it follows from a/A/a → b/B/b → c/C/c\n"), 0u)
      << result.problems.items()[0].detail;
}

TEST(BuildPlan, R6TheErrorSaysTheExactNumber) {
  const std::string records =
      R"("records":{"a/B/x":{},"a/B/y":{}},"observed":{"a/B/x":{},"a/B/y":{}}})";
  PlanCase without("{" + records);
  const PlanResult refused = BuildPlan(without.input());
  EXPECT_EQ(refused.refusal, PlanRefusal::kPolicy);
  EXPECT_EQ(refused.problems.items()[0].detail,
            "a/B/x, a/B/y\nif that is what you want, say so: --delete-budget 2");
  PlanCase exact("{\"deleteBudget\":2," + records);
  const PlanResult made = BuildPlan(exact.input());
  ASSERT_TRUE(made.plan);
  EXPECT_EQ(made.plan->counts.destroy, 2);
  EXPECT_EQ(made.plan->delete_budget, 2);
}

TEST(BuildPlan, R7RecreationOfAProtectedOneIsDataLossAndWaits) {
  PlanCase built(
      R"({"resources":{"a/B/x":{"desired":{"P":1}}},"records":{"a/B/x":{"protected":true,"recorded":{"P":1}}},"observed":{"a/B/x":null}})");
  const PlanResult result = BuildPlan(built.input());
  ASSERT_TRUE(result.plan);
  EXPECT_EQ(result.plan->steps[0].blast, BlastClass::kDataLoss);
  EXPECT_EQ(result.plan->needs_approval.size(), 1u);
}

TEST(BuildPlan, R16ApprovalsOfBothRevisions) {
  const std::string rest = R"("deleteBudget":1,"records":{"a/B/x":{}},"observed":{"a/B/x":{}}})";
  const std::string rule =
      R"({"approvals":[{"classes":["destroy"],"count":2,"by":["uid:1","cn:b"],"notAuthor":true}]},)";
  for (const char* which : {"policy", "acceptedPolicy"}) {
    PlanCase built("{\"" + std::string(which) + "\":" + rule + rest);
    const PlanResult result = BuildPlan(built.input());
    ASSERT_TRUE(result.plan) << which;
    EXPECT_EQ(
        result.plan->needs_approval,
        std::vector<std::string>{
            "destroy of a/B/x: a policy asks for 2 approvals by uid:1, cn:b, not the author's"})
        << which;
  }
}

TEST(BuildPlan, R7HealingWaitsForAllThatIsNotSafe) {
  const auto plan = [](const char* blast, const char* mode) {
    PlanCase built(
        R"({"mode":")" + std::string(mode) + R"(","kinds":{"a/B":{"rules":[{"path":"P","class":")" +
        blast +
        R"("}]}},"resources":{"a/B/x":{"desired":{"P":1}}},"records":{"a/B/x":{"recorded":{"P":1}}},"observed":{"a/B/x":{"fields":{"P":2}}}})");
    return BuildPlan(built.input()).plan->needs_approval;
  };
  EXPECT_TRUE(plan("safe", "heal").empty());
  EXPECT_EQ(plan("disruptive", "heal"),
            std::vector<std::string>{"disruptive of a/B/x does not heal unattended"});
  EXPECT_TRUE(plan("disruptive", "apply").empty());
  EXPECT_EQ(plan("role-change", "apply"),
            std::vector<std::string>{"role-change of a/B/x always waits for a person"});
}

const char kRich[] =
    R"({"kinds":{"a/B":{"rules":[{"path":"V","replace":true},{"path":"W","secret":true,"writeOnly":true}]},"v/V":{"rules":[{"path":"P","replace":true}]}},
  "resources":{"a/B/x":{"component":"C1","desired":{"V":{"$ref":"v/V/v#Id"},"W":{"$tandem":"sensitive","parts":[{"secret":"env:W"}],"digest":"h","version":"3"}}},
               "v/V/v":{"desired":{"P":2}},"n/N/n":{"site":"gcp","desired":{"D":1.5}},"m/M/m":{"needs":["n/N/n"]},
               "a/B/to":{"movedFrom":"a/B/from"}},
  "deleteBudget":3,
  "records":{"a/B/x":{"recorded":{"V":"v1"},"dependsOn":["v/V/v"]},"v/V/v":{"recorded":{"P":1}},"d/D/d":{},"a/B/from":{}},
  "observed":{"a/B/x":{"fields":{"V":"v1"}},"v/V/v":{"fields":{"P":1,"Id":"v1"}},"d/D/d":{},"a/B/from":{},"a/B/to":null}})";

TEST(BuildPlan, R3SameInputSameBytes) {
  PlanCase built(kRich);
  const PlanResult first = BuildPlan(built.input());
  ASSERT_TRUE(first.plan) << Show(first);
  std::mt19937 random(7);
  for (int i = 0; i < 20; ++i) {
    std::shuffle(built.input().resources.begin(), built.input().resources.end(), random);
    for (PlannedResource& r : built.input().resources)
      std::shuffle(r.needs.begin(), r.needs.end(), random);
    const PlanResult again = BuildPlan(built.input());
    EXPECT_EQ(ToCanonicalJson(PlanToValue(*again.plan)), ToCanonicalJson(PlanToValue(*first.plan)));
  }
}

TEST(BuildPlan, R3WhatTheHashCovers) {
  const auto hash = [](const std::function<void(PlanInput&)>& change) {
    PlanCase built(kRich);
    change(built.input());
    const PlanResult result = BuildPlan(built.input());
    return result.plan ? result.plan->hash : Show(result);
  };
  const std::string plain = hash([](PlanInput&) {});
  EXPECT_EQ(plain.substr(0, 7), "sha256:");
  EXPECT_EQ(hash([](PlanInput& in) { in.created = Time(); }), plain) << "not the time";
  EXPECT_EQ(hash([](PlanInput& in) {
              Observation& o = const_cast<Observation&>(*in.observations["d/D/d"]);
              o.fields = Packed::From(Map{{"Elsewhere", 1}});
              o.state = "busy";
              o.at = Time(Duration(5));
            }),
            plain)
      << "not movement elsewhere";
  const std::pair<const char*, std::function<void(PlanInput&)>> covered[] = {
      {"platform", [](PlanInput& in) { in.platform_uid = "other"; }},
      {"accepted model", [](PlanInput& in) { in.accepted_digest = "other"; }},
      {"proposed model", [](PlanInput& in) { in.proposed_digest = "other"; }},
      {"mode", [](PlanInput& in) { in.mode = "undo"; }},
      {"versions", [](PlanInput& in) { in.versions["provider:aws"] = "2"; }},
      {"identity",
       [](PlanInput& in) { const_cast<Observation*>(in.observations["a/B/x"])->identity = "z"; }},
      {"base field",
       [](PlanInput& in) {
         const_cast<Observation*>(in.observations["v/V/v"])->fields =
             Packed::From(Map{{"P", 9}, {"Id", "v1"}});
       }},
  };
  for (const auto& [name, change] : covered) EXPECT_NE(hash(change), plain) << name;
}

TEST(Plan, JsonInPiecesIsTheJson) {
  PlanCase built(kRich);
  Plan plan = *BuildPlan(built.input()).plan;
  for (const bool with_steps : {true, false}) {
    if (!with_steps) plan.steps.clear();
    for (const size_t bytes : {size_t{1}, size_t{500}, size_t{1} << 20}) {
      std::string text;
      PlanJson json(plan);
      while (json.Next(bytes, &text)) {
      }
      EXPECT_EQ(text, ToCanonicalJson(PlanToValue(plan))) << bytes;
    }
  }
}

TEST(Plan, ComesBackFromJson) {
  PlanCase built(kRich);
  const Plan plan = *BuildPlan(built.input()).plan;
  const std::string json = ToPrettyJson(PlanToValue(plan));
  const auto back = PlanFromValue(*ParseJson(json));
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(ToPrettyJson(PlanToValue(*back)), json);
  EXPECT_EQ(back->steps.size(), plan.steps.size());
  EXPECT_EQ(back->delete_budget, 3);
}

TEST(Plan, ATamperedFileIsRefused) {
  PlanCase built(kRich);
  const Value good = PlanToValue(*BuildPlan(built.input()).plan);
  const std::pair<const char*, std::function<void(Value&)>> cases[] = {
      {"a step's address", [](Value& v) { SetAt(v, ParsePath("steps[0].address"), "a/B/other"); }},
      {"a value", [](Value& v) { SetAt(v, ParsePath("steps[1].changes[0].after"), 7); }},
      {"an action", [](Value& v) { SetAt(v, ParsePath("steps[0].action"), "delete"); }},
      {"an unknown action", [](Value& v) { SetAt(v, ParsePath("steps[0].action"), "explode"); }},
      {"a step less", [](Value& v) { EraseAt(v, ParsePath("steps[0]")); }},
      {"a member more", [](Value& v) { v.Set("approved", true); }},
      {"the budget", [](Value& v) { v.Set("deleteBudget", 99); }},
      {"the hash", [](Value& v) { v.Set("hash", "sha256:00"); }},
      {"the format", [](Value& v) { v.Set("format", "tandem.plan/2"); }},
      {"no object", [](Value& v) { v = List{}; }},
  };
  for (const auto& [name, tamper] : cases) {
    Value value = good;
    tamper(value);
    const auto read = PlanFromValue(value);
    ASSERT_FALSE(read.ok()) << name;
    EXPECT_EQ(read.status().code(), Code::kInvalidArgument) << name;
  }
}

TEST(Plan, CountsASplitReplaceOnce) {
  PlanCase built(kRich);
  const PlanCounts counts = BuildPlan(built.input()).plan->counts;
  EXPECT_EQ(counts.replace, 2);
  EXPECT_EQ(counts.create, 2);
  EXPECT_EQ(counts.destroy, 1);
  EXPECT_EQ(counts.moved, 1);
}

TEST(Plan, R15SecretsAreNeverShown) {
  PlanCase built(R"({"kinds":{"a/B":{"rules":[{"path":"W","secret":true}]}},
    "resources":{"a/B/x":{"desired":{"W":{"$tandem":"sensitive","parts":[{"secret":"env:W"}]}}}},
    "records":{"a/B/x":{"recorded":{"W":{"$tandem":"sensitive","parts":[{"secret":"env:OLD"}]}}}},
    "observed":{"a/B/x":{"fields":{"W":"hunter2"}}}})");
  const Plan plan = *BuildPlan(built.input()).plan;
  for (const std::string& form :
       {PlanToText(plan, {}), PlanToMarkdown(plan), ToCanonicalJson(PlanToValue(plan))})
    EXPECT_EQ(form.find("hunter2"), std::string::npos) << form;
  EXPECT_NE(PlanToText(plan, {}).find("W: (sensitive)"), std::string::npos);
  EXPECT_EQ(PlanToText(plan, {}).find("env:W"), std::string::npos);
  EXPECT_NE(ToCanonicalJson(PlanToValue(plan)).find("env:W"), std::string::npos) << "as its URI";
}

TEST(Base, R3NamesWhatMoved) {
  testing_support::FakeKind kind("a/B");
  FieldRule fixed;
  fixed.path = "Fixed";
  fixed.replace = true;
  FieldRule set;
  set.path = "Zones";
  set.compare = CompareMode::kSet;
  kind.With(fixed).With(set);
  const Value desired = *ParseJson(R"({"P":1,"Map":{"mine":1},"Zones":["b","a"],"New":1})");
  Observation seen;
  seen.exists = true;
  seen.identity = "i";
  seen.mark_address = "a/B/x";
  const auto fields = [](const char* json) { return Packed::From(*ParseJson(json)); };
  seen.fields =
      fields(R"({"P":0,"Map":{"mine":1,"theirs":2},"Zones":["a","b"],"Fixed":3,"Free":4})");
  const Base base =
      MakeBase(kind, &desired, nullptr, &seen, {{"v/V/v.Id", "v1"}, {"u/U/u.Id", Unknown{}}});
  EXPECT_EQ(ToCanonicalJson(base.fields),
            R"({"Fixed":3,"Map":{"mine":1},"New":null,"P":0,"Zones":["a","b"]})");
  struct MoveCase {
    const char* name;
    const char* fields;
    std::vector<std::string> moved;
  };
  const MoveCase cases[] = {
      {"not moved",
       R"({"P":0,"Map":{"mine":1,"theirs":2},"Zones":["a","b"],"Fixed":3,"Free":4})",
       {}},
      {"movement elsewhere",
       R"({"P":0,"Map":{"mine":1},"Zones":["b","a"],"Fixed":3,"Free":5,"More":1})",
       {}},
      {"a named path", R"({"P":5,"Map":{"mine":1},"Zones":["a","b"],"Fixed":3})", {"P"}},
      {"a named entry", R"({"P":0,"Map":{"mine":2},"Zones":["a","b"],"Fixed":3})", {"Map.mine"}},
      {"an immutable one", R"({"P":0,"Map":{"mine":1},"Zones":["a","b"],"Fixed":4})", {"Fixed"}},
      {"was absent", R"({"P":0,"Map":{"mine":1},"Zones":["a","b"],"Fixed":3,"New":1})", {"New"}},
      {"is absent", R"({"Map":{"mine":1},"Zones":["a","b"],"Fixed":3})", {"P"}},
  };
  for (const MoveCase& c : cases) {
    Observation now = seen;
    now.fields = fields(c.fields);
    EXPECT_EQ(MovedFields(base, kind, &now, {}), c.moved) << c.name;
  }
  EXPECT_EQ(MovedFields(base, kind, nullptr, {}), (std::vector<std::string>{"identity", "mark"}));
  EXPECT_EQ(MovedFields(base, kind, &seen, {{"v/V/v.Id", "v2"}, {"u/U/u.Id", "now known"}}),
            std::vector<std::string>{"v/V/v.Id"});
}

TEST(BuildPlan, TenThousandResources) {
  std::string resources;
  std::string records;
  std::string observed;
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "a/B/r" + std::to_string(i);
    const std::string fields =
        R"({"A":1,"B":"text of some length","C":{"D":true,"E":[1,2,3]},"Tags":{"team":"shop","env":"prod"}})";
    const std::string comma = i == 0 ? "" : ",";
    resources += comma + "\"" + name + "\":{\"desired\":" + fields +
                 (i > 0 ? ",\"needs\":[\"a/B/r" + std::to_string(i / 2) + "\"]" : "") + "}";
    records += comma + "\"" + name + "\":{\"recorded\":" + fields + "}";
    // Every tenth drifted.
    observed += comma + "\"" + name +
                "\":{\"fields\":" + (i % 10 == 0 ? std::string(R"({"A":2})") : fields) + "}";
  }
  PlanCase built("{\"resources\":{" + resources + "},\"records\":{" + records + "},\"observed\":{" +
                 observed + "}}");
  const auto start = std::chrono::steady_clock::now();
  const PlanResult result = BuildPlan(built.input());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  ASSERT_TRUE(result.plan);
  EXPECT_EQ(result.plan->counts.update, 1000);
  EXPECT_EQ(result.plan->counts.unchanged, 9000);
  RecordProperty("milliseconds", static_cast<int>(took.count()));
  // A bound for mistakes of order, not a benchmark: tests are built without optimisation.
  EXPECT_LT(took.count(), 10'000);
}

}  // namespace
}  // namespace tandem
