// What the random runs (tests/sim/seeds) found, each as small as it gets: answers that make no sense, pages that
// repeat, a clock that was set, names and edges that moved.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr char kNetwork[] = R"(apiVersion: net.sim/v1
kind: Network
metadata: {name: n}
spec: {CidrBlock: 10.0.0.0/16}
---
)";
constexpr char kSubnet[] = R"(apiVersion: net.sim/v1
kind: Subnet
metadata: {name: s}
spec: {NetworkId: "${ref('net.sim/Network/n').NetworkId}", CidrBlock: 10.0.1.0/24}
---
)";
std::string Renamed(const std::string& from, const std::string& to) {
  return "apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: " + to +
         ", annotations: {tandem/moved-from: net.sim/Network/" + from + "}}\nspec: {CidrBlock: 10.0.0.0/16}\n---\n";
}

TEST(EngineWeather, AnOpenThatIsNeverAnsweredIsAskedAgain) {
  EngineRig rig;
  rig.provider->swallow_opens = 1;
  EXPECT_EQ(rig.Plan(kNetwork).plan->unobserved.size(), 1u);
  EXPECT_EQ(rig.Apply(kNetwork), "succeeded: 1 done");
}

TEST(EngineWeather, R8_APageThatLeadsToItselfIsNoCompleteList) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(kNetwork), "succeeded: 1 done");
  ASSERT_TRUE(rig.cloud->Delete("net.sim/Network/n").ok());
  rig.provider->lists = 0;
  rig.provider->on_list = [&](const ListRequest&, ListAnswer& answer) {
    if (rig.provider->lists < 10'000) answer.next_page_token = "again";
  };
  const PlanAnswer plan = rig.Plan(kNetwork);
  EXPECT_LT(rig.provider->lists, 100);
  ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message;
  EXPECT_EQ(plan.plan->unobserved.size(), 1u) << "a list that never ended proves no absence";
}

TEST(EngineWeather, R9_AnObjectThatAPageShowsTwiceIsOne) {
  EngineRig rig;
  rig.provider->lose = [&](const ApplyRequest& request) {
    return request.call == "create" && rig.Effects("create") == 0;
  };
  rig.provider->on_list = [](const ListRequest&, ListAnswer& answer) {
    const std::vector<LiveObject> twice = answer.objects;
    answer.objects.insert(answer.objects.end(), twice.begin(), twice.end());
  };
  EXPECT_EQ(rig.Apply(kNetwork), "succeeded: 1 done");
  EXPECT_EQ(rig.Effects("create"), 1);
}

// The second page of a list is held up for minutes. What the lost call made lies on the first page, which was
// read before it was there: a list that ends late enough may have begun too early.
TEST(EngineWeather, R9_AListThatBeganTooEarlyPermitsNoSecondCreate) {
  EngineRig rig;
  std::string others;
  for (const char* name : {"a", "b", "c", "d"})
    others += std::string("apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: ") + name +
              "}\nspec: {CidrBlock: 10.1.0.0/16}\n---\n";
  ASSERT_EQ(rig.Apply(others), "succeeded: 4 done");
  std::optional<ApplyRequest> lost;
  std::optional<Time> there, before, opens;
  rig.provider->answer_with = [&](const ApplyRequest& request) -> std::optional<CallError> {
    if (request.call != "create" || lost.has_value()) return std::nullopt;
    lost = request;
    opens = rig.clock.Now() + minutes(4);
    return MakeCallError(ErrorClass::kPerhapsDone, "", "connection reset");
  };
  rig.provider->on_list = [&](const ListRequest& request, ListAnswer& answer) {
    if (!lost.has_value() || request.kind.kind != "Network") return;
    const auto ours = [&](const LiveObject& object) { return object.mark.address == "net.sim/Network/n"; };
    const bool first = request.page_token.empty();
    if (!first && rig.clock.Now() < *opens) {
      answer.error = MakeCallError(ErrorClass::kThrottled, "Throttling", "slow down");
      answer.error.retry_after = *opens - rig.clock.Now();
    }
    if (first) before = there.has_value() ? std::nullopt : std::optional<Time>(rig.clock.Now());
    if (!first && before.has_value())
      answer.objects.erase(std::remove_if(answer.objects.begin(), answer.objects.end(), ours), answer.objects.end());
    if (there.has_value() || !first) return;
    there = rig.clock.Now();
    rig.cloud->Apply(*lost, [](ApplyAnswer) {});
  };
  EXPECT_EQ(rig.Apply(others + kNetwork), "succeeded: 1 done");
  ASSERT_TRUE(there.has_value());
  EXPECT_GE(rig.clock.Now(), *opens) << "nothing was held up: nothing is shown";
  EXPECT_EQ(rig.Effects("create", "net.sim/Network/n"), 1);
}

// A subnet shows in lists and reads five seconds after its create.
TEST(EngineWeather, R9_AnAnswerThatDoesNotSayWhatWasMadeMakesNothingTwice) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(kNetwork), "succeeded: 1 done");
  int spoilt = 0;
  rig.provider->on_answer = [&](ApplyAnswer& answer) {
    if (spoilt++ == 0) answer = ApplyAnswer();
  };
  EXPECT_EQ(rig.Apply(std::string(kNetwork) + kSubnet), "succeeded: 1 done");
  EXPECT_GT(spoilt, 0);
  EXPECT_EQ(rig.Effects("create", "net.sim/Subnet/s"), 1);
}

TEST(EngineWeather, R9_AReadThatMakesNoSenseMakesNothingTwice) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(kNetwork), "succeeded: 1 done");
  int spoilt = 0;
  rig.provider->on_read = [&](ReadAnswer& answer) {
    if (!answer.error.ok || answer.object.kind.kind != "Subnet" || spoilt == 3) return;
    ++spoilt;
    answer.object.identity.clear();
  };
  EXPECT_EQ(rig.Apply(std::string(kNetwork) + kSubnet), "succeeded: 1 done");
  EXPECT_EQ(spoilt, 3);
  EXPECT_EQ(rig.Effects("create", "net.sim/Subnet/s"), 1);
}

// --- a clock that was set between two daemons ---

TEST(EngineWeather, R9_AClockSetForwardBetweenTwoDaemonsMakesNothingTwice) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(kNetwork), "succeeded: 1 done");
  rig.provider->report_loss = false;
  rig.provider->lose = [](const ApplyRequest& request) { return request.call == "create"; };
  const PlanAnswer plan = rig.Plan(std::string(kNetwork) + kSubnet);
  const StartAnswer started = rig.Start(plan.plan->hash);
  rig.Until([&] { return rig.Effects("create") == 2; });
  rig.provider->lose = nullptr;
  // The next daemon cannot see the subnet yet, and by its clock everything is long over.
  rig.engine_clock.off = hours(3);
  rig.Boot();
  EXPECT_EQ(rig.Wait(started.run), "succeeded: 1 done");
  EXPECT_EQ(rig.Effects("create", "net.sim/Subnet/s"), 1);
}

TEST(EngineWeather, AClockSetBackBetweenTwoDaemonsHoldsNothingUp) {
  EngineRig rig;
  rig.provider->report_loss = false;
  rig.provider->answer_with = [](const ApplyRequest&) {
    return MakeCallError(ErrorClass::kPerhapsDone, "", "connection reset");
  };
  const PlanAnswer plan = rig.Plan(kNetwork);
  const StartAnswer started = rig.Start(plan.plan->hash);
  rig.Until([&] { return !rig.provider->calls.empty(); });
  rig.provider->answer_with = nullptr;
  rig.engine_clock.off = -hours(3);
  rig.Boot();
  EXPECT_EQ(rig.Wait(started.run, minutes(5)), "succeeded: 1 done");
}

TEST(EngineWeather, R4_AClockSetBackBetweenTwoDaemonsHidesNoDrift) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("r", "one")), "succeeded: 1 done");
  rig.engine_clock.off = -hours(3);
  rig.Boot();
  rig.Pass(minutes(5));
  ASSERT_TRUE(rig.cloud->Mutate("iam.sim/Role/r", "Policy", Value("outside")).ok());
  EXPECT_EQ(EngineRig::Steps(rig.Plan(Role("r", "one"))), "update iam.sim/Role/r");
}

// --- what nobody wants back ---

TEST(EngineWeather, R1_WhatIsRenamedAndGoneIsNotMadeUnderItsOldName) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(kNetwork + Role("r", "one")), "succeeded: 2 done");
  const std::string renamed = Renamed("n", "m") + Role("r", "one");
  const PlanAnswer plan = rig.Plan(renamed);
  ASSERT_EQ(EngineRig::Steps(plan), "moved net.sim/Network/m");
  ASSERT_TRUE(rig.cloud->Delete("net.sim/Network/n").ok());
  rig.Wait(rig.Start(plan.plan->hash).run);
  rig.Pass(hours(1));
  EXPECT_EQ(rig.Live(), std::vector<std::string>{"iam.sim/Role/r"});
  // One plan closes the old record and makes the new object.
  EXPECT_EQ(rig.Apply(renamed).substr(0, 9), "succeeded");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(renamed)), "");
  EXPECT_EQ(rig.Live(), (std::vector<std::string>{"iam.sim/Role/r", "net.sim/Network/m"}));
}

TEST(EngineWeather, R13_ARenameWhoseRunIsCancelledAfterItsMarkMakesNothing) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(kNetwork), "succeeded: 1 done");
  rig.provider->report_loss = false;
  rig.provider->lose = [](const ApplyRequest& request) { return request.call == "mark"; };
  const PlanAnswer plan = rig.Plan(Renamed("n", "m"));
  ASSERT_EQ(EngineRig::Steps(plan), "moved net.sim/Network/m");
  const StartAnswer started = rig.Start(plan.plan->hash);
  rig.Until([&] { return rig.Effects("update") == 1; });
  rig.provider->lose = nullptr;
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Cancel(started.run, "uid:1", done); }).ok());
  rig.Wait(started.run);
  rig.Pass(hours(1));
  EXPECT_EQ(rig.Effects("create"), 1) << "the object is there, under its new name";
}

TEST(EngineWeather, R10_WhatStandsOnSomethingThatIsGoneIsMadeAgainAfterIt) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(kNetwork + Role("a", "one", "tandem/depends-on: net.sim/Network/n") + Role("b", "one")),
            "succeeded: 3 done");
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/a").ok());
  ASSERT_TRUE(rig.cloud->Delete("net.sim/Network/n").ok());
  rig.Pass(hours(1));
  std::vector<std::string> made;
  for (const SimEffect& effect : rig.cloud->Effects())
    if (effect.operation == "create" && effect.address != "iam.sim/Role/b") made.push_back(effect.address);
  EXPECT_EQ(made, (std::vector<std::string>{"net.sim/Network/n", "iam.sim/Role/a", "net.sim/Network/n",
                                            "iam.sim/Role/a"}));
}

TEST(EngineWeather, R3_WhatHealingMadeAgainIsNotForgotten) {
  EngineRig rig;
  const std::string bystander = Role("b", "one");
  ASSERT_EQ(rig.Apply(bystander + kNetwork), "succeeded: 2 done");
  ASSERT_TRUE(rig.cloud->Delete("net.sim/Network/n").ok());
  // A plan that finds it gone, made while healing has only begun.
  const PlanAnswer plan = [&] {
    PlanAnswer made;
    for (int tries = 0; tries < 200; ++tries) {
      made = rig.Plan(bystander);
      if (EngineRig::Steps(made) == "forget net.sim/Network/n") break;
      rig.Pass(std::chrono::seconds(1));
    }
    return made;
  }();
  ASSERT_EQ(EngineRig::Steps(plan), "forget net.sim/Network/n");
  rig.Pass(minutes(1));
  ASSERT_EQ(rig.Effects("create", "net.sim/Network/n"), 2) << "healing was not in time: nothing is shown";
  const std::string ended = rig.Wait(rig.Start(plan.plan->hash).run);
  EXPECT_EQ(rig.Live().size(), 2u);
  EXPECT_NE(ended, "succeeded: 1 done") << "an object would be left that nobody knows of";
}

TEST(EngineWeather, R3_WhatHealingIsMakingAgainIsNotForgotten) {
  EngineRig rig;
  const std::string bystander = Role("b", "one");
  ASSERT_EQ(rig.Apply(bystander + kNetwork), "succeeded: 2 done");
  rig.Pass(minutes(5));
  const PlanAnswer plan = rig.Plan(bystander);
  ASSERT_EQ(EngineRig::Steps(plan), "delete net.sim/Network/n");
  ASSERT_TRUE(rig.cloud->Delete("net.sim/Network/n").ok());
  rig.engine->Refresh("", [](Status) {});
  ASSERT_TRUE(rig.Until([&] { return rig.Effects("create", "net.sim/Network/n") == 2; }));
  // Its call is made and its record not written: there is nothing to be seen that has moved.
  const StartAnswer started = rig.Start(plan.plan->hash);
  ASSERT_FALSE(started.run.empty()) << started.message;
  EXPECT_NE(rig.Wait(started.run), "succeeded: 1 done") << "an object is left that nobody knows of";
  EXPECT_EQ(rig.Live().size(), 2u);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(bystander)), "delete net.sim/Network/n");
}

// --- the order of deletions after a rename ---

TEST(EngineWeather, R13_WhatStoodOnARenamedResourceStillGoesBeforeIt) {
  EngineRig rig;
  const std::string bystander = Role("b", "one");
  ASSERT_EQ(rig.Apply(bystander + kNetwork + Role("a", "one", "tandem/depends-on: net.sim/Network/n")),
            "succeeded: 3 done");
  ASSERT_EQ(rig.Apply(bystander + Renamed("n", "m") + Role("a", "one", "tandem/depends-on: net.sim/Network/m")),
            "succeeded: 1 done");
  rig.Boot();
  const PlanAnswer plan = rig.Plan(bystander);
  EXPECT_EQ(EngineRig::Steps(plan), "delete iam.sim/Role/a; delete net.sim/Network/m");
  ASSERT_EQ(plan.plan->steps.size(), 2u);
  EXPECT_EQ(plan.plan->steps[1]->after, std::vector<int64_t>{1});
}

// --- a store that does not write ---

class FullStore final : public StateStore {
 public:
  explicit FullStore(StateStore* inner) : inner_(*inner) {}
  void Commit(std::vector<Write> writes, Completion<StoreRevision> done) override {
    if (full) return done(Unavailable("no space left on device"));
    if (slow) return held.push_back([this, writes = std::move(writes), done = std::move(done)] {
      inner_.Commit(writes, done);
    });
    inner_.Commit(std::move(writes), std::move(done));
  }
  void Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) override {
    inner_.Scan(std::move(prefix), std::move(after), limit, std::move(done));
  }
  void Get(std::string key, Completion<Row> done) override { inner_.Get(std::move(key), std::move(done)); }
  bool full = false;
  bool slow = false;
  std::vector<std::function<void()>> held;  // while it is slow

 private:
  StateStore& inner_;
};

TEST(EngineWeather, HealingWaitsForAStoreThatDoesNotWrite) {
  MemoryStore memory([](std::function<void()> work) { work(); });
  FullStore store(&memory);
  EngineRig rig({}, nullptr, &store);
  ASSERT_EQ(rig.Apply(Role("r", "one")), "succeeded: 1 done");
  store.full = true;
  ASSERT_TRUE(rig.cloud->Delete("iam.sim/Role/r").ok());
  rig.Pass(hours(1));
  EXPECT_TRUE(rig.Live().empty()) << "no call without a durable intent";
  store.full = false;
  rig.Pass(hours(1));
  EXPECT_EQ(rig.Live(), std::vector<std::string>{"iam.sim/Role/r"});
}

// A daemon that is killed right after "cancelled" must not go on with the run when it is started again.
TEST(EngineWeather, ACancelIsAnsweredOnceItIsDurable) {
  MemoryStore memory([](std::function<void()> work) { work(); });
  FullStore store(&memory);
  EngineRig rig({}, nullptr, &store);
  rig.provider->answer_with = [](const ApplyRequest&) {
    return MakeCallError(ErrorClass::kNotDone, "Unavailable", "try again");
  };
  const StartAnswer started = rig.Start(rig.Plan(kNetwork).plan->hash);
  rig.Until([&] { return !rig.provider->calls.empty(); });
  store.slow = true;
  std::optional<Status> answer;
  rig.engine->Cancel(started.run, "uid:1", [&](Status status) { answer = status; });
  rig.Settle();
  EXPECT_FALSE(answer.has_value());
  while (!store.held.empty()) {
    for (const auto& commit : std::exchange(store.held, {})) commit();
    rig.Settle();
  }
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->ok()) << answer->ToString();
}

TEST(EngineWeather, ACancelThatCannotBeStoredSaysSo) {
  MemoryStore memory([](std::function<void()> work) { work(); });
  FullStore store(&memory);
  EngineRig rig({}, nullptr, &store);
  rig.provider->answer_with = [](const ApplyRequest&) {
    return MakeCallError(ErrorClass::kNotDone, "Unavailable", "try again");
  };
  const StartAnswer started = rig.Start(rig.Plan(kNetwork).plan->hash);
  rig.Until([&] { return !rig.provider->calls.empty(); });
  store.full = true;
  const Status status = rig.Ask([&](auto done) { rig.engine->Cancel(started.run, "uid:1", done); });
  EXPECT_EQ(status.code(), Code::kUnavailable) << status.ToString();
}

}  // namespace
}  // namespace tandem::testing
