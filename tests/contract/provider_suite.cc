// The tests of provider_suite.h.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <set>
#include <thread>

#include "tests/contract/provider_suite.h"

namespace tandem::testing {
namespace {

using std::chrono::seconds;

TEST_P(ProviderContract, DescribesItself) {
  Waited<Result<ProviderDescription>> waited;
  provider().Describe(waited.done());
  const auto description = waited.Take();
  ASSERT_TRUE(description && description->ok());
  EXPECT_EQ((*description)->name, cast().provider);
  EXPECT_NE((*description)->version, "");
  EXPECT_EQ((*description)->groups, cast().groups);
}

TEST_P(ProviderContract, OpensAnAccountAndSaysWhoseItIs) {
  const AccountAnswer answer = OpenAccount(provider(), "other", cast().other_account);
  ASSERT_TRUE(answer.error.ok) << answer.error.message;
  EXPECT_EQ(answer.verified_id, cast().other_id);
  EXPECT_NE(answer.principal, "");
}

TEST_P(ProviderContract, RefusesWrongAndUnknownAccounts) {
  EXPECT_EQ(OpenAccount(provider(), "main", cast().wrong_account).error.error_class,
            ErrorClass::kSignIn);
  EXPECT_EQ(ListKind(provider(), cast().box, "", "nobody").error.error_class,
            ErrorClass::kSignIn);
  ApplyRequest request = MakeRequest(cast().box, "a", "create", cast().box_create);
  request.account = "nobody";
  EXPECT_EQ(Do(provider(), request).error.error_class, ErrorClass::kSignIn);
}

TEST_P(ProviderContract, ForgetsAClosedAccount) {
  OpenAccount(provider(), "brief", cast().other_account);
  ASSERT_TRUE(ListKind(provider(), cast().box, "", "brief").error.ok);
  provider().Close("brief");
  // Close has no answer; it is done some time.
  const auto until = std::chrono::steady_clock::now() + seconds(10);
  while (ListKind(provider(), cast().box, "", "brief").error.ok &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  EXPECT_EQ(ListKind(provider(), cast().box, "", "brief").error.error_class,
            ErrorClass::kSignIn);
}

TEST_P(ProviderContract, CarriesAnObjectThroughItsLife) {
  const std::string& box = cast().box;
  const ApplyAnswer made = Make(box, "a", cast().box_create);
  ASSERT_TRUE(made.error.ok) << made.error.message;
  ASSERT_NE(made.identity, "");
  ReadAnswer read = ReadKind(provider(), box, made.identity);
  ASSERT_TRUE(read.error.ok) << read.error.message;
  EXPECT_EQ(read.object.kind.ToString(), box);
  EXPECT_EQ(read.object.identity, made.identity);
  EXPECT_EQ(read.object.mark, (Mark{"uid", box + "/a", "intent-a-create"}));
  const Value wanted = *ParseJson(cast().box_create);
  Value fields = read.object.fields.Unpack();
  for (const auto& [member, value] : wanted.as_map()) {
    ASSERT_NE(fields.Find(member), nullptr) << member;
    EXPECT_EQ(*fields.Find(member), value) << member;
  }
  world_->Pass(seconds(3));
  read = ReadKind(provider(), box, made.identity);
  EXPECT_EQ(read.object.state, "ready");
  EXPECT_EQ(read.object.fields.fingerprint(), Packed::From(read.object.fields.Unpack()).fingerprint());
  const std::optional<LiveObject> listed = Listed(box, made.identity);
  ASSERT_TRUE(listed.has_value());
  fields = read.object.fields.Unpack();
  const Value shown = listed->fields.Unpack();
  for (const auto& [member, value] : shown.as_map()) {
    ASSERT_NE(fields.Find(member), nullptr) << member;
    EXPECT_EQ(*fields.Find(member), value) << member;
  }

  ApplyRequest update = MakeRequest(box, "a", cast().box_update, cast().box_updated);
  update.identity = made.identity;
  update.observed = read.object.fields;
  update.recorded = ToPacked(cast().box_create);
  update.changed = {cast().box_member};
  const ApplyAnswer updated = Finish(box, Do(provider(), update));
  ASSERT_TRUE(updated.error.ok) << updated.error.message;
  fields = ReadKind(provider(), box, made.identity).object.fields.Unpack();
  const Value updated_form = *ParseJson(cast().box_updated);
  ASSERT_NE(fields.Find(cast().box_member), nullptr);
  EXPECT_EQ(*fields.Find(cast().box_member), *updated_form.Find(cast().box_member));

  ApplyRequest erase = MakeRequest(box, "a", "delete");
  erase.identity = made.identity;
  ASSERT_TRUE(Do(provider(), erase).error.ok);
  world_->Pass(seconds(2));
  const ReadAnswer gone = ReadKind(provider(), box, made.identity);
  EXPECT_EQ(gone.error.error_class, ErrorClass::kGone);
  EXPECT_EQ(gone.error.code, cast().box_gone);
  EXPECT_EQ(Do(provider(), erase).error.error_class, ErrorClass::kGone);
  EXPECT_FALSE(Listed(box, made.identity).has_value());
}

TEST_P(ProviderContract, R9TheSameTokenMakesOneObject) {
  const std::string box = Make(cast().box, "b", cast().box_create).identity;
  world_->Pass(seconds(3));
  const size_t before = ListAll(provider(), cast().item).size();
  const ApplyRequest request =
      MakeRequest(cast().item, "i", "create", Filled(cast().item_create, "{box}", box));
  const ApplyAnswer first = Do(provider(), request);
  const ApplyAnswer again = Do(provider(), request);
  ASSERT_TRUE(first.error.ok) << first.error.message;
  ASSERT_TRUE(again.error.ok) << again.error.message;
  EXPECT_EQ(again.identity, first.identity);
  EXPECT_EQ(ListAll(provider(), cast().item).size(), before + 1);
}

TEST_P(ProviderContract, R9ATakenNameExists) {
  const ApplyRequest request = MakeRequest(cast().name, "n", "create", cast().name_create);
  const ApplyAnswer made = Do(provider(), request);
  ASSERT_TRUE(made.error.ok) << made.error.message;
  const ApplyAnswer again = Do(provider(), request);
  EXPECT_EQ(again.error.error_class, ErrorClass::kExists);
  EXPECT_EQ(again.error.code, cast().name_taken);
  EXPECT_EQ(ReadKind(provider(), cast().name, made.identity).object.mark.intent, "intent-n-create");
}

TEST_P(ProviderContract, RefusesWhatTheDescriptionRefuses) {
  for (const std::string& desired : cast().refused) {
    const ApplyAnswer answer = Do(provider(), MakeRequest(cast().refuser, "a", "create", desired));
    EXPECT_EQ(answer.error.error_class, ErrorClass::kTerminal) << desired;
    EXPECT_EQ(answer.error.code, cast().refused_code) << desired;
  }
}

TEST_P(ProviderContract, RefusesUnknownKindsAndCalls) {
  const std::string unknown = cast().groups[0] + "/Bax";
  EXPECT_EQ(ListKind(provider(), unknown).error.error_class, ErrorClass::kTerminal);
  EXPECT_EQ(ReadKind(provider(), unknown, "x").error.error_class, ErrorClass::kTerminal);
  EXPECT_EQ(Do(provider(), MakeRequest(unknown, "x", "create")).error.error_class,
            ErrorClass::kTerminal);
  EXPECT_EQ(Do(provider(), MakeRequest(cast().box, "x", "paint")).error.error_class,
            ErrorClass::kTerminal);
}

TEST_P(ProviderContract, PagesHoldEveryObjectOnce) {
  std::set<std::string> made;
  for (int i = 0; i < 45; ++i) {
    const ApplyAnswer answer = Do(
        provider(),
        MakeRequest(cast().name, "n" + std::to_string(i), "create", cast().name_create));
    ASSERT_TRUE(answer.error.ok) << answer.error.message;
    made.insert(answer.identity);
  }
  EXPECT_NE(ListKind(provider(), cast().name).next_page_token, "") << "there is one page only";
  std::set<std::string> seen;
  for (const LiveObject& object : ListAll(provider(), cast().name))
    EXPECT_TRUE(seen.insert(object.identity).second) << object.identity;
  for (const std::string& identity : made) EXPECT_EQ(seen.count(identity), 1u) << identity;
}

TEST_P(ProviderContract, LargeObjectsAndPagesCross) {
  const std::string& kind = cast().large;
  const std::string text(cast().large_size, 'x');
  std::vector<std::string> made;
  for (int i = 0; i < 4; ++i) {
    ApplyRequest request =
        MakeRequest(kind, "large" + std::to_string(i), "create",
                    Filled(cast().large_create, "{text}", text));
    request.observed = request.desired;
    request.recorded = request.desired;
    const ApplyAnswer answer = Do(provider(), request);
    ASSERT_TRUE(answer.error.ok) << answer.error.message;
    made.push_back(answer.identity);
  }
  const auto holds = [&](const LiveObject& object) {
    return object.fields.Unpack().StringOr(cast().large_member, "").find(text) != std::string::npos;
  };
  const bool names_only = ListKind(provider(), kind).names_only;
  for (const std::string& identity : made) {
    const std::optional<LiveObject> listed = Listed(kind, identity);
    ASSERT_TRUE(listed.has_value()) << identity;
    EXPECT_TRUE(names_only || holds(*listed));
    EXPECT_TRUE(holds(ReadKind(provider(), kind, identity).object));
  }
}

TEST_P(ProviderContract, ManyCallsAtOnceEachGetTheirOwnAnswer) {
  std::vector<Waited<ApplyAnswer>> waited(200);
  const auto name_of = [](size_t i) { return "m" + std::to_string(i); };
  for (size_t i = 0; i < waited.size(); ++i) {
    provider().Apply(MakeRequest(cast().name, name_of(i), "create", cast().name_create),
                     waited[i].done());
  }
  for (size_t i = 0; i < waited.size(); ++i) {
    const auto answer = waited[i].Take(seconds(30));
    ASSERT_TRUE(answer.has_value());
    ASSERT_TRUE(answer->error.ok) << answer->error.message;
    EXPECT_EQ(ReadKind(provider(), cast().name, answer->identity).object.mark.address,
              cast().name + "/" + name_of(i));
  }
}

TEST_P(ProviderContract, CallsAfterTheirDeadlineAreNotDone) {
  const std::string& name = cast().name;
  ApplyRequest request = MakeRequest(name, "late", "create", cast().name_create);
  request.deadline = Time(seconds(1'000'000));
  EXPECT_EQ(Do(provider(), request).error.error_class, ErrorClass::kNotDone);
  request.deadline = Time();
  EXPECT_TRUE(Do(provider(), request).error.ok) << "it was done after all";
}

TEST_P(ProviderContract, UnknownHandlesAreErrors) {
  const PollAnswer answer = Ask<PollAnswer>([&](auto done) {
    provider().Poll({"main", KindOf(cast().box), "no such handle"}, done);
  });
  EXPECT_FALSE(answer.error.ok);
}

TEST_P(ProviderContract, MeasuresItsSignals) {
  const auto before = world_->clock().Now() - seconds(5);
  for (const std::string& signal : cast().signals) {
    SCOPED_TRACE(signal);
    const MeasureAnswer first = MeasureSignal(provider(), signal);
    ASSERT_TRUE(first.error.ok) << first.error.message;
    EXPECT_TRUE(std::isfinite(first.value));
    EXPECT_GE(first.at, before);
    EXPECT_LE(first.at, world_->clock().Now() + seconds(5));
    EXPECT_EQ(MeasureSignal(provider(), signal).value, first.value) << "nothing happened";
  }
}

TEST_P(ProviderContract, RefusesUnknownSignalsEachByItself) {
  std::vector<std::string> asked = cast().signals;
  asked.insert(asked.begin(), "no such signal");
  asked.push_back("");
  std::vector<Waited<MeasureAnswer>> waited(asked.size());
  for (size_t i = 0; i < asked.size(); ++i)
    provider().Measure({"main", asked[i]}, waited[i].done());
  provider().Flush();
  for (size_t i = 0; i < asked.size(); ++i) {
    SCOPED_TRACE(asked[i]);
    const auto answer = waited[i].Take();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->error.ok, 0 < i && i + 1 < asked.size()) << answer->error.message;
    if (answer->error.ok) continue;
    EXPECT_EQ(answer->error.error_class, ErrorClass::kTerminal);
    EXPECT_EQ(answer->error.code, "UnknownSignal");
    EXPECT_NE(answer->error.message.find("'" + asked[i] + "'"), std::string::npos);
  }
}

TEST_P(ProviderContract, MeasuresNothingInAnAccountThatIsNotOpen) {
  std::vector<std::string> asked = cast().signals;
  asked.push_back("no such signal");
  for (const std::string& signal : asked)
    EXPECT_EQ(MeasureSignal(provider(), signal, "nobody").error.error_class,
              ErrorClass::kSignIn);
}

}  // namespace
}  // namespace tandem::testing
