#include "tandem/policy/policy.h"

#include <gtest/gtest.h>

#include "tandem/codec/json.h"

namespace tandem {
namespace {

Document PolicyDocument(std::string_view spec) {
  Document document;
  document.api_version = "tandem/v1";
  document.group = "tandem";
  document.version = "v1";
  document.kind = "Policy";
  document.name = "production";
  document.body = Map{{"spec", *ParseJson(spec)}};
  return document;
}

Policy Read(std::string_view spec) {
  Diagnostics found;
  Policy policy = ReadPolicy(PolicyDocument(spec), found);
  EXPECT_TRUE(found.empty()) << FormatDiagnostics(found);
  return policy;
}

Subject Of(std::string kind, std::string site = "aws", std::string component = "") {
  const size_t slash = kind.find('/');
  return {{kind.substr(0, slash), kind.substr(slash + 1)}, site, component, {{"env", "prod"}}};
}

TEST(ReadPolicy, TakesEveryMember) {
  const Policy p = Read(R"({
    "selector": {"sites": ["aws"], "kinds": ["dynamodb.aws/*"], "components": [], "labels": {"env": "prod"}},
    "fields": [{"path": "spec.ScalingConfig.DesiredSize", "policy": "ignore"},
               {"path": "spec[\"x.y/z\"]", "policy": "initial-only"}],
    "drift": {"safe": "heal", "disruptive": "approve", "replace": "report", "destroy": "ignore"},
    "approvals": [{"classes": ["replace", "destroy"], "count": 2, "by": ["uid:1000", "cn:alice"], "notAuthor": true}],
    "deleteBudget": {"count": 5, "percent": 10}})");
  EXPECT_EQ(p.name, "production");
  EXPECT_EQ(p.selector.sites, std::vector<std::string>{"aws"});
  EXPECT_EQ(p.selector.labels.at("env"), "prod");
  ASSERT_EQ(p.fields.size(), 2u);
  EXPECT_EQ(p.fields[0].first, "ScalingConfig.DesiredSize");
  EXPECT_EQ(p.fields[0].second, FieldPolicy::kIgnore);
  EXPECT_EQ(p.fields[1].first, "[\"x.y/z\"]");
  EXPECT_EQ(p.drift.at(BlastClass::kReplace), DriftAction::kReport);
  ASSERT_EQ(p.approvals.size(), 1u);
  EXPECT_EQ(p.approvals[0].count, 2);
  EXPECT_TRUE(p.approvals[0].not_author);
  EXPECT_EQ(p.approvals[0].classes,
            (std::vector<BlastClass>{BlastClass::kDestroy, BlastClass::kReplace}));
  EXPECT_EQ(p.budget_count, 5);
  EXPECT_EQ(p.budget_percent, 10);
}

TEST(ReadPolicy, SaysEverythingThatIsWrong) {
  struct Case {
    const char* name;
    const char* spec;
    const char* summary;
    const char* detail;
  };
  const Case cases[] = {
      {"member", R"({"slector": {}})", "unknown field 'slector'", "did you mean 'selector'?"},
      {"nested member", R"({"selector": {"kind": []}})", "unknown field 'kind'",
       "did you mean 'kinds'?"},
      {"kind", R"({"selector": {"kinds": ["VPC"]}})", "'VPC' is no kind",
       "write group/Kind, or group/* for every kind of a group"},
      {"list", R"({"selector": {"sites": "aws"}})", "expected a list, not string", ""},
      {"class", R"({"drift": {"saef": "heal"}})", "'saef' is no class of change",
       "did you mean 'safe'?"},
      {"action", R"({"drift": {"safe": "fix"}})", "'fix' is no answer to drift",
       "known here: heal, approve, report, ignore"},
      {"heals too much", R"({"drift": {"destroy": "heal"}})", "'destroy' never heals unattended",
       "write approve, report or ignore"},
      {"field policy", R"({"fields": [{"path": "spec.A", "policy": "ignored"}]})",
       "'ignored' is no field policy", "did you mean 'ignore'?"},
      {"field path", R"({"fields": [{"path": "A.B", "policy": "ignore"}]})",
       "'A.B' is no path of a field", "a path begins with 'spec.', for instance spec.Tags[].Value"},
      {"no path", R"({"fields": [{"policy": "ignore"}]})", "a field policy needs a path", ""},
      {"no classes", R"({"approvals": [{"count": 1}]})", "an approval rule needs classes", ""},
      {"too few", R"({"approvals": [{"classes": ["destroy"], "count": 2, "by": ["uid:1"]}]})",
       "2 approvals are asked for, but only 1 may give one",
       "raise the number of principals or lower the count"},
      {"percent", R"({"deleteBudget": {"percent": 101}})", "101 is outside 0 to 100", ""},
      {"count", R"({"deleteBudget": {"count": "5"}})", "expected an integer, not string", ""},
  };
  for (const Case& c : cases) {
    Diagnostics found;
    ReadPolicy(PolicyDocument(c.spec), found);
    ASSERT_EQ(found.items().size(), 1u) << c.name << "\n" << FormatDiagnostics(found);
    EXPECT_EQ(found.items()[0].summary, c.summary) << c.name;
    EXPECT_EQ(found.items()[0].detail, c.detail) << c.name;
    EXPECT_EQ(found.items()[0].address, "tandem/Policy/production") << c.name;
  }
  Diagnostics found;
  ReadPolicy(PolicyDocument(R"({"x": 1, "drift": {"y": "heal"}, "deleteBudget": {"count": -1}})"),
             found);
  EXPECT_EQ(found.errors(), 3) << "all of them, not the first";
}

TEST(Selector, AllGivenMustMatch) {
  struct Case {
    const char* name;
    PolicySelector selector;
    bool selects;
  };
  const Subject subject = Of("dynamodb.aws/Table", "aws", "Orders");
  const Case cases[] = {
      {"empty selects all", {}, true},
      {"site", {{"gcp", "aws"}, {}, {}, {}}, true},
      {"other site", {{"gcp"}, {}, {}, {}}, false},
      {"kind", {{}, {"dynamodb.aws/Table"}, {}, {}}, true},
      {"group", {{}, {"dynamodb.aws/*"}, {}, {}}, true},
      {"group that only begins so", {{}, {"dynamodb/*"}, {}, {}}, false},
      {"other kind", {{}, {"dynamodb.aws/GlobalTable"}, {}, {}}, false},
      {"component", {{}, {}, {"Orders"}, {}}, true},
      {"other component", {{}, {}, {"Carts"}, {}}, false},
      {"label", {{}, {}, {}, {{"env", "prod"}}}, true},
      {"other label", {{}, {}, {}, {{"env", "test"}}}, false},
      {"missing label", {{}, {}, {}, {{"team", "a"}}}, false},
      {"one of several fails", {{"aws"}, {"dynamodb.aws/*"}, {"Carts"}, {}}, false},
  };
  for (const Case& c : cases) EXPECT_EQ(Selects(c.selector, subject), c.selects) << c.name;
}

TEST(PolicySet, R7DefaultsWithoutAnyPolicy) {
  const PolicySet none;
  const Subject subject = Of("ec2.aws/VPC");
  EXPECT_EQ(none.DriftFor(subject, BlastClass::kSafe), DriftAction::kHeal);
  EXPECT_EQ(none.DriftFor(subject, BlastClass::kCreate), DriftAction::kHeal);
  for (const BlastClass blast :
       {BlastClass::kDisruptive, BlastClass::kGovernance, BlastClass::kDataLoss,
        BlastClass::kReplace, BlastClass::kDestroy, BlastClass::kRoleChange})
    EXPECT_EQ(none.DriftFor(subject, blast), DriftAction::kApprove) << BlastClassName(blast);
  EXPECT_EQ(none.FieldFor(subject, "A"), FieldPolicy::kEnforce);
  EXPECT_TRUE(none.ApprovalsFor(subject, BlastClass::kDestroy).empty());
}

TEST(PolicySet, R6Budget) {
  struct Case {
    const char* name;
    std::vector<const char*> specs;
    int64_t recorded;
    int64_t budget;
  };
  const Case cases[] = {
      {"small", {}, 20, 5},
      {"ten percent", {}, 200, 20},
      {"never all of them", {}, 3, 2},
      {"one", {}, 1, 0},
      {"none", {}, 0, 0},
      {"count", {R"({"deleteBudget":{"count":2}})"}, 200, 2},
      {"count or percent, the larger", {R"({"deleteBudget":{"count":2,"percent":3}})"}, 200, 6},
      {"strictest policy",
       {R"({"deleteBudget":{"count":9}})", R"({"deleteBudget":{"percent":1}})"},
       200,
       2},
      {"a policy that says nothing", {R"({"drift":{}})"}, 200, 20},
      {"all of them by policy", {R"({"deleteBudget":{"percent":100}})"}, 8, 7},
  };
  for (const Case& c : cases) {
    std::vector<Policy> policies;
    for (const char* spec : c.specs) policies.push_back(Read(spec));
    EXPECT_EQ(PolicySet(policies).DeleteBudget(c.recorded), c.budget) << c.name;
  }
}

TEST(PolicySet, StrictestWins) {
  const PolicySet set(
      {Read(R"({"drift":{"disruptive":"heal"}})"),
       Read(R"({"selector":{"sites":["aws"]},"drift":{"disruptive":"report"}})"),
       Read(R"({"selector":{"kinds":["rds.aws/*"]},"drift":{"disruptive":"approve"}})")});
  EXPECT_EQ(set.DriftFor(Of("x/Y", "gcp"), BlastClass::kDisruptive), DriftAction::kHeal);
  EXPECT_EQ(set.DriftFor(Of("x/Y"), BlastClass::kDisruptive), DriftAction::kReport);
  EXPECT_EQ(set.DriftFor(Of("rds.aws/DBCluster"), BlastClass::kDisruptive), DriftAction::kApprove);
}

TEST(PolicySet, FieldPathsCoverWhatIsBelow) {
  const PolicySet set({Read(R"({"fields":[{"path":"spec.Scaling","policy":"ignore"},
      {"path":"spec.Scaling.Min","policy":"enforce"},
      {"path":"spec.Tags[].Value","policy":"observe"}]})")});
  const Subject subject = Of("x/Y");
  EXPECT_EQ(set.FieldFor(subject, "Scaling"), FieldPolicy::kIgnore);
  EXPECT_EQ(set.FieldFor(subject, "Scaling.Desired"), FieldPolicy::kIgnore);
  EXPECT_EQ(set.FieldFor(subject, "Scaling[0]"), FieldPolicy::kIgnore);
  EXPECT_EQ(set.FieldFor(subject, "ScalingUp"), FieldPolicy::kEnforce);
  EXPECT_EQ(set.FieldFor(subject, "Scaling.Min"), FieldPolicy::kEnforce) << "the nearest path";
  EXPECT_EQ(set.FieldFor(subject, "Tags[3].Value"), FieldPolicy::kObserve);
  EXPECT_EQ(set.FieldFor(subject, "Tags.Name.Value"), FieldPolicy::kObserve) << "a keyed entry";
  EXPECT_EQ(set.FieldFor(subject, "Tags.Name.Key"), FieldPolicy::kEnforce);
}

TEST(PolicySet, R16StricterJudgesWithBothSetsDefaults) {
  const PolicySet none;
  const PolicySet loose({Read(R"({"drift":{"disruptive":"heal"},"deleteBudget":{"percent":100},
      "fields":[{"path":"spec.A","policy":"ignore"}]})")});
  const PolicySet review({Read(R"({"approvals":[{"classes":["destroy"],"count":2}]})")});
  const Subject subject = Of("x/Y");
  for (const PolicySet& both :
       {PolicySet::Stricter(none, loose), PolicySet::Stricter(loose, none)}) {
    EXPECT_EQ(both.DriftFor(subject, BlastClass::kDisruptive), DriftAction::kApprove);
    EXPECT_EQ(both.DeleteBudget(100), 10);
    EXPECT_EQ(both.FieldFor(subject, "A"), FieldPolicy::kEnforce);
  }
  EXPECT_EQ(PolicySet::Stricter(none, review).ApprovalsFor(subject, BlastClass::kDestroy).size(),
            1u);
  EXPECT_EQ(PolicySet::Stricter(review, none).ApprovalsFor(subject, BlastClass::kDestroy).size(),
            1u);
  EXPECT_EQ(PolicySet::Stricter(loose, loose).DriftFor(subject, BlastClass::kDisruptive),
            DriftAction::kHeal);
  EXPECT_EQ(PolicySet::Stricter(review, PolicySet({review.policies()[0], loose.policies()[0]}))
                .ApprovalsFor(subject, BlastClass::kDestroy)
                .size(),
            1u)
      << "a rule of both sides counts once";
}

TEST(PolicySet, DigestIsOfTheContent) {
  const Policy a = Read(R"({"drift":{"safe":"report"}})");
  const Policy b = Read(R"({"drift":{"safe":"ignore"}})");
  EXPECT_EQ(PolicySet({a, b}).digest(), PolicySet({b, a}).digest());
  EXPECT_NE(PolicySet({a}).digest(), PolicySet({b}).digest());
  EXPECT_NE(PolicySet({a}).digest(), PolicySet().digest());
}

}  // namespace
}  // namespace tandem
