// R15 where secrets come back: in what is read, in what providers say, and when they change at their source.
#include <gtest/gtest.h>

#include "tandem/base/hash.h"
#include "tests/support/between_provider.h"
#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

constexpr char kPlain[] = "s3cret-plaintext-of-the-first-day";
constexpr char kOther[] = "another-plaintext-of-the-second-day";

// Token is secret by its kind and answered; the others are secret where a document says so.
std::unique_ptr<Catalog> SecretKinds() {
  std::vector<std::string> kinds = SimKinds();
  kinds.push_back(R"({"kind": "vault.sim/Box", "createClass": "C", "tags": {},
      "identity": {"field": "Name", "name": "Name", "kind": "named"},
      "members": {"Name": "string", "Hint": "string", "Token": "string", "Keys": "list",
                  "Words": "list", "Labels": "map", "Size": "int"},
      "fields": {"Name": {"replace": true}, "Token": {"secret": true}, "Keys": {"secret": true}},
      "sandbox": {}})");
  return std::make_unique<JsonCatalog>(kinds);
}

const std::string kBox = R"(apiVersion: vault.sim/v1
kind: Box
metadata: {name: x}
spec:
  Hint: "a ${secret('env:DB')} b"
  Token: "${secret('env:DB')}"
  Keys: ["${secret('env:DB')}"]
  Words: ["${secret('env:DB')}", plain]
  Labels: {note: "${secret('env:DB')}", team: shop}
---
)";

class EngineSecrets : public ::testing::Test {
 protected:
  EngineSecrets() : rig({}, SecretKinds()), between(rig.cloud.get()) {
    rig.provider = std::make_unique<LossyProvider>(&between);
    rig.Boot();
    rig.secrets.worth["env:DB"] = kPlain;
  }
  // Nothing that is stored or shown holds `secret`.
  void ExpectNowhere(const std::string& secret) {
    for (const Row& row : rig.store.Rows())
      EXPECT_EQ(row.value.find(secret), std::string::npos) << row.key << ": " << row.value;
    const auto snapshot = rig.engine->snapshot();
    for (const RunView& run : snapshot->runs)
      for (const StepRow& row : run.steps) EXPECT_EQ(row.error.str().find(secret), std::string::npos) << row.error;
    if (const ResourceView* view = snapshot->Find("vault.sim/Box/x")) {
      EXPECT_EQ(view->fields().json().find(secret), std::string::npos) << view->fields().json();
      for (const Condition& condition : *view->conditions)
        EXPECT_EQ(condition.message.str().find(secret), std::string::npos) << condition.message;
    }
  }
  Value Live() {
    for (const SimObject& object : rig.cloud->Objects())
      if (object.address == "vault.sim/Box/x") return object.fields().Unpack();
    return Value();
  }

  EngineRig rig;
  BetweenProvider between;
};

TEST_F(EngineSecrets, R15_WhatIsReadBackIsKeptAsADigest) {
  ASSERT_EQ(rig.Apply(kBox), "succeeded: 1 done");
  EXPECT_EQ(Live().StringOr("Hint", ""), "a " + std::string(kPlain) + " b") << "it must have arrived";
  rig.Pass(std::chrono::minutes(25));  // observed more than once
  ExpectNowhere(kPlain);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(kBox)), "");
  EXPECT_EQ(rig.Effects("update"), 0);
  rig.Boot();
  rig.Pass(std::chrono::minutes(1));
  ExpectNowhere(kPlain);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(kBox)), "");
}

TEST_F(EngineSecrets, R15_ASecretThatChangedAtItsSourceIsSentOnce) {
  ASSERT_EQ(rig.Apply(kBox), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(2));
  rig.secrets.worth["env:DB"] = kOther;
  ASSERT_EQ(EngineRig::Steps(rig.Plan(kBox)), "update vault.sim/Box/x");
  EXPECT_EQ(rig.Apply(kBox), "succeeded: 1 done");
  EXPECT_EQ(Live().StringOr("Token", ""), kOther);
  EXPECT_EQ(Live().StringOr("Hint", ""), "a " + std::string(kOther) + " b");
  EXPECT_EQ(Live().Find("Keys")->as_list()[0], Value(kOther));
  rig.Pass(std::chrono::minutes(2));
  EXPECT_EQ(EngineRig::Steps(rig.Plan(kBox)), "");
  EXPECT_EQ(rig.Effects("update"), 1);
  ExpectNowhere(kPlain);
  ExpectNowhere(kOther);
}

TEST_F(EngineSecrets, R4_AnotherSecretWrittenOutsideIsDriftAndIsNotStored) {
  ASSERT_EQ(rig.Apply(kBox), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(rig.cloud->Mutate("vault.sim/Box/x", "Hint", kOther).ok());
  ASSERT_TRUE(rig.cloud->Mutate("vault.sim/Box/x", "Labels", Map{{"note", kOther}, {"team", "shop"}}).ok());
  rig.Pass(std::chrono::minutes(15));
  ExpectNowhere(kOther);
  ASSERT_EQ(EngineRig::Steps(rig.Plan(kBox)), "update vault.sim/Box/x");
  EXPECT_EQ(rig.Apply(kBox), "succeeded: 1 done");
  EXPECT_EQ(Live().StringOr("Hint", ""), "a " + std::string(kPlain) + " b");
  EXPECT_EQ(EngineRig::Steps(rig.Plan(kBox)), "");
  ExpectNowhere(kOther);
}

TEST_F(EngineSecrets, R15_AnUpdateBesidesSecretsLeavesThem) {
  ASSERT_EQ(rig.Apply(kBox), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(2));
  const std::string more = kBox.substr(0, kBox.size() - 4) + "  Size: 3\n---\n";
  ASSERT_EQ(EngineRig::Steps(rig.Plan(more)), "update vault.sim/Box/x");
  EXPECT_EQ(rig.Apply(more), "succeeded: 1 done");
  EXPECT_EQ(Live().IntOr("Size", 0), 3);
  EXPECT_EQ(EngineRig::Steps(rig.Plan(more)), "");
}

TEST_F(EngineSecrets, R15_WhatAProviderQuotesIsRedacted) {
  rig.provider->answer_with = [](const ApplyRequest&) -> std::optional<CallError> {
    return MakeCallError(ErrorClass::kTerminal, "Bad",
                         "'" + std::string(kPlain) + "' or " + Base64(kPlain) + " or '" +
                             std::string(kPlain).substr(0, 20) + "…' is wrong");
  };
  const StartAnswer started = rig.Start(rig.Plan(kBox).plan->hash);
  EXPECT_EQ(rig.Wait(started.run), "failed: 0 done, 1 failed");
  const std::string error = rig.Rows(started.run)["vault.sim/Box/x"].error;
  EXPECT_EQ(error, "Bad: '(sensitive)' or (sensitive) or '(sensitive)…' is wrong");
  EXPECT_NE(rig.Events("StepFailed").find("(sensitive)"), std::string::npos);
  ExpectNowhere(kPlain);
  ExpectNowhere(std::string(kPlain).substr(0, 12));
}

// Nobody knows the secret any more, so nothing can be told from the rest of the message.
TEST_F(EngineSecrets, R15_WhatIsSaidOfACallBeforeARestartIsWithheld) {
  const std::string cluster = R"(apiVersion: db.sim/v1
kind: Cluster
metadata: {name: orders}
spec: {Engine: pg, Password: "${secret('env:DB')}"}
---
)";
  const StartAnswer started = rig.Start(rig.Plan(cluster).plan->hash);
  ASSERT_TRUE(rig.Until([&] { return rig.Effects("create") == 1; }));
  rig.Pass(std::chrono::seconds(5));
  between.on_poll = [](PollAnswer& answer) {
    answer = PollAnswer();
    answer.error = MakeCallError(ErrorClass::kTerminal, "Bad", std::string(kPlain) + " is weak");
  };
  rig.Boot();
  EXPECT_EQ(rig.Wait(started.run), "failed: 0 done, 1 failed");
  const std::string error = rig.Rows(started.run)["db.sim/Cluster/orders"].error;
  EXPECT_NE(error.find("Bad"), std::string::npos) << error;
  EXPECT_NE(error.find("withheld"), std::string::npos) << error;
  ExpectNowhere(kPlain);
}

// R9: the same bytes, or none.
TEST_F(EngineSecrets, R9_ARequestWhoseSecretChangedIsNotSentAgain) {
  const std::string cluster = R"(apiVersion: db.sim/v1
kind: Cluster
metadata: {name: orders}
spec: {Engine: pg, Password: "${secret('env:DB')}"}
---
)";
  int creates = 0;
  rig.provider->lose = [&](const ApplyRequest& request) {
    if (request.call != "create") return false;
    ++creates;
    rig.secrets.worth["env:DB"] = kOther;
    return creates == 1;
  };
  const StartAnswer started = rig.Start(rig.Plan(cluster).plan->hash);
  EXPECT_EQ(rig.Wait(started.run), "failed: 0 done, 1 failed");
  EXPECT_NE(rig.Rows(started.run)["db.sim/Cluster/orders"].error.str().find("a secret changed"), std::string::npos);
  EXPECT_EQ(creates, 1);
}

}  // namespace
}  // namespace tandem::testing
