#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <thread>

#include "tandem/provider_host/plugin_host.h"
#include "tandem/schema/kind.h"
#include "tandem/sim/sim_provider.h"
#include "tests/contract/provider_suite.h"

namespace tandem::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_P(ProviderContract, DescribesItself) {
  Waited<Result<ProviderDescription>> waited;
  provider().Describe(waited.done());
  const auto description = waited.Take();
  ASSERT_TRUE(description && description->ok());
  EXPECT_EQ((*description)->name, "sim");
  EXPECT_NE((*description)->version, "");
  EXPECT_EQ((*description)->groups, std::vector<std::string>{"toy.aws"});
}

TEST_P(ProviderContract, OpensAnAccountAndSaysWhoseItIs) {
  const AccountAnswer answer =
      OpenAccount(provider(), "other", R"({"accountId":"42","region":"r2"})");
  ASSERT_TRUE(answer.error.ok) << answer.error.message;
  EXPECT_EQ(answer.verified_id, "42");
  EXPECT_NE(answer.principal, "");
}

TEST_P(ProviderContract, RefusesWrongAndUnknownAccounts) {
  EXPECT_EQ(OpenAccount(provider(), "main", R"({"accountId":"2"})").error.error_class,
            CallErrorClass::kSignIn);
  EXPECT_EQ(ListKind(provider(), "Box", "", "nobody").error.error_class, CallErrorClass::kSignIn);
  ApplyRequest request = ToyRequest("Box", "a", "create", R"({"Size":1})");
  request.account = "nobody";
  EXPECT_EQ(Do(provider(), request).error.error_class, CallErrorClass::kSignIn);
}

TEST_P(ProviderContract, ForgetsAClosedAccount) {
  OpenAccount(provider(), "brief", R"({"accountId":"3"})");
  ASSERT_TRUE(ListKind(provider(), "Box", "", "brief").error.ok);
  provider().Close("brief");
  // Close has no answer; it is done some time.
  const auto until = std::chrono::steady_clock::now() + seconds(10);
  while (ListKind(provider(), "Box", "", "brief").error.ok &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  EXPECT_EQ(ListKind(provider(), "Box", "", "brief").error.error_class, CallErrorClass::kSignIn);
}

TEST_P(ProviderContract, CarriesAnObjectThroughItsLife) {
  const ApplyAnswer made =
      Do(provider(), ToyRequest("Box", "a", "create", R"({"Size":3,"Label":"first"})"));
  ASSERT_TRUE(made.error.ok) << made.error.message;
  ASSERT_NE(made.identity, "");
  ReadAnswer read = ReadKind(provider(), "Box", made.identity);
  ASSERT_TRUE(read.error.ok) << read.error.message;
  EXPECT_EQ(read.object.kind.ToString(), "toy.aws/Box");
  EXPECT_EQ(read.object.identity, made.identity);
  EXPECT_EQ(read.object.mark, (Mark{"uid", "toy.aws/Box/a", "intent-a-create"}));
  EXPECT_EQ(read.object.fields.Unpack().IntOr("Size", 0), 3);
  world_->Pass(seconds(3));
  read = ReadKind(provider(), "Box", made.identity);
  EXPECT_EQ(read.object.state, "ready");
  EXPECT_EQ(read.object.fields.fingerprint, Packed::From(read.object.fields.Unpack()).fingerprint);

  ListAnswer list = ListKind(provider(), "Box");
  ASSERT_TRUE(list.error.ok);
  EXPECT_TRUE(list.complete);
  EXPECT_EQ(list.next_page_token, "");
  ASSERT_EQ(list.objects.size(), 1u);
  EXPECT_EQ(list.objects[0].identity, made.identity);
  EXPECT_EQ(list.objects[0].fields.json, read.object.fields.json);

  ApplyRequest update = ToyRequest("Box", "a", "update:label", R"({"Size":3,"Label":"second"})");
  update.identity = made.identity;
  update.observed = read.object.fields;
  update.recorded = ToPacked(R"({"Size":3,"Label":"first"})");
  update.changed = {"Label"};
  const ApplyAnswer updated = Do(provider(), update);
  ASSERT_TRUE(updated.error.ok) << updated.error.message;
  EXPECT_EQ(ReadKind(provider(), "Box", made.identity).object.fields.Unpack().StringOr("Label", ""),
            "second");

  ApplyRequest erase = ToyRequest("Box", "a", "delete");
  erase.identity = made.identity;
  ASSERT_TRUE(Do(provider(), erase).error.ok);
  world_->Pass(seconds(2));
  const ReadAnswer gone = ReadKind(provider(), "Box", made.identity);
  EXPECT_EQ(gone.error.error_class, CallErrorClass::kGone);
  EXPECT_EQ(gone.error.code, "BoxNotFound");
  EXPECT_EQ(Do(provider(), erase).error.error_class, CallErrorClass::kGone);
  EXPECT_TRUE(ListKind(provider(), "Box").objects.empty());
}

TEST_P(ProviderContract, R9TheSameTokenMakesOneObject) {
  const std::string box =
      Do(provider(), ToyRequest("Box", "b", "create", R"({"Size":1})")).identity;
  world_->Pass(seconds(3));
  const ApplyRequest request = ToyRequest("Item", "i", "create", R"({"BoxId":")" + box + R"("})");
  const ApplyAnswer first = Do(provider(), request);
  const ApplyAnswer again = Do(provider(), request);
  ASSERT_TRUE(first.error.ok) << first.error.message;
  ASSERT_TRUE(again.error.ok) << again.error.message;
  EXPECT_EQ(again.identity, first.identity);
  EXPECT_EQ(ListKind(provider(), "Item").objects.size(), 1u);
}

TEST_P(ProviderContract, R9ATakenNameExists) {
  const ApplyRequest request = ToyRequest("Name", "n", "create", R"({"Name":"n"})");
  ASSERT_TRUE(Do(provider(), request).error.ok);
  const ApplyAnswer again = Do(provider(), request);
  EXPECT_EQ(again.error.error_class, CallErrorClass::kExists);
  EXPECT_EQ(again.error.code, "NameTaken");
  EXPECT_EQ(ReadKind(provider(), "Name", "n").object.mark.intent, "intent-n-create");
}

TEST_P(ProviderContract, RefusesWhatTheDescriptionRefuses) {
  for (const char* desired : {R"({})", R"({"Size":"big"})", R"({"Size":1,"Colour":"red"})"}) {
    const ApplyAnswer answer = Do(provider(), ToyRequest("Box", "a", "create", desired));
    EXPECT_EQ(answer.error.error_class, CallErrorClass::kTerminal) << desired;
    EXPECT_EQ(answer.error.code, "InvalidBox") << desired;
  }
}

TEST_P(ProviderContract, RefusesUnknownKindsAndCalls) {
  EXPECT_EQ(ListKind(provider(), "Bax").error.error_class, CallErrorClass::kTerminal);
  EXPECT_EQ(ReadKind(provider(), "Bax", "x").error.error_class, CallErrorClass::kTerminal);
  EXPECT_EQ(Do(provider(), ToyRequest("Bax", "x", "create")).error.error_class,
            CallErrorClass::kTerminal);
  EXPECT_EQ(Do(provider(), ToyRequest("Box", "x", "paint")).error.error_class,
            CallErrorClass::kTerminal);
}

TEST_P(ProviderContract, PagesHoldEveryObjectOnce) {
  std::set<std::string> made;
  for (int i = 0; i < 45; ++i) {
    const std::string name = "n" + std::to_string(i);
    ASSERT_TRUE(Do(provider(), ToyRequest("Name", name, "create", R"({"Name":")" + name + R"("})"))
                    .error.ok);
    made.insert(name);
  }
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const ListAnswer page = ListKind(provider(), "Name", token);
    ASSERT_TRUE(page.error.ok);
    EXPECT_TRUE(page.complete);
    for (const LiveObject& object : page.objects) EXPECT_TRUE(seen.insert(object.identity).second);
    token = page.next_page_token;
  } while (!token.empty() && ++pages < 50);
  EXPECT_EQ(seen, made);
}

TEST_P(ProviderContract, LargeObjectsAndPagesCross) {
  const std::string text(900 << 10, 'x');
  for (int i = 0; i < 4; ++i) {
    const std::string name = "large" + std::to_string(i);
    const Value desired = Map{{"Name", name}, {"Text", text}};
    ApplyRequest request = ToyRequest("Name", name, "create");
    request.desired = Packed::From(desired);
    request.observed = request.desired;
    request.recorded = request.desired;
    const ApplyAnswer answer = Do(provider(), request);
    ASSERT_TRUE(answer.error.ok) << answer.error.message;
    EXPECT_EQ(answer.fields.Unpack().StringOr("Text", "").size(), text.size());
  }
  const ListAnswer page = ListKind(provider(), "Name");
  ASSERT_TRUE(page.error.ok) << page.error.message;
  ASSERT_EQ(page.objects.size(), 4u);
  for (const LiveObject& object : page.objects) {
    EXPECT_EQ(object.fields.Unpack().StringOr("Text", ""), text);
  }
  EXPECT_EQ(ReadKind(provider(), "Name", "large2").object.fields.Unpack().StringOr("Text", ""),
            text);
}

TEST_P(ProviderContract, ManyCallsAtOnceEachGetTheirOwnAnswer) {
  std::vector<Waited<ApplyAnswer>> waited(200);
  for (size_t i = 0; i < waited.size(); ++i) {
    const std::string name = "m" + std::to_string(i);
    provider().Apply(ToyRequest("Name", name, "create", R"({"Name":")" + name + R"("})"),
                     waited[i].done());
  }
  for (size_t i = 0; i < waited.size(); ++i) {
    const auto answer = waited[i].Take();
    ASSERT_TRUE(answer.has_value());
    EXPECT_TRUE(answer->error.ok) << answer->error.message;
    EXPECT_EQ(answer->identity, "m" + std::to_string(i));
  }
}

TEST_P(ProviderContract, CallsAfterTheirDeadlineAreNotDone) {
  ApplyRequest request = ToyRequest("Name", "late", "create", R"({"Name":"late"})");
  request.deadline = Time(seconds(1'000'000));
  EXPECT_EQ(Do(provider(), request).error.error_class, CallErrorClass::kNotDone);
  EXPECT_EQ(ReadKind(provider(), "Name", "late").error.error_class, CallErrorClass::kGone);
}

TEST_P(ProviderContract, UnknownHandlesAreErrors) {
  const PollAnswer answer = Ask<PollAnswer>([&](auto done) {
    provider().Poll({"main", {"toy.aws", "Box"}, "no such handle"}, done);
  });
  EXPECT_FALSE(answer.error.ok);
}

// --- what they run over ---

class InProcess final : public ProviderWorld {
 public:
  InProcess() : catalog_(std::move(*OpenCatalog(kToySchemas))) {
    provider_ = std::move(*SimProvider::Open({&journal_, &clock_, catalog_.get()}, {}));
  }
  Provider& provider() override { return *provider_; }
  void Pass(seconds time) override { clock_.Advance(time); }

 private:
  ManualClock clock_;
  MemoryJournal journal_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<SimProvider> provider_;
};

class Plugin final : public ProviderWorld {
 public:
  Plugin() {
    char folder[] = "/tmp/tandem-contract-XXXXXX";
    TANDEM_CHECK(mkdtemp(folder) != nullptr);
    folder_ = folder;
    PluginSettings settings;
    settings.name = "sim";
    settings.program = TANDEM_SIM_PLUGIN;
    // A second of the test's is a thousand simulated ones.
    settings.arguments = {"--state", folder_, "--schemas", kToySchemas, "--time-scale", "1000"};
    settings.state_dir = folder_;
    host_ = std::make_unique<PluginHost>(settings, &clock_);
  }
  ~Plugin() override {
    host_.reset();
    std::filesystem::remove_all(folder_);
  }
  Provider& provider() override { return *host_; }
  void Pass(seconds time) override {
    // A thousandth of it, on the other side's clock; reading is the only way to see it pass.
    const auto until = std::chrono::steady_clock::now() + milliseconds(time.count() + 1);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
  }

 private:
  std::string folder_;
  SystemClock clock_;
  std::unique_ptr<PluginHost> host_;
};

INSTANTIATE_TEST_SUITE_P(
    Sim, ProviderContract,
    ::testing::Values(ProviderCase{"InProcess", [] { return std::make_unique<InProcess>(); }},
                      ProviderCase{"Plugin", [] { return std::make_unique<Plugin>(); }}),
    [](const ::testing::TestParamInfo<ProviderCase>& info) { return info.param.name; });

}  // namespace
}  // namespace tandem::testing
