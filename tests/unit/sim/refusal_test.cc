// One test for each thing that a vendor refuses.
#include <gtest/gtest.h>

#include "tests/support/sim_cloud.h"

namespace tandem {
namespace {

using testing::SimCloud;

void ExpectRefused(const CallError& error, ErrorClass error_class, const std::string& code,
                   const std::string& message) {
  EXPECT_FALSE(error.ok);
  EXPECT_EQ(error.error_class, error_class) << error.message;
  EXPECT_EQ(error.code, code);
  EXPECT_NE(error.message.find(message), std::string::npos) << error.message;
}

TEST(SimRefuses, WhatTheApiDescriptionRefuses) {
  SimCloud cloud;
  struct Case {
    const char* name;
    const char* desired;
    const char* message;
  };
  const Case cases[] = {
      {"unknown member", R"({"CidrBlock":"10.0.0.0/16","Cidr":"x"})", "unknown field 'Cidr'"},
      {"wrong type", R"({"CidrBlock":7})", "'CidrBlock' must be string"},
      {"missing member", R"({"EnableDns":true})", "missing 'CidrBlock'"},
      {"computed member", R"({"CidrBlock":"10.0.0.0/16","NetworkId":"x"})", "unknown field"},
      {"no map", R"([1])", "not a map"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ExpectRefused(cloud.Create("net.sim/Network/a", c.desired).error, ErrorClass::kTerminal,
                  "InvalidParameterValue", c.message);
  }
  EXPECT_TRUE(cloud.provider().Effects().empty());
}

TEST(SimRefuses, ValuesThatWereNotResolved) {
  SimCloud cloud;
  ApplyRequest request = SimCloud::Request("net.sim/Network/a", "create");
  request.desired = Packed::From(Value(Map{{"CidrBlock", Unknown{Type::kString, "x"}}}));
  ExpectRefused(cloud.Apply(request).error, ErrorClass::kTerminal, "InvalidParameterValue",
                "not resolved");
}

TEST(SimRefuses, ChangesOfImmutableMembers) {
  SimCloud cloud;
  const std::string id = cloud.Made("net.sim/Network/a", R"({"CidrBlock":"10.0.0.0/16"})");
  ExpectRefused(
      cloud.Update("net.sim/Network/a", "rest", id, R"({"CidrBlock":"10.1.0.0/16"})", {"CidrBlock"})
          .error,
      ErrorClass::kTerminal, "InvalidParameterValue", "CidrBlock cannot be changed");
  // The same value is no change.
  EXPECT_TRUE(
      cloud.Update("net.sim/Network/a", "rest", id, R"({"CidrBlock":"10.0.0.0/16"})", {"CidrBlock"})
          .error.ok);
}

TEST(SimRefuses, DeletionOfWhatIsReferenced) {
  SimCloud cloud;
  const std::string network = cloud.Made("net.sim/Network/a", R"({"CidrBlock":"10.0.0.0/16"})");
  const std::string subnet = cloud.Made(
      "net.sim/Subnet/s", R"({"NetworkId":")" + network + R"(","CidrBlock":"10.0.1.0/24"})");
  ExpectRefused(cloud.Delete("net.sim/Network/a", network).error, ErrorClass::kWaiting,
                "DependencyViolation", "still used by net.sim/Subnet '" + subnet + "'");
  ASSERT_TRUE(cloud.Delete("net.sim/Subnet/s", subnet).error.ok);
  EXPECT_TRUE(cloud.Delete("net.sim/Network/a", network).error.ok);
}

TEST(SimRefuses, DeletionOfWhatAFieldReferences) {
  SimCloud cloud;
  cloud.Made("iam.sim/Role/app", R"({"Policy":"{}"})");
  cloud.Made("queue.sim/Queue/q", R"({"RoleArn":"arn:sim:iam::111122223333:role/app"})");
  ExpectRefused(cloud.Delete("iam.sim/Role/app", "app").error, ErrorClass::kWaiting,
                "DeleteConflict", "still used by queue.sim/Queue");
}

TEST(SimRefuses, DeletionOfAParent) {
  SimCloud cloud;
  const std::string zone = cloud.Made("dns.sim/Zone/z", R"({"Name":"shop.example"})");
  cloud.Made("dns.sim/Record/r", R"({"ZoneId":")" + zone + R"(","Name":"a","Value":"1"})");
  ExpectRefused(cloud.Delete("dns.sim/Zone/z", zone).error, ErrorClass::kWaiting,
                "HostedZoneNotEmpty", "still used by dns.sim/Record");
}

TEST(SimRefuses, DeletionOfWhatIsGuarded) {
  SimCloud cloud;
  const std::string id =
      cloud.Made("db.sim/Cluster/c", R"({"Engine":"pg","DeletionProtection":true})");
  ExpectRefused(cloud.Delete("db.sim/Cluster/c", id).error, ErrorClass::kTerminal,
                "OperationNotPermitted", "DeletionProtection forbids");
  ASSERT_TRUE(cloud
                  .Update("db.sim/Cluster/c", "all", id,
                          R"({"Engine":"pg","DeletionProtection":false})", {"DeletionProtection"})
                  .error.ok);
  cloud.clock().Advance(std::chrono::minutes(2));
  EXPECT_TRUE(cloud.Delete("db.sim/Cluster/c", id).error.ok);
}

TEST(SimRefuses, MissingReferences) {
  SimCloud cloud;
  ExpectRefused(
      cloud.Create("net.sim/Subnet/s", R"({"NetworkId":"net-0","CidrBlock":"10.0.1.0/24"})").error,
      ErrorClass::kTerminal, "InvalidNetworkID.NotFound", "net.sim/Network 'net-0'");
  ExpectRefused(cloud.Create("queue.sim/Queue/q", R"({"RoleArn":"arn:sim:iam::1:role/no"})").error,
                ErrorClass::kTerminal, "NoSuchEntity", "does not exist");
  // What the vendor brings along exists.
  EXPECT_TRUE(
      cloud.Create("queue.sim/Queue/q", R"({"RoleArn":"arn:sim:iam::sim:role/managed"})").error.ok);
}

TEST(SimRefuses, MissingReferencesInAnUpdate) {
  SimCloud cloud;
  const std::string queue = cloud.Made("queue.sim/Queue/q", R"({"Depth":1})");
  ExpectRefused(cloud
                    .Update("queue.sim/Queue/q", "all", queue,
                            R"({"Depth":1,"RoleArn":"arn:sim:iam::1:role/no"})", {"RoleArn"})
                    .error,
                ErrorClass::kTerminal, "NoSuchEntity", "does not exist");
}

TEST(SimRefuses, MissingParents) {
  SimCloud cloud;
  ExpectRefused(cloud.Create("dns.sim/Record/r", R"({"ZoneId":"Z1","Name":"a","Value":"1"})").error,
                ErrorClass::kTerminal, "NoSuchHostedZone", "ZoneId");
  ExpectRefused(cloud.Create("db.sim/Instance/i", R"({"ClusterId":"cluster-0"})").error,
                ErrorClass::kTerminal, "NotFound", "db.sim/Cluster");
}

TEST(SimRefuses, ReferencesToWhatIsNotReady) {
  SimCloud cloud;
  const std::string network =
      cloud.Create("net.sim/Network/a", R"({"CidrBlock":"10.0.0.0/16"})").identity;
  const std::string subnet = R"({"NetworkId":")" + network + R"(","CidrBlock":"10.0.1.0/24"})";
  const CallError error = cloud.Create("net.sim/Subnet/s", subnet).error;
  EXPECT_EQ(error.error_class, ErrorClass::kWaiting);
  EXPECT_NE(error.message.find("is not ready"), std::string::npos);
  cloud.clock().Advance(std::chrono::seconds(4));
  EXPECT_TRUE(cloud.Create("net.sim/Subnet/s", subnet).error.ok);
}

TEST(SimRefuses, TakenNames) {
  SimCloud cloud;
  cloud.Made("iam.sim/Role/app", R"({"Policy":"{}"})");
  const ApplyAnswer again = cloud.Create("iam.sim/Role/app", R"({"Policy":"{}"})");
  ExpectRefused(again.error, ErrorClass::kExists, "EntityAlreadyExists", "'app'");
  EXPECT_EQ(again.identity, "app");
  ExpectRefused(cloud.Create("iam.sim/Role/other", R"({"RoleName":"app","Policy":"{}"})").error,
                ErrorClass::kExists, "EntityAlreadyExists", "'app'");
  // Another account has names of its own.
  cloud.OpenAccount("second", R"({"accountId":"2"})");
  ApplyRequest request = SimCloud::Request("iam.sim/Role/app", "create", R"({"Policy":"{}"})");
  request.account = "second";
  EXPECT_TRUE(cloud.Apply(request).error.ok);
}

TEST(SimRefuses, TakenNamesOfAssignedIdentitiesWithinTheirParent) {
  SimCloud cloud;
  const std::string one = cloud.Made("db.sim/Cluster/one", R"({"Engine":"pg"})");
  const std::string two = cloud.Made("db.sim/Cluster/two", R"({"Engine":"pg"})");
  const std::string id = cloud.Made("db.sim/Instance/i", R"({"ClusterId":")" + one + R"("})");
  const ApplyAnswer again = cloud.Create("db.sim/Instance/i", R"({"ClusterId":")" + one + R"("})");
  ExpectRefused(again.error, ErrorClass::kExists, "InstanceAlreadyExists", id);
  EXPECT_TRUE(cloud.Create("db.sim/Instance/i", R"({"ClusterId":")" + two + R"("})").error.ok);
}

TEST(SimRefuses, ChangesOfWhatIsBusy) {
  SimCloud cloud;
  const std::string id =
      cloud.Create("net.sim/Network/a", R"({"CidrBlock":"10.0.0.0/16"})").identity;
  const std::string desired = R"({"CidrBlock":"10.0.0.0/16","EnableDns":false})";
  ExpectRefused(cloud.Update("net.sim/Network/a", "dns", id, desired, {"EnableDns"}).error,
                ErrorClass::kWaiting, "IncorrectState", "is busy");
  ExpectRefused(cloud.Delete("net.sim/Network/a", id).error, ErrorClass::kWaiting,
                "IncorrectState", "is busy");
  cloud.clock().Advance(std::chrono::seconds(5));
  ASSERT_TRUE(cloud.Delete("net.sim/Network/a", id).error.ok);
  ExpectRefused(cloud.Update("net.sim/Network/a", "dns", id, desired, {"EnableDns"}).error,
                ErrorClass::kWaiting, "IncorrectState", "is being deleted");
}

TEST(SimRefuses, WhatIsGone) {
  SimCloud cloud;
  ExpectRefused(cloud.Read("net.sim/Network", "net-0").error, ErrorClass::kGone,
                "InvalidNetworkID.NotFound", "does not exist");
  ExpectRefused(cloud.Delete("net.sim/Network/a", "net-0").error, ErrorClass::kGone,
                "InvalidNetworkID.NotFound", "does not exist");
  ExpectRefused(cloud
                    .Update("net.sim/Network/a", "dns", "net-0",
                            R"({"CidrBlock":"1","EnableDns":true})", {"EnableDns"})
                    .error,
                ErrorClass::kGone, "InvalidNetworkID.NotFound", "does not exist");
}

TEST(SimRefuses, OtherAccounts) {
  SimCloud cloud;
  const std::string id = cloud.Made("net.sim/Network/a", R"({"CidrBlock":"10.0.0.0/16"})");
  ExpectRefused(cloud.Read("net.sim/Network", id, "nobody").error, ErrorClass::kSignIn,
                "AccountNotOpen", "nobody");
  cloud.OpenAccount("second", R"({"accountId":"2"})");
  ExpectRefused(cloud.Read("net.sim/Network", id, "second").error, ErrorClass::kGone,
                "InvalidNetworkID.NotFound", "does not exist");
  // The name stands for one account for ever (R14).
  ExpectRefused(cloud.OpenAccount("second", R"({"accountId":"3"})").error, ErrorClass::kSignIn,
                "WrongAccount", "'3'");
  ExpectRefused(cloud.Read("net.sim/Network", id, "second").error, ErrorClass::kSignIn,
                "AccountNotOpen", "second");
  ExpectRefused(cloud.OpenAccount("third", R"({"credentials":{"source":"wishes"}})").error,
                ErrorClass::kSignIn, "InvalidCredentials", "wishes");
  ExpectRefused(cloud.OpenAccount("", "{}").error, ErrorClass::kTerminal, "InvalidAccount",
                "name");
}

TEST(SimRefuses, UnknownKindsAndCalls) {
  SimCloud cloud;
  ExpectRefused(cloud.List("net.sim/Netwrk").error, ErrorClass::kTerminal, "UnknownKind",
                "net.sim/Netwrk");
  ExpectRefused(cloud.Create("net.sim/Netwrk/a", "{}").error, ErrorClass::kTerminal,
                "UnknownKind", "net.sim/Netwrk");
  ExpectRefused(cloud.List("dns.sim/Probe").error, ErrorClass::kTerminal, "UnknownOperation",
                "cannot be listed");
  ExpectRefused(cloud.Apply(SimCloud::Request("net.sim/Network/a", "polish")).error,
                ErrorClass::kTerminal, "UnknownOperation", "polish");
  const std::string id = cloud.Made("net.sim/Network/a", R"({"CidrBlock":"10.0.0.0/16"})");
  const std::string desired = R"({"CidrBlock":"10.0.0.0/16","EnableDns":false,"Note":"x"})";
  ExpectRefused(cloud.Update("net.sim/Network/a", "dns", id, desired, {"Note"}).error,
                ErrorClass::kTerminal, "UnknownOperation", "carries none");
  ExpectRefused(cloud.Update("net.sim/Network/a", "dns", id, desired, {"EnableDns", "Note"}).error,
                ErrorClass::kTerminal, "InvalidParameterValue", "does not carry Note");
  ExpectRefused(cloud.Update("net.sim/Network/a", "dns", id, desired, {}).error,
                ErrorClass::kTerminal, "InvalidParameterValue", "changes nothing");
}

TEST(SimRefuses, CallsAfterTheirDeadline) {
  SimCloud cloud;
  ApplyRequest request =
      SimCloud::Request("net.sim/Network/a", "create", R"({"CidrBlock":"10.0.0.0/16"})");
  request.deadline = cloud.clock().Now() - std::chrono::seconds(1);
  ExpectRefused(cloud.Apply(request).error, ErrorClass::kNotDone, "DeadlineExceeded", "");
  EXPECT_TRUE(cloud.provider().Effects().empty());
}

TEST(SimRefuses, ATokenWithAnotherRequest) {
  SimCloud cloud;
  ApplyRequest request = SimCloud::Request("db.sim/Cluster/c", "create", R"({"Engine":"pg"})");
  request.token = "token-1";
  ASSERT_TRUE(cloud.Apply(request).error.ok);
  request.desired = testing::PackedJson(R"({"Engine":"mysql"})");
  ExpectRefused(cloud.Apply(request).error, ErrorClass::kTerminal,
                "IdempotentParameterMismatch", "another request");
}

TEST(SimRefuses, MarksWhereThereAreNoTags) {
  SimCloud cloud;
  const std::string zone = cloud.Made("dns.sim/Zone/z", R"({"Name":"shop.example"})");
  const std::string record =
      cloud.Made("dns.sim/Record/r", R"({"ZoneId":")" + zone + R"(","Name":"a","Value":"1"})");
  ApplyRequest request = SimCloud::Request("dns.sim/Record/r", "mark");
  request.identity = record;
  ExpectRefused(cloud.Apply(request).error, ErrorClass::kTerminal, "UnknownOperation",
                "no tags");
  EXPECT_TRUE(cloud.Read("dns.sim/Record", record).object.mark.empty());
}

}  // namespace
}  // namespace tandem
