#include "tandem/plan/build.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/plan_case.h"
#include "tests/unit/plan/show_plan.h"

namespace tandem {
namespace {

using testing_support::PlanCase;
using testing_support::Show;

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
  const PlanResult result = BuildPlan(built.input());
  ASSERT_TRUE(result.plan);
  EXPECT_EQ(result.plan->counts.update, 1000);
  EXPECT_EQ(result.plan->counts.unchanged, 9000);
}

}  // namespace
}  // namespace tandem
