// What a simulated cloud does: objects from create to gone, create classes, faults, ledger,
// restarts.
#include <gtest/gtest.h>

#include <set>

#include "tests/support/sim_cloud.h"

namespace tandem {
namespace {

using testing::PackedJson;
using testing::SimCloud;

constexpr const char* kNetwork = R"({"CidrBlock":"10.0.0.0/16"})";

Fault MakeFault(FaultType type, const std::string& target = "") {
  Fault fault;
  fault.type = type;
  fault.target = target;
  return fault;
}

TEST(SimLife, AnObjectIsBusyThenReadyThenDeletingThenGone) {
  SimCloud cloud;
  const ApplyAnswer made = cloud.Create("net.sim/Network/a", kNetwork);
  ASSERT_TRUE(made.error.ok) << made.error.message;
  EXPECT_EQ(made.identity.substr(0, 4), "net-");
  EXPECT_EQ(made.identity.size(), 21u);
  EXPECT_EQ(made.handle, "");
  ReadAnswer seen = cloud.Read("net.sim/Network", made.identity);
  EXPECT_EQ(seen.object.state, "busy");
  EXPECT_EQ(seen.object.mark, (Mark{"uid-1", "net.sim/Network/a", "intent-create-a"}));
  const Value fields = seen.object.fields.Unpack();
  EXPECT_EQ(fields.StringOr("State", ""), "pending");
  EXPECT_EQ(fields.StringOr("NetworkId", ""), made.identity);
  EXPECT_TRUE(fields.BoolOr("EnableDns", false)) << "the API's default";
  EXPECT_EQ(fields.StringOr("Arn", ""),
            "arn:sim:net:us-east-1:111122223333:network/" + made.identity);
  EXPECT_EQ(made.fields.json(), seen.object.fields.json());

  cloud.clock().Advance(std::chrono::milliseconds(3999));
  EXPECT_EQ(cloud.Read("net.sim/Network", made.identity).object.state, "busy");
  cloud.clock().Advance(std::chrono::milliseconds(1));
  seen = cloud.Read("net.sim/Network", made.identity);
  EXPECT_EQ(seen.object.state, "ready");
  EXPECT_EQ(seen.object.fields.Unpack().StringOr("State", ""), "available");

  ASSERT_TRUE(cloud.Delete("net.sim/Network/a", made.identity).error.ok);
  seen = cloud.Read("net.sim/Network", made.identity);
  EXPECT_EQ(seen.object.state, "busy");
  EXPECT_EQ(seen.object.fields.Unpack().StringOr("State", ""), "deleting");
  cloud.clock().Advance(std::chrono::seconds(2));
  EXPECT_EQ(cloud.Read("net.sim/Network", made.identity).error.error_class, ErrorClass::kGone);
  EXPECT_TRUE(cloud.provider().Objects().empty());
}

TEST(SimLife, LongCallsHaveHandles) {
  SimCloud cloud({.seed = 1, .scale = 10});
  const ApplyAnswer made = cloud.Create("db.sim/Cluster/c", R"({"Engine":"pg","Password":"hush"})");
  ASSERT_TRUE(made.error.ok) << made.error.message;
  ASSERT_NE(made.handle, "");
  EXPECT_EQ(made.poll_after, std::chrono::minutes(1)) << "10 simulated minutes, ten times as fast";
  PollAnswer poll = cloud.Poll("db.sim/Cluster", made.handle);
  EXPECT_FALSE(poll.done);
  EXPECT_EQ(poll.poll_after, made.poll_after);
  cloud.clock().Advance(poll.poll_after);
  poll = cloud.Poll("db.sim/Cluster", made.handle);
  EXPECT_TRUE(poll.done);
  EXPECT_TRUE(poll.error.ok);
  EXPECT_EQ(poll.identity, made.identity);
  EXPECT_EQ(cloud.Read("db.sim/Cluster", made.identity).object.state, "ready");

  const ApplyAnswer deleted = cloud.Delete("db.sim/Cluster/c", made.identity);
  ASSERT_NE(deleted.handle, "");
  EXPECT_EQ(deleted.poll_after, std::chrono::seconds(30)) << "5 simulated minutes";
  cloud.clock().Advance(std::chrono::minutes(1));
  EXPECT_TRUE(cloud.Poll("db.sim/Cluster", deleted.handle).done);
  EXPECT_TRUE(cloud.Poll("db.sim/Cluster", deleted.handle).error.ok);
  EXPECT_EQ(cloud.Poll("db.sim/Cluster", made.handle).error.error_class, ErrorClass::kGone);
  EXPECT_FALSE(cloud.Poll("db.sim/Cluster", "nonsense").error.ok);
}

TEST(SimLife, WriteOnlyMembersAreNowhere) {
  SimCloud cloud;
  const std::string id = cloud.Made("db.sim/Cluster/c", R"({"Engine":"pg","Password":"hush"})");
  EXPECT_EQ(cloud.Read("db.sim/Cluster", id).object.fields.json().find("hush"), std::string::npos);
  ASSERT_TRUE(cloud
                  .Update("db.sim/Cluster/c", "all", id, R"({"Engine":"pg","Password":"hush2"})",
                          {"Password"})
                  .error.ok);
  ASSERT_TRUE(cloud.journal()
                  .Replay([](std::string_view line) {
                    EXPECT_EQ(line.find("hush"), std::string_view::npos);
                    return OkStatus();
                  })
                  .ok());
}

TEST(SimLife, R9ClassATokenMakesOneObject) {
  SimCloud cloud;
  ApplyRequest request = SimCloud::Request("db.sim/Cluster/c", "create", R"({"Engine":"pg"})");
  request.token = "token-1";
  const ApplyAnswer first = cloud.Apply(request);
  const ApplyAnswer again = cloud.Apply(request);
  EXPECT_TRUE(again.error.ok);
  EXPECT_EQ(again.identity, first.identity);
  EXPECT_EQ(again.handle, first.handle);
  EXPECT_EQ(cloud.provider().Effects().size(), 1u);
  cloud.Restart();
  cloud.OpenAccount("main", R"({"accountId":"111122223333"})");
  EXPECT_EQ(cloud.Apply(request).identity, first.identity);
  request.token = "token-2";
  EXPECT_NE(cloud.Apply(request).identity, first.identity);
}

TEST(SimLife, R9ClassBCarriesTheIntentAtOnce) {
  SimCloud cloud;
  cloud.Create("net.sim/Network/a", kNetwork);
  cloud.Create("net.sim/Network/a", kNetwork);
  const ListAnswer list = cloud.List("net.sim/Network");
  ASSERT_EQ(list.objects.size(), 2u) << "nothing but the caller prevents a second one";
  for (const LiveObject& object : list.objects) EXPECT_EQ(object.mark.intent, "intent-create-a");
}

TEST(SimLife, R9ClassDMakesDuplicates) {
  SimCloud cloud;
  const std::string one = cloud.Made("queue.sim/Queue/q", R"({"Depth":1})");
  const std::string two = cloud.Made("queue.sim/Queue/q", R"({"Depth":1})");
  EXPECT_NE(one, two);
  EXPECT_EQ(cloud.List("queue.sim/Queue").objects.size(), 2u);
}

TEST(SimLife, IdentitiesAreMadeOfDefaultsAndParts) {
  SimCloud cloud;
  EXPECT_EQ(cloud.Made("iam.sim/Policy/p", "{}"), "arn:sim:iam::111122223333:policy/p");
  EXPECT_EQ(cloud.Made("iam.sim/Policy/q", R"({"Path":"/team/"})"),
            "arn:sim:iam::111122223333:policy/team/q");
  const std::string one = cloud.Made("dns.sim/Zone/one", R"({"Name":"one"})");
  const std::string two = cloud.Made("dns.sim/Zone/two", R"({"Name":"two"})");
  const auto alias = [&](const std::string& zone) {
    return cloud.Create("dns.sim/Alias/a", R"({"ZoneId":")" + zone + R"(","Name":"www"})");
  };
  EXPECT_EQ(alias(one).identity, one + "|www");
  EXPECT_EQ(alias(two).identity, two + "|www");
  const ApplyAnswer again = alias(one);
  EXPECT_EQ(again.error.error_class, ErrorClass::kExists);
  EXPECT_EQ(again.error.code, "InvalidChangeBatch");
  EXPECT_EQ(cloud.Read("dns.sim/Alias", one + "|www").object.fields.Unpack().Find("id"), nullptr);
}

TEST(SimLife, NamesAreFreeAgainAfterTheDelete) {
  SimCloud cloud;
  cloud.Made("iam.sim/Role/app", R"({"Policy":"{}"})");
  ASSERT_TRUE(cloud.Delete("iam.sim/Role/app", "app").error.ok);
  EXPECT_TRUE(cloud.Create("iam.sim/Role/app", R"({"Policy":"{}"})").error.ok);
}

TEST(SimLife, CreateDoesOnlyWhatItsCallCarries) {
  SimCloud cloud;
  const std::string id =
      cloud.Made("net.sim/Network/a", R"({"CidrBlock":"10.0.0.0/16","EnableDns":false})");
  EXPECT_TRUE(cloud.Read("net.sim/Network", id).object.fields.Unpack().BoolOr("EnableDns", false));
  ASSERT_TRUE(cloud
                  .Update("net.sim/Network/a", "dns", id,
                          R"({"CidrBlock":"10.0.0.0/16","EnableDns":false})", {"EnableDns"})
                  .error.ok);
  EXPECT_FALSE(cloud.Read("net.sim/Network", id).object.fields.Unpack().BoolOr("EnableDns", true));
}

TEST(SimLife, R4UpdatesMergeEntriesAndLeaveForeignOnes) {
  SimCloud cloud;
  const std::string id = cloud.Made(
      "net.sim/Network/a",
      R"({"CidrBlock":"1","Labels":{"ours":"1","old":"1"},"Rules":[{"Name":"r1","P":1},{"Name":"r2","P":2}],"Zones":["b","a"],"Note":"n"})");
  ASSERT_TRUE(cloud.provider().Mutate("net.sim/Network/a", "Labels.theirs", "x").ok());
  ASSERT_TRUE(
      cloud
          .Update(
              "net.sim/Network/a", "rest", id,
              R"({"CidrBlock":"1","Labels":{"ours":"2"},"Rules":[{"Name":"r1","P":9},{"Name":"r3"}],"Zones":["c"]})",
              {"Labels", "Rules", "Zones[0]", "Note"},
              R"({"Labels":{"ours":"1","old":"1"},"Rules":[{"Name":"r1","P":1}],"Note":"n"})")
          .error.ok);
  const Value fields = cloud.Read("net.sim/Network", id).object.fields.Unpack();
  EXPECT_EQ(ToCanonicalJson(*fields.Find("Labels")), R"({"ours":"2","theirs":"x"})");
  EXPECT_EQ(ToCanonicalJson(*fields.Find("Rules")),
            R"([{"Name":"r1","P":9},{"Name":"r2","P":2},{"Name":"r3"}])");
  EXPECT_EQ(ToCanonicalJson(*fields.Find("Zones")), R"(["c"])");
  EXPECT_EQ(fields.Find("Note"), nullptr) << "unset: null";
}

TEST(SimLife, R4GivenUpAsAWholeOnlyTheEntriesOfOursGo) {
  SimCloud cloud;
  const std::string id = cloud.Made(
      "net.sim/Network/a",
      R"({"CidrBlock":"1","Labels":{"ours":"1"},"Rules":[{"Name":"ours"},{"Name":"theirs"}]})");
  ASSERT_TRUE(cloud.provider().Mutate("net.sim/Network/a", "Labels.theirs", "x").ok());
  ASSERT_TRUE(cloud
                  .Update("net.sim/Network/a", "rest", id, R"({"CidrBlock":"1"})",
                          {"Labels.ours", "Rules[0]"},
                          R"({"CidrBlock":"1","Labels":{"ours":"1"},"Rules":[{"Name":"ours"}]})")
                  .error.ok);
  const Value fields = cloud.Read("net.sim/Network", id).object.fields.Unpack();
  EXPECT_EQ(ToCanonicalJson(*fields.Find("Labels")), R"({"theirs":"x"})");
  EXPECT_EQ(ToCanonicalJson(*fields.Find("Rules")), R"([{"Name":"theirs"}])");
}

TEST(SimLife, UnsetGivesTheValueOfTheKindFile) {
  SimCloud cloud;
  const std::string id = cloud.Made("net.sim/Network/a", kNetwork);
  ASSERT_TRUE(cloud.provider().Mutate("net.sim/Network/a", "EnableDns", false).ok());
  ASSERT_TRUE(cloud.Update("net.sim/Network/a", "dns", id, kNetwork, {"EnableDns"}).error.ok);
  EXPECT_TRUE(cloud.Read("net.sim/Network", id).object.fields.Unpack().BoolOr("EnableDns", false));
}

TEST(SimLife, CascadesTakeTheirChildrenAlong) {
  SimCloud cloud;
  const std::string cluster = cloud.Made("db.sim/Cluster/c", R"({"Engine":"pg"})");
  const std::string instance =
      cloud.Made("db.sim/Instance/i", R"({"ClusterId":")" + cluster + R"("})");
  ASSERT_TRUE(cloud.Delete("db.sim/Cluster/c", cluster).error.ok);
  cloud.clock().Advance(std::chrono::minutes(5));
  EXPECT_EQ(cloud.Read("db.sim/Instance", instance).error.error_class, ErrorClass::kGone);
  const std::vector<SimEffect> effects = cloud.provider().Effects();
  ASSERT_EQ(effects.size(), 4u);
  EXPECT_EQ(effects[3].operation, "delete");
  EXPECT_EQ(effects[3].key.identity, instance);
  EXPECT_EQ(effects[3].address, "db.sim/Instance/i");
}

TEST(SimList, PagesAreWholeWhateverComesAndGoesBetween) {
  SimCloud cloud;
  std::set<std::string> made;
  for (int i = 0; i < 8; ++i) {
    made.insert(cloud.Create("net.sim/Network/n" + std::to_string(i), kNetwork).identity);
  }
  cloud.clock().Advance(std::chrono::minutes(1));
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const ListAnswer page = cloud.List("net.sim/Network", {}, token);
    ASSERT_TRUE(page.error.ok);
    EXPECT_TRUE(page.complete);
    EXPECT_FALSE(page.names_only);
    EXPECT_LE(page.objects.size(), 3u);
    for (const LiveObject& object : page.objects) EXPECT_TRUE(seen.insert(object.identity).second);
    token = page.next_page_token;
    if (++pages == 1) {
      // The object that the token names goes away.
      ASSERT_TRUE(cloud.Delete("net.sim/Network/x", token).error.ok);
      cloud.clock().Advance(std::chrono::minutes(1));
    }
  } while (!token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen, made);
}

TEST(SimList, NamesOnlyAndParents) {
  SimCloud cloud;
  cloud.Made("iam.sim/Role/app", R"({"Policy":"{}"})");
  const ListAnswer roles = cloud.List("iam.sim/Role");
  EXPECT_TRUE(roles.names_only);
  ASSERT_EQ(roles.objects.size(), 1u);
  EXPECT_EQ(roles.objects[0].identity, "app");
  EXPECT_EQ(roles.objects[0].fields.json(), "{}");

  const std::string one = cloud.Made("dns.sim/Zone/one", R"({"Name":"one"})");
  const std::string two = cloud.Made("dns.sim/Zone/two", R"({"Name":"two"})");
  for (const std::string& zone : {one, two, two}) {
    cloud.Made("dns.sim/Record/r", R"({"ZoneId":")" + zone + R"(","Name":"a","Value":"1"})");
  }
  EXPECT_EQ(cloud.List("dns.sim/Record", {one}).objects.size(), 1u);
  EXPECT_EQ(cloud.List("dns.sim/Record", {two}).objects.size(), 2u);
  EXPECT_EQ(cloud.List("dns.sim/Record", {one, two}).objects.size(), 3u);
  EXPECT_TRUE(cloud.List("dns.sim/Record", {}).objects.empty());
}

TEST(SimList, NewObjectsAreSeenLate) {
  SimCloud cloud;
  const std::string network = cloud.Made("net.sim/Network/a", kNetwork);
  const std::string id = cloud
                             .Create("net.sim/Subnet/s", R"({"NetworkId":")" + network +
                                                             R"(","CidrBlock":"10.0.1.0/24"})")
                             .identity;
  EXPECT_TRUE(cloud.List("net.sim/Subnet").objects.empty());
  EXPECT_EQ(cloud.Read("net.sim/Subnet", id).error.error_class, ErrorClass::kGone);
  cloud.clock().Advance(std::chrono::seconds(5));
  EXPECT_EQ(cloud.List("net.sim/Subnet").objects.size(), 1u);
  EXPECT_TRUE(cloud.Read("net.sim/Subnet", id).error.ok);
}

TEST(SimFaults, SiteDown) {
  SimCloud cloud;
  cloud.OpenAccount("other", R"({"site":"gcp"})");
  const Result<int64_t> id = cloud.provider().AddFault(MakeFault(FaultType::kSiteDown, "aws"));
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(cloud.List("net.sim/Network").error.error_class, ErrorClass::kNotDone);
  EXPECT_EQ(cloud.Create("net.sim/Network/a", kNetwork).error.error_class,
            ErrorClass::kNotDone);
  EXPECT_EQ(
      cloud.OpenAccount("main", R"({"site":"aws","accountId":"111122223333"})").error.error_class,
      ErrorClass::kNotDone);
  EXPECT_TRUE(cloud.List("net.sim/Network", {}, "", "other").error.ok);
  ASSERT_EQ(*cloud.provider().ClearFault(*id), 1);
  EXPECT_EQ(cloud.provider().ClearFault(*id).status().code(), Code::kNotFound);
  EXPECT_TRUE(cloud.OpenAccount("main", R"({"site":"aws","accountId":"111122223333"})").error.ok);
  EXPECT_TRUE(cloud.List("net.sim/Network").error.ok);
  EXPECT_TRUE(cloud.provider().Effects().empty());
}

TEST(SimFaults, ControlPlaneDown) {
  SimCloud cloud;
  ASSERT_TRUE(cloud.provider().AddFault(MakeFault(FaultType::kControlPlaneDown, "main")).ok());
  EXPECT_EQ(cloud.Create("net.sim/Network/a", kNetwork).error.error_class,
            ErrorClass::kPerhapsDone);
  EXPECT_EQ(cloud.List("net.sim/Network").error.error_class, ErrorClass::kNotDone);
  EXPECT_TRUE(cloud.provider().Effects().empty());
  EXPECT_EQ(*cloud.provider().ClearFault(0), 1);
  EXPECT_TRUE(cloud.Create("net.sim/Network/a", kNetwork).error.ok);
}

TEST(SimFaults, Throttle) {
  SimCloud cloud({.seed = 1, .scale = 2});
  Fault fault = MakeFault(FaultType::kThrottle, "main/net.sim");
  fault.rate = 2;
  ASSERT_TRUE(cloud.provider().AddFault(fault).ok());
  EXPECT_TRUE(cloud.List("net.sim/Network").error.ok);
  EXPECT_TRUE(cloud.List("net.sim/Network").error.ok);
  const CallError error = cloud.Create("net.sim/Network/a", kNetwork).error;
  EXPECT_EQ(error.error_class, ErrorClass::kThrottled);
  EXPECT_EQ(error.code, "RequestLimitExceeded");
  EXPECT_EQ(error.retry_after, std::chrono::milliseconds(250)) << "0.5 s at twice the speed";
  EXPECT_TRUE(cloud.List("iam.sim/Role").error.ok) << "another group";
  cloud.clock().Advance(error.retry_after);
  EXPECT_TRUE(cloud.Create("net.sim/Network/a", kNetwork).error.ok);
}

TEST(SimFaults, TheKindFilesOwnRate) {
  SimCloud cloud;
  const std::string zone = cloud.Made("dns.sim/Zone/z", R"({"Name":"z"})");
  int ok = 0;
  for (int i = 0; i < 8; ++i) ok += cloud.List("dns.sim/Record", {zone}).error.ok ? 1 : 0;
  EXPECT_EQ(ok, 5);
}

TEST(SimFaults, LostRepliesAreEffectsAllTheSame) {
  SimCloud cloud;
  Fault fault = MakeFault(FaultType::kLostReplies);
  fault.probability = 1;
  ASSERT_TRUE(cloud.provider().AddFault(fault).ok());
  const ApplyAnswer answer = cloud.Create("net.sim/Network/a", kNetwork);
  EXPECT_EQ(answer.error.error_class, ErrorClass::kPerhapsDone);
  EXPECT_EQ(answer.identity, "");
  EXPECT_EQ(cloud.provider().Effects().size(), 1u);
  EXPECT_EQ(cloud.List("net.sim/Network").objects.size(), 1u) << "reads are not concerned";
}

TEST(SimFaults, LostRepliesFollowTheSeed) {
  const auto pattern = [](uint64_t seed) {
    SimCloud cloud({.seed = seed, .scale = 1});
    Fault fault = MakeFault(FaultType::kLostReplies);
    fault.probability = 0.5;
    TANDEM_CHECK(cloud.provider().AddFault(fault).ok());
    std::string lost;
    for (int i = 0; i < 40; ++i) {
      lost += cloud.Create("queue.sim/Queue/q", R"({"Depth":1})").error.ok ? '.' : 'x';
    }
    return lost;
  };
  EXPECT_EQ(pattern(7), pattern(7));
  EXPECT_NE(pattern(7), pattern(8));
  EXPECT_NE(pattern(7).find('x'), std::string::npos);
  EXPECT_NE(pattern(7).find('.'), std::string::npos);
}

TEST(SimFaults, StaleReads) {
  SimCloud cloud;
  const std::string old = cloud.Made("queue.sim/Queue/old", R"({"Depth":1})");
  Fault fault = MakeFault(FaultType::kStaleReads);
  fault.lag = std::chrono::seconds(10);
  fault.for_time = std::chrono::minutes(1);
  ASSERT_TRUE(cloud.provider().AddFault(fault).ok());
  const std::string fresh = cloud.Create("queue.sim/Queue/fresh", R"({"Depth":1})").identity;
  ASSERT_TRUE(
      cloud.Update("queue.sim/Queue/old", "all", old, R"({"Depth":2})", {"Depth"}).error.ok);
  const auto depth = [&] {
    return cloud.Read("queue.sim/Queue", old).object.fields.Unpack().IntOr("Depth", 0);
  };
  EXPECT_EQ(depth(), 1);
  EXPECT_EQ(cloud.List("queue.sim/Queue").objects.size(), 1u);
  EXPECT_EQ(cloud.Read("queue.sim/Queue", fresh).error.error_class, ErrorClass::kGone);
  cloud.clock().Advance(std::chrono::seconds(10));
  EXPECT_EQ(depth(), 2);
  EXPECT_TRUE(cloud.Read("queue.sim/Queue", fresh).error.ok);
  // What was deleted is still seen for a while.
  ASSERT_TRUE(cloud.Delete("queue.sim/Queue/fresh", fresh).error.ok);
  EXPECT_TRUE(cloud.Read("queue.sim/Queue", fresh).error.ok);
  EXPECT_EQ(cloud.List("queue.sim/Queue").objects.size(), 2u);
  cloud.clock().Advance(std::chrono::seconds(10));
  EXPECT_EQ(cloud.Read("queue.sim/Queue", fresh).error.error_class, ErrorClass::kGone);
  EXPECT_EQ(cloud.List("queue.sim/Queue").objects.size(), 1u);
  // The fault runs out by itself.
  cloud.clock().Advance(std::chrono::minutes(1));
  EXPECT_TRUE(cloud.provider().Faults().empty());
}

TEST(SimFaults, MalformedOnesAreRefused) {
  SimCloud cloud;
  std::vector<Fault> wrong{
      MakeFault(FaultType::kSiteDown),         MakeFault(FaultType::kControlPlaneDown),
      MakeFault(FaultType::kThrottle),         MakeFault(FaultType::kLostReplies),
      MakeFault(FaultType::kLostReplies, "x"), MakeFault(FaultType::kStaleReads)};
  wrong[4].probability = 0.5;
  for (const Fault& fault : wrong) {
    EXPECT_EQ(cloud.provider().AddFault(fault).status().code(), Code::kInvalidArgument)
        << FaultTypeName(fault.type);
  }
  EXPECT_TRUE(cloud.provider().Faults().empty());
}

TEST(SimOutside, ChangesHaveNoIntent) {
  SimCloud cloud;
  const std::string id = cloud.Made("net.sim/Network/a", kNetwork);
  EXPECT_TRUE(cloud.provider().Mutate("net.sim/Network/a@main", "spec.Note", "drift").ok());
  EXPECT_EQ(cloud.Read("net.sim/Network", id).object.fields.Unpack().StringOr("Note", ""), "drift");
  EXPECT_EQ(cloud.Read("net.sim/Network", id).object.mark.intent, "intent-create-a");
  EXPECT_EQ(cloud.provider().Mutate("net.sim/Network/b", "Note", "x").status().code(),
            Code::kNotFound);
  EXPECT_EQ(cloud.provider().Mutate("net.sim/Network/a@other", "Note", "x").status().code(),
            Code::kNotFound);
  EXPECT_EQ(cloud.provider().Mutate("net.sim/Network/a", "CidrBlock.x", "x").status().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(*cloud.provider().Delete("net.sim/Network/a"), 3);
  EXPECT_EQ(cloud.Read("net.sim/Network", id).error.error_class, ErrorClass::kGone);
  const std::vector<SimEffect> effects = cloud.provider().Effects();
  ASSERT_EQ(effects.size(), 3u);
  EXPECT_EQ(effects[1].operation, "update");
  EXPECT_EQ(effects[1].intent, "");
  EXPECT_EQ(effects[2].operation, "delete");
  EXPECT_EQ(effects[2].intent, "");
  EXPECT_EQ(effects[2].address, "net.sim/Network/a");
}

TEST(SimSignals, TellWhatAListWouldShow) {
  SimCloud cloud({.seed = 1, .scale = 10});
  const auto value = [&](const std::string& signal) {
    const MeasureAnswer answer = cloud.Measure(signal);
    EXPECT_TRUE(answer.error.ok) << answer.error.message;
    return answer.value;
  };
  EXPECT_EQ(value("objects"), 0);
  EXPECT_EQ(value("lag"), 0);
  cloud.Made("queue.sim/Queue/q", R"({"Depth":1})");
  const std::string network = cloud.Create("net.sim/Network/a", kNetwork).identity;
  cloud.clock().Advance(std::chrono::milliseconds(300));
  EXPECT_EQ(value("objects"), 2);
  EXPECT_EQ(value("busy"), 1) << "a network takes four simulated seconds";
  cloud.clock().Advance(std::chrono::milliseconds(200));
  EXPECT_EQ(value("busy"), 0);
  cloud.OpenAccount("other", R"({"provider":"sim","site":"aws","accountId":"42"})");
  EXPECT_EQ(cloud.Measure("objects", "other").value, 0);

  ASSERT_TRUE(cloud.Delete("net.sim/Network/a", network).error.ok);
  EXPECT_EQ(value("busy"), 1);
  cloud.clock().Advance(std::chrono::milliseconds(200));
  EXPECT_EQ(value("objects"), 1);

  Fault stale = MakeFault(FaultType::kStaleReads, "");
  stale.lag = std::chrono::seconds(3);
  ASSERT_TRUE(cloud.provider().AddFault(stale).ok());
  EXPECT_EQ(value("lag"), 3);
  const MeasureAnswer past = cloud.Measure("objects");
  EXPECT_EQ(past.value, 2) << "the network was there three simulated seconds ago";
  EXPECT_EQ(past.at, cloud.clock().Now() - std::chrono::milliseconds(300));
  EXPECT_EQ(cloud.Measure("lag").at, cloud.clock().Now());

  ASSERT_TRUE(cloud.provider().AddFault(MakeFault(FaultType::kSiteDown, "aws")).ok());
  EXPECT_EQ(cloud.Measure("lag").error.code, "SiteUnreachable");
}

TEST(SimLedger, HasTheFormOfTheSandboxCommand) {
  SimCloud cloud;
  const std::string id = cloud.Create("queue.sim/Queue/q", R"({"Depth":1})").identity;
  EXPECT_EQ(
      ToCanonicalJson(cloud.provider().Ledger()),
      R"({"effects":[{"account":"main","address":"queue.sim/Queue/q","at":"2020-09-13T12:26:40.000000Z","identity":")" +
          id +
          R"(","intent":"intent-create-q","kind":"queue.sim/Queue","operation":"create","seq":1}],"objects":[{"account":"main","address":"queue.sim/Queue/q","fields":{"Depth":1,"QueueUrl":")" +
          id + R"("},"identity":")" + id + R"(","kind":"queue.sim/Queue","state":"ready"}]})");
}

TEST(SimRestart, NothingIsLostAndNothingDiffers) {
  SimCloud cloud;
  const std::string network = cloud.Create("net.sim/Network/a", kNetwork).identity;
  cloud.clock().Advance(std::chrono::seconds(5));
  const std::string cluster = cloud.Create("db.sim/Cluster/c", R"({"Engine":"pg"})").identity;
  cloud.Made("db.sim/Cluster/c2", R"({"Engine":"pg","NetworkId":")" + network + R"("})");
  const std::string queue = cloud.Made("queue.sim/Queue/q", R"({"Depth":1})");
  ASSERT_TRUE(
      cloud.Update("queue.sim/Queue/q", "all", queue, R"({"Depth":2})", {"Depth"}).error.ok);
  ASSERT_TRUE(cloud.Delete("db.sim/Cluster/c", cluster).error.ok);
  ASSERT_TRUE(cloud.provider().AddFault(MakeFault(FaultType::kSiteDown, "gcp")).ok());
  const std::string before = ToCanonicalJson(cloud.provider().Ledger());
  cloud.Restart();
  EXPECT_EQ(ToCanonicalJson(cloud.provider().Ledger()), before);
  EXPECT_EQ(cloud.provider().Faults().size(), 1u);
  EXPECT_EQ(cloud.List("net.sim/Network").error.error_class, ErrorClass::kSignIn)
      << "a provider keeps no state";
  cloud.OpenAccount("main", R"({"provider":"sim","site":"aws","accountId":"111122223333"})");
  EXPECT_EQ(cloud.Delete("net.sim/Network/a", network).error.code, "DependencyViolation")
      << "references are known again";
}

TEST(SimRestart, TheSameCallsMakeTheSameWorld) {
  const auto run = [](uint64_t seed) {
    SimCloud cloud({.seed = seed, .scale = 1});
    for (int i = 0; i < 5; ++i) {
      cloud.Made("net.sim/Network/n" + std::to_string(i), kNetwork);
      cloud.Made("queue.sim/Queue/q", R"({"Depth":1})");
    }
    return ToCanonicalJson(cloud.provider().Ledger());
  };
  EXPECT_EQ(run(3), run(3));
  EXPECT_NE(run(3), run(4));
}

TEST(SimTime, RunsAtTheScaleAndNeverBackwards) {
  SimCloud cloud({.seed = 1, .scale = 60});
  const Time start = cloud.provider().Now();
  cloud.clock().Advance(std::chrono::seconds(1));
  EXPECT_EQ(cloud.provider().Now() - start, std::chrono::minutes(1));
  cloud.clock().Set(cloud.clock().Now() - std::chrono::hours(1));
  EXPECT_EQ(cloud.provider().Now() - start, std::chrono::minutes(1));
}

}  // namespace
}  // namespace tandem
