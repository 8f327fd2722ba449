// R9: a create whose reply was lost stays open until its outcome is known, whatever later tries are told.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

constexpr char kCluster[] = R"(apiVersion: db.sim/v1
kind: Cluster
metadata: {name: x}
spec: {Engine: pg}
---
)";

// The first create is done and its reply lost; the next tries, under the same token, are refused for another reason.
TEST(EngineUnsure, R9_ARefusedRetrySaysNothingOfTheFirstCall) {
  const struct {
    const char* name;
    ErrorClass error;
  } cases[] = {
      {"the provider is down", ErrorClass::kNotDone}, {"throttled", ErrorClass::kThrottled},
      {"signed out", ErrorClass::kSignIn},            {"busy", ErrorClass::kWaiting},
      {"quota", ErrorClass::kExhausted},              {"the token is not taken", ErrorClass::kTerminal},
      {"precondition", ErrorClass::kConflict},
  };
  for (const auto& c : cases) {
    EngineRig rig;
    int creates = 0;
    rig.provider->lose = [&](const ApplyRequest& request) { return request.call == "create" && creates == 1; };
    rig.provider->answer_with = [&](const ApplyRequest& request) -> std::optional<CallError> {
      if (request.call != "create" || ++creates == 1 || creates > 3) return std::nullopt;
      return MakeCallError(c.error, "Refused", "not this time");
    };
    EXPECT_EQ(rig.Apply(kCluster), "succeeded: 1 done") << c.name;
    EXPECT_GT(creates, 1) << c.name << ": nothing would be shown";
    EXPECT_EQ(rig.Effects("create"), 1) << c.name;
    EXPECT_EQ(EngineRig::Steps(rig.Plan(kCluster)), "") << c.name;
  }
}

TEST(EngineUnsure, R9_AfterACancelNothingIsSentAgain) {
  EngineRig rig;
  rig.provider->answer_with = [](const ApplyRequest&) {
    return MakeCallError(ErrorClass::kPerhapsDone, "", "connection reset");
  };
  const PlanAnswer plan = rig.Plan(kCluster);
  const StartAnswer started = rig.Start(plan.plan->hash);
  rig.Until([&] { return !rig.provider->calls.empty(); });
  const size_t calls = rig.provider->calls.size();
  ASSERT_TRUE(rig.Ask([&](auto done) { rig.engine->Cancel(started.run, "uid:1", done); }).ok());
  rig.provider->answer_with = nullptr;
  EXPECT_EQ(rig.Wait(started.run).substr(0, 9), "cancelled");
  EXPECT_EQ(rig.provider->calls.size(), calls);
  EXPECT_EQ(rig.Effects("create"), 0);
}

// R9, class D: after a restart, an open create still has the only flight of its kind, so that the difference of two
// lists stays clear. Killed while the reply of the first record is lost and three others wait behind it.
TEST(EngineUnsure, R9_AfterARestartAnOpenCreateStillHasTheOnlyFlightOfItsKind) {
  std::string documents = R"(apiVersion: dns.sim/v1
kind: Zone
metadata: {name: z}
spec: {Name: shop.example}
---
)";
  for (const char* name : {"a", "b", "c", "d"})
    documents += std::string("apiVersion: dns.sim/v1\nkind: Record\nmetadata: {name: ") + name +
                 "}\nspec: {ZoneId: \"${ref('dns.sim/Zone/z').ZoneId}\", Name: " + name + ", Value: 203.0.113.1}\n---\n";
  for (const bool done : {false, true}) {
    EngineRig rig;
    const PlanAnswer plan = rig.Plan(documents);
    bool reached = false;
    rig.provider->report_loss = false;
    const auto first = [&](const ApplyRequest& request) {
      if (request.kind.kind != "Record" || reached) return false;
      reached = true;
      return true;
    };
    if (done) {
      rig.provider->lose = first;
    } else {
      rig.provider->answer_with = [&](const ApplyRequest& request) -> std::optional<CallError> {
        if (!first(request)) return std::nullopt;
        return MakeCallError(ErrorClass::kPerhapsDone, "", "connection reset");
      };
    }
    const StartAnswer started = rig.Start(plan.plan->hash);
    rig.Until([&] { return reached; });
    rig.provider->lose = nullptr;
    rig.provider->answer_with = nullptr;
    rig.Boot();
    EXPECT_EQ(rig.Wait(started.run), "succeeded: 5 done") << (done ? "done" : "not done");
    EXPECT_EQ(rig.Effects("create"), 5);
    EXPECT_EQ(EngineRig::Steps(rig.Plan(documents)), "");
  }
}

}  // namespace
}  // namespace tandem::testing
