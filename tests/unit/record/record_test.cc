#include "tandem/record/record.h"

#include <gtest/gtest.h>

namespace tandem {
namespace {

Address At(std::string_view text) { return *Address::Parse(text); }
Time Micros(int64_t micros) { return Time(Duration(micros)); }
Packed Pack(std::string_view json) { return Packed::From(*ParseJson(json)); }

Condition FullCondition() { return {"Ready", ConditionStatus::kFalse, "Busy", "m", Micros(17), 4}; }

Record FullRecord() {
  Record r;
  r.address = At("rds.aws/DBCluster/orders");
  r.account = "aws-primary";
  r.account_spec = Pack(R"({"region":"us-east-1"})");
  r.kind_version = 3;
  r.kind_digest = "sha256:aa";
  r.identity = "orders";
  r.deposed = {{"orders-old", Pack(R"({"A":1})"), Micros(5)}, {"older", Packed(), Micros(6)}};
  r.former = {{"rds.aws/DBCluster/first", 2}, {"rds.aws/DBCluster/second", 7}};
  Sensitive secret{{{true, "env:PW"}, {false, "-x"}}, "hmac", "v2"};
  r.recorded = Packed::From(Map{{"MasterUserPassword", secret}, {"$tandem", "user's own key"}});
  r.settled = Packed::From(Value());
  r.protected_ = true;
  r.adopted = true;
  r.manage = "observe";
  r.deletion_policy = "retain";
  r.depends_on = {"ec2.aws/VPC/main", "ec2.aws/Subnet/a"};
  r.component = "AuroraCluster";
  r.site = "aws";
  r.generation = 7;
  r.run = "run-1";
  r.paused_by = "uid:0";
  return r;
}

Observation FullObservation() {
  return {At("ec2.aws/VPC/main"), "vpc-1", true,      Pack(R"({"a":[1,2.5,null]})"),     "ready",
          "ec2.aws/VPC/main",     "i-1",   Micros(9), {FullCondition(), FullCondition()}};
}

Intent FullIntent() {
  Intent i;
  i.id = "i-1";
  i.run = "run-1";
  i.step = 2;
  i.epoch = 3;
  i.address = At("core/Secret/shop/db");
  i.account = "eks";
  i.call = "update:tags";
  i.create_class = CreateClass::kTag;
  i.identity = "x";
  i.request = Pack(R"({"desired":{}})");
  i.token = "t";
  i.absent_before = true;
  i.list_before = Pack(R"(["a"])");
  i.created = Micros(1);
  i.deadline = Micros(2);
  i.state = IntentState::kQuarantined;
  i.handle = "op/1";
  i.error_class = ErrorClass::kPerhapsDone;
  i.error = "lost";
  i.outcome_identity = "y";
  i.settled = Micros(-3);
  return i;
}

template <typename T>
void ExpectRoundTrip(const T& row) {
  const Value value = ToValue(row);
  const std::string json = ToCanonicalJson(value);
  const auto parsed = ParseJson(json);
  ASSERT_TRUE(parsed.ok()) << json;
  const auto back = FromValue<T>(*parsed);
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(ToCanonicalJson(ToValue(*back)), json);
  EXPECT_EQ(ToRow(row), json);
  const auto read = FromRow<T>(json);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(ToRow(*read), json);
  // Not as it was written, and yet the same.
  const auto spaced = FromRow<T>(ToPrettyJson(value));
  ASSERT_TRUE(spaced.ok()) << spaced.status().ToString();
  EXPECT_EQ(ToRow(*spaced), json);
}

TEST(Record, EveryRowComesBackAsItWasStored) {
  ExpectRoundTrip(FullCondition());
  ExpectRoundTrip(FullRecord());
  ExpectRoundTrip(FullObservation());
  ExpectRoundTrip(FullIntent());
  ExpectRoundTrip(tandem::Run{"r", "sha256:b", PlanMode::kHeal, 1, 2, "uid:1", RunState::kStopping,
                              Micros(1), Micros(2), "m"});
  ExpectRoundTrip(StepRow{"r", 3, At("ec2.aws/VPC/main"), "replace", StepState::kVoid, 1, 2, "e",
                          Micros(1), Micros(2)});
  ExpectRoundTrip(Approval{"sha256:b", "uid:1", Micros(1), Micros(2)});
  ExpectRoundTrip(tandem::Event{9, Micros(1), "Warning", "Drifted", "a/B/c", "r", "uid:1", "m"});
  ExpectRoundTrip(Revision{4, "sha256:d", Micros(1), "uid:1", true, 2});
  ExpectRoundTrip(StoredDocument{"kind: X\n", "net.yaml", 12});
}

TEST(Record, MembersKeepTheirValues) {
  const Record r = *FromValue<Record>(*ParseJson(ToCanonicalJson(ToValue(FullRecord()))));
  EXPECT_EQ(r.address.ToString(), "rds.aws/DBCluster/orders");
  EXPECT_EQ(r.deposed.size(), 2u);
  EXPECT_EQ(r.deposed[0].identity, "orders-old");
  EXPECT_TRUE(r.deposed[1].fields.empty());
  ASSERT_EQ(r.former.size(), 2u);
  EXPECT_EQ(r.former[1].address, "rds.aws/DBCluster/second");
  EXPECT_EQ(r.former[1].until, 7);
  Record unmoved = r;
  unmoved.former.clear();
  EXPECT_EQ(ToValue(unmoved).Find("former"), nullptr);
  EXPECT_TRUE(FromValue<Record>(ToValue(unmoved)).ok()) << "a record from before there were any";
  EXPECT_EQ(r.settled.json(), "null") << "a stored null is not the same as nothing stored";
  EXPECT_TRUE(r.recorded.Unpack().Find("MasterUserPassword")->is_sensitive());
  EXPECT_TRUE(r.recorded == FullRecord().recorded);
  EXPECT_EQ(r.depends_on, FullRecord().depends_on);
  EXPECT_TRUE(r.protected_);
  const Intent i = *FromValue<Intent>(ToValue(FullIntent()));
  EXPECT_EQ(i.error_class, ErrorClass::kPerhapsDone);
  EXPECT_EQ(i.state, IntentState::kQuarantined);
  EXPECT_EQ(i.settled, Micros(-3));
}

TEST(Record, DamagedRowsAreRefusedNamingTheMember) {
  struct Case {
    const char* name;
    void (*damage)(Value&);
    const char* says;
  };
  const Case cases[] = {
      {"missing", [](Value& v) { v.edit_map().erase("token"); }, "intent: member 'token' is missing"},
      {"type", [](Value& v) { v.Set("step", "two"); }, "intent: member 'step' is not an integer"},
      {"time", [](Value& v) { v.Set("created", "now"); },
       "intent: member 'created' is not a time in microseconds"},
      {"word", [](Value& v) { v.Set("state", "asleep"); },
       "intent: member 'state' has the unknown word 'asleep'"},
      {"bool", [](Value& v) { v.Set("absentBefore", 1); },
       "intent: member 'absentBefore' is not a bool"},
      {"extra", [](Value& v) { v.Set("leaseHolder", "x"); },
       "intent: member 'leaseHolder' is not known to this version"},
      {"no object", [](Value& v) { v = List{}; }, "intent: the row is not an object"},
  };
  for (const Case& c : cases) {
    Value value = ToValue(FullIntent());
    c.damage(value);
    const auto read = FromValue<Intent>(value);
    ASSERT_FALSE(read.ok()) << c.name;
    EXPECT_EQ(read.status().code(), Code::kDataLoss) << c.name;
    EXPECT_EQ(read.status().message(), c.says) << c.name;
    EXPECT_EQ(FromRow<Intent>(ToCanonicalJson(value)).status().ToString(), read.status().ToString()) << c.name;
  }
}

TEST(Record, ARowThatIsNoJsonIsRefused) {
  const std::string row = ToRow(FullIntent());
  for (size_t size = 0; size < row.size(); ++size) {
    const auto read = FromRow<Intent>(std::string_view(row).substr(0, size));
    ASSERT_FALSE(read.ok()) << size;
    EXPECT_EQ(read.status().code(), Code::kDataLoss) << size;
  }
  EXPECT_FALSE(FromRow<Intent>(row + "}").ok());
}

TEST(Record, DamageInsideListsNamesThePath) {
  Value value = ToValue(FullRecord());
  ASSERT_TRUE(SetAt(value, ParsePath("deposed[1].identity"), 5));
  EXPECT_EQ(FromValue<Record>(value).status().message(),
            "record: member 'deposed[1].identity' is not a string");
  value = ToValue(FullRecord());
  ASSERT_TRUE(SetAt(value, ParsePath("dependsOn[0]"), true));
  EXPECT_EQ(FromValue<Record>(value).status().message(),
            "record: member 'dependsOn[0]' is not a string");
  EXPECT_EQ(FromRow<Record>(ToCanonicalJson(value)).status().message(),
            "record: member 'dependsOn[0]' is not a string");
  value = ToValue(FullRecord());
  value.Set("address", "nowhere");
  EXPECT_EQ(FromValue<Record>(value).status().code(), Code::kDataLoss);
}

TEST(Record, NamesAreFixedWords) {
  EXPECT_EQ(CreateClassName(CreateClass::kToken), "A");
  EXPECT_EQ(CreateClassName(CreateClass::kNone), "D");
  EXPECT_EQ(ErrorClassName(ErrorClass::kSignIn), "sign-in");
  EXPECT_EQ(RunStateName(RunState::kSuperseded), "superseded");
  EXPECT_EQ(StepStateName(StepState::kVerified), "verified");
  EXPECT_EQ(IntentStateName(IntentState::kOpen), "open");
  EXPECT_EQ(ConditionStatusName(ConditionStatus::kTrue), "True");
}

}  // namespace
}  // namespace tandem
