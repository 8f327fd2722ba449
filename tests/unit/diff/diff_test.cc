#include "tandem/diff/diff.h"

#include <gtest/gtest.h>

#include "tests/support/fake_kind.h"

namespace tandem {
namespace {

using testing_support::FakeKind;

FieldRule Rule(std::string path, void (*set)(FieldRule&)) {
  FieldRule rule;
  rule.path = std::move(path);
  set(rule);
  return rule;
}

/// A kind with one member for each thing a kind file can say.
FakeKind TestKind() {
  FakeKind kind("test/Thing");
  kind.With(Rule("Fixed", [](FieldRule& r) { r.replace = true; }))
      .With(Rule("Id", [](FieldRule& r) { r.computed = true; }))
      .With(Rule("Password", [](FieldRule& r) { r.secret = r.write_only = true; }))
      .With(Rule("Token", [](FieldRule& r) { r.secret = true; }))
      .With(Rule("Hint", [](FieldRule& r) { r.write_only = true; }))
      .With(Rule("Zones", [](FieldRule& r) { r.compare = CompareMode::kSet; }))
      .With(Rule("Steps", [](FieldRule& r) { r.compare = CompareMode::kOrdered; }))
      .With(Rule("Tags", [](FieldRule& r) { r.compare = CompareMode::kKeyed; r.keys = {"Key"}; r.blast = BlastClass::kSafe; }))
      .With(Rule("Rules", [](FieldRule& r) { r.compare = CompareMode::kKeyed; r.keys = {"Proto", "Port"}; r.exclusive = true; }))
      .With(Rule("Own", [](FieldRule& r) { r.exclusive = true; }))
      .With(Rule("Policy", [](FieldRule& r) { r.compare = CompareMode::kJson; }))
      .With(Rule("Host", [](FieldRule& r) { r.compare = CompareMode::kDomain; }))
      .With(Rule("Retention", [](FieldRule& r) { r.blast = BlastClass::kDisruptive; r.blast_up = BlastClass::kSafe; r.blast_down = BlastClass::kDataLoss; r.unset = UnsetMode::kValue; r.unset_value = 7; }))
      .With(Rule("Backups", [](FieldRule& r) { r.blast_up = BlastClass::kSafe; r.blast_down = BlastClass::kDataLoss; }))
      .With(Rule("Cleared", [](FieldRule& r) { r.unset = UnsetMode::kNull; }))
      .With(Rule("Called", [](FieldRule& r) { r.unset = UnsetMode::kCall; }))
      .With(Rule("Sticky", [](FieldRule& r) { r.unset = UnsetMode::kReplace; }))
      .With(Rule("Defaulted", [](FieldRule& r) { r.default_value = Value(5); }))
      .With(Rule("ByServer", [](FieldRule& r) { r.server_default = true; }));
  return kind;
}

std::string Show(const std::vector<FieldChange>& changes) {
  std::string text;
  for (const FieldChange& c : changes) {
    if (!text.empty()) text += "; ";
    text += c.path + " " + ToCanonicalJson(c.before) + "->" + ToCanonicalJson(c.after) + " " +
            std::string(ChangeReasonName(c.reason)) + " " + std::string(BlastClassName(c.blast));
    if (c.unknown) text += " unknown";
    if (c.sensitive) text += " sensitive";
    if (c.replaces) text += " replaces";
    if (!c.unset.empty()) text += " unset=" + c.unset;
  }
  return text;
}

struct Case {
  const char* name;
  const char* desired;
  const char* recorded;  // null pointer: never applied
  const char* observed;  // null pointer: not there
  const char* changes;
  bool kind_changed = false;
};

const char kSecretA[] = R"({"Password":{"$tandem":"sensitive","parts":[{"secret":"env:A"}]}})";
const char kSecretB[] = R"({"Password":{"$tandem":"sensitive","parts":[{"secret":"env:B"}]}})";
const char kSecretA1[] =
    R"({"Password":{"$tandem":"sensitive","digest":"h1","parts":[{"secret":"env:A"}],"version":"1"}})";
const char kSecretA2[] =
    R"({"Password":{"$tandem":"sensitive","digest":"h2","parts":[{"secret":"env:A"}],"version":"2"}})";
const char kToken1[] = R"({"Token":{"$tandem":"sensitive","digest":"h1","parts":[{"secret":"env:A"}]}})";
const char kToken2[] = R"({"Token":{"$tandem":"sensitive","digest":"h2","parts":[]}})";

const Case kCases[] = {
    // R4: named paths, and why.
    {"nothing differs", R"({"A":1})", R"({"A":1})", R"({"A":1})", ""},
    {"the model changed", R"({"A":2})", R"({"A":1})", R"({"A":1})", "A 1->2 model disruptive"},
    {"changed outside", R"({"A":1})", R"({"A":1})", R"({"A":3})", "A 3->1 drift disruptive"},
    {"changed in both", R"({"A":2})", R"({"A":1})", R"({"A":3})", "A 3->2 model disruptive"},
    {"the model follows what is live", R"({"A":3})", R"({"A":1})", R"({"A":3})", ""},
    {"removed outside", R"({"A":1})", R"({"A":1})", R"({})", "A null->1 drift disruptive"},
    {"newly named", R"({"A":1,"B":2})", R"({"A":1})", R"({"A":1})", "B null->2 model disruptive"},
    {"newly named and already so", R"({"A":1,"B":2})", R"({"A":1})", R"({"A":1,"B":2})", ""},
    {"named by nobody", R"({"A":1})", R"({"A":1})", R"({"A":1,"B":9,"C":{"D":1}})", ""},
    {"never applied, adopted as it is", R"({"A":1})", nullptr, R"({"A":1,"B":2})", ""},
    {"never applied, differs", R"({"A":1})", nullptr, R"({"A":2})", "A 2->1 model disruptive"},
    {"server default left alone", R"({})", R"({})", R"({"ByServer":"x"})", ""},
    {"computed is never a change", R"({"Id":"a"})", R"({})", R"({"Id":"b"})", ""},
    {"null is not named", R"({"A":null})", nullptr, R"({"A":1})", ""},
    {"one number", R"({"A":5})", R"({"A":5})", R"({"A":5.0})", ""},
    {"another type", R"({"A":5})", R"({"A":5})", R"({"A":"5"})", "A \"5\"->5 drift disruptive"},
    {"nested", R"({"A":{"B":{"C":1,"D":2}}})", R"({"A":{"B":{"C":1,"D":2}}})",
     R"({"A":{"B":{"C":1,"D":3,"E":4}}})", "A.B.D 3->2 drift disruptive"},
    {"a scalar where a map should be", R"({"A":{"B":1}})", R"({"A":{"B":1}})", R"({"A":7})",
     "A.B null->1 drift disruptive"},
    {"sorted by path", R"({"B":1,"A":1})", R"({})", R"({})",
     "A null->1 model disruptive; B null->1 model disruptive"},
    {"empty map sent and not answered", R"({"E":{}})", R"({"E":{}})", R"({})", ""},
    {"empty map not sent yet", R"({"E":{}})", R"({})", R"({})", "E null->{} model disruptive"},
    {"empty list against a full one", R"({"Zones":[]})", R"({"Zones":[]})", R"({"Zones":["a"]})",
     "Zones [\"a\"]->[] drift disruptive"},

    // Immutable paths.
    {"immutable changes", R"({"Fixed":2})", R"({"Fixed":1})", R"({"Fixed":1})",
     "Fixed 1->2 model replace replaces"},
    {"immutable below", R"({"Fixed":{"X":2}})", R"({"Fixed":{"X":1}})", R"({"Fixed":{"X":1}})",
     "Fixed.X 1->2 model replace replaces"},
    {"immutable at creation", R"({"Fixed":2})", nullptr, nullptr, "Fixed null->2 model create"},

    // R5: unknowns.
    {"unknown on what exists", R"({"A":{"$tandem":"unknown","type":"string","source":"x/Y/z.Id"}})",
     R"({"A":"old"})", R"({"A":"old"})",
     "A \"old\"->{\"$tandem\":\"unknown\",\"source\":\"x/Y/z.Id\",\"type\":\"string\"} reference "
     "disruptive unknown"},
    {"unknown on an immutable path",
     R"({"Fixed":{"$tandem":"unknown","type":"any","source":"s"}})", R"({"Fixed":1})",
     R"({"Fixed":1})",
     "Fixed 1->{\"$tandem\":\"unknown\",\"source\":\"s\",\"type\":\"any\"} reference replace "
     "unknown replaces"},
    {"unknown inside a list", R"({"Zones":["a",{"$tandem":"unknown","type":"any","source":"s"}]})",
     R"({"Zones":["a"]})", R"({"Zones":["a"]})",
     "Zones [\"a\"]->[\"a\",{\"$tandem\":\"unknown\",\"source\":\"s\",\"type\":\"any\"}] reference "
     "disruptive unknown"},

    // Creation.
    {"created whole", R"({"A":{"B":1,"C":"x"},"Zones":["b"]})", nullptr, nullptr,
     "A.B null->1 model create; A.C null->\"x\" model create; Zones null->[\"b\"] model create"},
    {"created again", R"({"A":1})", R"({"A":1,"B":2})", nullptr, "A null->1 model create"},

    // Unset (R4).
    {"released", R"({})", R"({"A":1})", R"({"A":1})", "A 1->1 unset safe unset=released"},
    {"released and gone", R"({})", R"({"A":1})", R"({})", ""},
    {"unset to null", R"({})", R"({"Cleared":1})", R"({"Cleared":1})",
     "Cleared 1->null unset disruptive unset=null"},
    {"unset by expression", R"({"Cleared":null})", R"({"Cleared":1})", R"({"Cleared":1})",
     "Cleared 1->null unset disruptive unset=null"},
    {"already null", R"({})", R"({"Cleared":1})", R"({"Cleared":null})", ""},
    {"unset to a value", R"({})", R"({"Retention":30})", R"({"Retention":30})",
     "Retention 30->7 unset data-loss unset=value"},
    {"unset to a value that is there", R"({})", R"({"Retention":30})", R"({"Retention":7})", ""},
    {"unset by a call", R"({})", R"({"Called":1})", R"({"Called":1})",
     "Called 1->null unset disruptive unset=call"},
    {"unset by replacing", R"({})", R"({"Sticky":1})", R"({"Sticky":1})",
     "Sticky 1->null unset replace replaces unset=replace"},
    {"unset a secret", R"({})", kSecretA, R"({})",
     "Password {\"$tandem\":\"sensitive\",\"parts\":[{\"secret\":\"env:A\"}]}->"
     "{\"$tandem\":\"sensitive\",\"parts\":[{\"secret\":\"env:A\"}]} unset safe sensitive "
     "unset=released"},

    // Maps and keyed lists compare per entry.
    {"foreign map entries stay", R"({"Labels":{"a":"1"}})", R"({"Labels":{"a":"1"}})",
     R"({"Labels":{"a":"1","theirs":"2"}})", ""},
    {"our map entry goes", R"({"Labels":{"a":"1"}})", R"({"Labels":{"a":"1","b":"2"}})",
     R"({"Labels":{"a":"1","b":"2","theirs":"3"}})",
     "Labels.b \"2\"->null unset disruptive unset=null"},
    {"all our map entries go", R"({})", R"({"Labels":{"a":"1","b":"2"}})",
     R"({"Labels":{"a":"1","theirs":"3"}})", "Labels.a \"1\"->null unset disruptive unset=null"},
    {"keys outside plain text", R"({"Labels":{"app.io/x":"1"}})", R"({"Labels":{"app.io/x":"1"}})",
     R"({"Labels":{}})", "Labels[\"app.io/x\"] null->\"1\" drift disruptive"},
    {"exclusive map", R"({"Own":{"a":"1"}})", R"({"Own":{"a":"1"}})",
     R"({"Own":{"a":"1","theirs":"2"}})", "Own.theirs \"2\"->null drift disruptive unset=null"},
    {"exclusive map leaves the mark", R"({"Own":{"a":"1"}})", R"({"Own":{"a":"1"}})",
     R"({"Own":{"a":"1","tandem:platform":"u"}})", ""},
    {"keyed in another order", R"({"Tags":[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]})",
     R"({"Tags":[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]})",
     R"({"Tags":[{"Key":"b","Value":"2"},{"Key":"z","Value":"9"},{"Key":"a","Value":"1"}]})", ""},
    {"keyed entry changes", R"({"Tags":[{"Key":"a","Value":"2"}]})",
     R"({"Tags":[{"Key":"a","Value":"1"}]})", R"({"Tags":[{"Key":"z"},{"Key":"a","Value":"1"}]})",
     "Tags.a.Value \"1\"->\"2\" model disruptive"},
    {"keyed entry is new", R"({"Tags":[{"Key":"a","Value":"2"}]})", R"({})", R"({"Tags":[]})",
     "Tags.a null->{\"Key\":\"a\",\"Value\":\"2\"} model safe"},
    {"keyed entry goes", R"({"Tags":[]})", R"({"Tags":[{"Key":"a","Value":"1"}]})",
     R"({"Tags":[{"Key":"a","Value":"1"},{"Key":"z","Value":"2"}]})",
     "Tags.a {\"Key\":\"a\",\"Value\":\"1\"}->null unset safe unset=null"},
    {"keyed list goes", R"({})", R"({"Tags":[{"Key":"a","Value":"1"}]})",
     R"({"Tags":[{"Key":"a","Value":"1"},{"Key":"z","Value":"2"}]})",
     "Tags.a {\"Key\":\"a\",\"Value\":\"1\"}->null unset safe unset=null"},
    {"exclusive keyed by two members", R"({"Rules":[{"Proto":"tcp","Port":443}]})",
     R"({"Rules":[{"Proto":"tcp","Port":443}]})",
     R"({"Rules":[{"Proto":"tcp","Port":443},{"Proto":"tcp","Port":22}]})",
     "Rules[\"tcp/22\"] {\"Port\":22,\"Proto\":\"tcp\"}->null drift disruptive unset=null"},
    {"one key twice", R"({"Tags":[{"Key":"a","Value":"1"},{"Key":"a","Value":"2"}]})", nullptr,
     R"({"Tags":[{"Key":"a","Value":"1"}]})",
     "Tags[\"a#2\"] null->{\"Key\":\"a\",\"Value\":\"2\"} model safe"},

    // Sets and ordered lists are wholly ours.
    {"set in another order", R"({"Zones":["a","b"]})", R"({"Zones":["a","b"]})",
     R"({"Zones":["b","a"]})", ""},
    {"set with one more", R"({"Zones":["a"]})", R"({"Zones":["a"]})", R"({"Zones":["a","b"]})",
     "Zones [\"a\",\"b\"]->[\"a\"] drift disruptive"},
    {"set of objects, members of the server's own", R"({"Zones":[{"N":"b"},{"N":"a"}]})",
     R"({"Zones":[{"N":"b"},{"N":"a"}]})", R"({"Zones":[{"N":"a","B":1},{"N":"b","A":2}]})", ""},
    {"ordered in another order", R"({"Steps":["a","b"]})", R"({"Steps":["a","b"]})",
     R"({"Steps":["b","a"]})", "Steps [\"b\",\"a\"]->[\"a\",\"b\"] drift disruptive"},
    {"member of an item given up", R"({"Steps":[{"A":1}]})", R"({"Steps":[{"A":1,"X":2}]})",
     R"({"Steps":[{"A":1,"X":2}]})",
     "Steps [{\"A\":1,\"X\":2}]->[{\"A\":1}] model disruptive"},
    {"member of an item already gone", R"({"Steps":[{"A":1}]})", R"({"Steps":[{"A":1,"X":2}]})",
     R"({"Steps":[{"A":1}]})", ""},

    // Canonical forms.
    {"JSON is compared as JSON", R"({"Policy":"{\"a\": 1, \"b\": [2]}"})", nullptr,
     R"({"Policy":"{\"b\":[2],\"a\":1}"})", ""},
    {"domain names", R"({"Host":"Shop.Example"})", nullptr, R"({"Host":"shop.example"})", ""},

    // Write-only and secret paths.
    {"write-only as sent", R"({"Hint":"x"})", R"({"Hint":"x"})", R"({})", ""},
    {"write-only changes", R"({"Hint":"y"})", R"({"Hint":"x"})", R"({})",
     "Hint \"x\"->\"y\" model disruptive"},
    {"R15: same recipe, nothing known yet", kSecretA, kSecretA, R"({})", ""},
    {"R15: same recipe, record knows more", kSecretA, kSecretA1, R"({})", ""},
    {"R15: another recipe", kSecretB, kSecretA, R"({})",
     "Password {\"$tandem\":\"sensitive\",\"parts\":[{\"secret\":\"env:A\"}]}->"
     "{\"$tandem\":\"sensitive\",\"parts\":[{\"secret\":\"env:B\"}]} model disruptive sensitive"},
    {"R15: the secret was rotated", kSecretA2, kSecretA1, R"({})",
     "Password {\"$tandem\":\"sensitive\",\"digest\":\"h1\",\"parts\":[{\"secret\":\"env:A\"}],"
     "\"version\":\"1\"}->{\"$tandem\":\"sensitive\",\"digest\":\"h2\",\"parts\":[{\"secret\":"
     "\"env:A\"}],\"version\":\"2\"} model disruptive sensitive"},
    {"R15: a list of secrets that has not changed, before its digests are taken",
     R"({"Token":[{"$tandem":"sensitive","parts":[{"secret":"env:A"}]}]})",
     R"({"Token":[{"$tandem":"sensitive","digest":"h1","parts":[{"secret":"env:A"}]}]})", R"({})", ""},
    {"R15: what is live is another secret", kToken1, kToken1, kToken2,
     "Token {\"$tandem\":\"sensitive\",\"digest\":\"h2\",\"parts\":[]}->{\"$tandem\":\"sensitive\","
     "\"digest\":\"h1\",\"parts\":[{\"secret\":\"env:A\"}]} drift disruptive sensitive"},
    {"R15: plaintext that is live is never carried on", kToken2, kToken1,
     R"({"Token":"hunter2"})",
     "Token null->{\"$tandem\":\"sensitive\",\"digest\":\"h2\",\"parts\":[]} model disruptive "
     "sensitive"},
    {"R15: a literal at a secret path is not shown", R"({"Token":"hunter2"})", nullptr, nullptr,
     "Token null->{\"$tandem\":\"sensitive\",\"parts\":[]} model create sensitive"},

    // R7: direction.
    {"a switch turned on", R"({"Backups":true})", R"({})", R"({})", "Backups null->true model safe"},
    {"a switch turned off", R"({"Backups":false})", R"({"Backups":true})", R"({"Backups":true})",
     "Backups true->false model data-loss"},
    {"retention up", R"({"Retention":30})", R"({"Retention":7})", R"({"Retention":7})",
     "Retention 7->30 model safe"},
    {"retention down", R"({"Retention":1})", R"({"Retention":7})", R"({"Retention":7})",
     "Retention 7->1 model data-loss"},
    {"retention as text", R"({"Retention":"100"})", R"({"Retention":"900"})",
     R"({"Retention":"900"})", "Retention \"900\"->\"100\" model data-loss"},
    {"direction not known", R"({"Retention":{"$tandem":"unknown","type":"int","source":"s"}})",
     R"({"Retention":7})", R"({"Retention":7})",
     "Retention 7->{\"$tandem\":\"unknown\",\"source\":\"s\",\"type\":\"int\"} reference data-loss "
     "unknown"},

    // R14: a new kind file.
    {"seen by a new kind file", R"({"A":1})", R"({"A":1})", R"({"A":2})",
     "A 2->1 kind disruptive", true},
    {"default of a new kind file", R"({"A":1,"Defaulted":5})", R"({"A":1})", R"({"A":1})",
     "Defaulted null->5 kind disruptive", true},
    {"the model's own change under a new kind file", R"({"A":2})", R"({"A":1})", R"({"A":1})",
     "A 1->2 model disruptive", true},
};

TEST(Diff, R4NamedCases) {
  const FakeKind kind = TestKind();
  for (const Case& c : kCases) {
    const Value desired = *ParseJson(c.desired);
    const Value recorded = c.recorded == nullptr ? Value() : *ParseJson(c.recorded);
    const Value observed = c.observed == nullptr ? Value() : *ParseJson(c.observed);
    DiffInput input;
    input.kind = &kind;
    input.desired = &desired;
    input.recorded = c.recorded == nullptr ? nullptr : &recorded;
    input.observed = c.observed == nullptr ? nullptr : &observed;
    input.kind_changed = c.kind_changed;
    EXPECT_EQ(Show(Compare(input).changes), c.changes) << c.name;
  }
}

TEST(Diff, NothingDesiredIsNoDiff) {
  const FakeKind kind = TestKind();
  const Value observed = *ParseJson(R"({"A":1})");
  DiffInput input;
  input.kind = &kind;
  input.recorded = input.observed = &observed;
  EXPECT_TRUE(Compare(input).empty());
  EXPECT_EQ(Compare(input).worst(), BlastClass::kSafe);
}

TEST(Diff, FieldPolicies) {
  const FakeKind kind = TestKind();
  struct PolicyCase {
    const char* name;
    FieldPolicy policy;
    const char* desired;
    const char* recorded;
    const char* observed;
    const char* changes;
    const char* reported;
  };
  const PolicyCase cases[] = {
      {"enforce drift", FieldPolicy::kEnforce, R"({"A":1})", R"({"A":1})", R"({"A":2})",
       "A 2->1 drift disruptive", ""},
      {"observe drift", FieldPolicy::kObserve, R"({"A":1})", R"({"A":1})", R"({"A":2})", "",
       "A 2->1 drift disruptive"},
      {"observe, the model changes", FieldPolicy::kObserve, R"({"A":3})", R"({"A":1})",
       R"({"A":2})", "A 2->3 model disruptive", ""},
      {"ignore drift", FieldPolicy::kIgnore, R"({"A":1})", R"({"A":1})", R"({"A":2})", "", ""},
      {"ignore, the model changes", FieldPolicy::kIgnore, R"({"A":3})", R"({"A":1})", R"({"A":2})",
       "A 2->3 model disruptive", ""},
      {"initial-only drift", FieldPolicy::kInitialOnly, R"({"A":1})", R"({"A":1})", R"({"A":2})",
       "", ""},
      {"initial-only, the model changes", FieldPolicy::kInitialOnly, R"({"A":3})", R"({"A":1})",
       R"({"A":2})", "", ""},
      {"initial-only at creation", FieldPolicy::kInitialOnly, R"({"A":3})", nullptr, nullptr,
       "A null->3 model create", ""},
      {"ignore at creation", FieldPolicy::kIgnore, R"({"A":3})", nullptr, nullptr,
       "A null->3 model create", ""},
  };
  for (const PolicyCase& c : cases) {
    const Value desired = *ParseJson(c.desired);
    const Value recorded = c.recorded == nullptr ? Value() : *ParseJson(c.recorded);
    const Value observed = c.observed == nullptr ? Value() : *ParseJson(c.observed);
    DiffInput input;
    input.kind = &kind;
    input.desired = &desired;
    if (c.recorded != nullptr) input.recorded = &recorded;
    if (c.observed != nullptr) input.observed = &observed;
    input.policy = [&](const std::string& path) {
      return path == "A" ? c.policy : FieldPolicy::kEnforce;
    };
    const ResourceDiff diff = Compare(input);
    EXPECT_EQ(Show(diff.changes), c.changes) << c.name;
    EXPECT_EQ(Show(diff.observed_only), c.reported) << c.name;
  }
}

TEST(Diff, WorstIsTheWorstOfAll) {
  const FakeKind kind = TestKind();
  const Value desired = *ParseJson(R"({"Retention":1,"A":2,"Tags":[{"Key":"k","Value":"v"}]})");
  const Value recorded = *ParseJson(R"({"Retention":7,"A":1,"Tags":[]})");
  DiffInput input;
  input.kind = &kind;
  input.desired = &desired;
  input.recorded = input.observed = &recorded;
  EXPECT_EQ(Compare(input).worst(), BlastClass::kDataLoss);
  EXPECT_FALSE(Compare(input).replaces());
}

}  // namespace
}  // namespace tandem
