// The suite over the simulated clouds, in-process and behind a real plugin.
#include <gtest/gtest.h>

#include <thread>

#include "tandem/provider_host/plugin_host.h"
#include "tandem/schema/kind.h"
#include "tandem/sim/sim_provider.h"
#include "tests/contract/provider_suite.h"
#include "tests/support/temp_folder.h"

namespace tandem::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The kinds of tests/contract/schemas.
Cast ToyCast() {
  Cast cast;
  cast.provider = "sim";
  cast.groups = {"toy.aws"};
  cast.account = R"({"provider":"aws","site":"aws","region":"r1","accountId":"1"})";
  cast.account_id = "1";
  cast.wrong_account = R"({"accountId":"2"})";
  cast.other_account = R"({"accountId":"42","region":"r2"})";
  cast.other_id = "42";
  cast.box = "toy.aws/Box";
  cast.box_create = R"({"Size":3,"Label":"first"})";
  cast.box_update = "update:label";
  cast.box_updated = R"({"Size":3,"Label":"second"})";
  cast.box_member = "Label";
  cast.box_gone = "BoxNotFound";
  cast.item = "toy.aws/Item";
  cast.item_create = R"({"BoxId":"{box}"})";
  cast.name = "toy.aws/Name";
  cast.name_create = R"({"Name":"{name}"})";
  cast.name_taken = "NameTaken";
  cast.refuser = "toy.aws/Box";
  cast.refused = {R"({})", R"({"Size":"big"})", R"({"Size":1,"Colour":"red"})"};
  cast.refused_code = "InvalidBox";
  cast.signals = {"busy", "lag", "objects"};
  cast.large = "toy.aws/Name";
  cast.large_create = R"({"Name":"{name}","Text":"{text}"})";
  cast.large_member = "Text";
  cast.large_size = 900 << 10;
  return cast;
}

class InProcess final : public ProviderWorld {
 public:
  InProcess() : catalog_(std::move(*OpenCatalog(kToySchemas))) {
    provider_ = std::move(*SimProvider::Open({&journal_, &clock_, catalog_.get()}, {}));
  }
  Provider& provider() override { return *provider_; }
  const Clock& clock() override { return clock_; }
  void Pass(seconds time) override { clock_.Advance(time); }

 private:
  ManualClock clock_;
  MemoryJournal journal_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<SimProvider> provider_;
};

class Plugin final : public ProviderWorld {
 public:
  explicit Plugin(bool hold = false) {
    PluginSettings settings;
    settings.name = "sim";
    settings.program = TANDEM_SIM_PLUGIN;
    // A second of the test's is a thousand simulated ones.
    settings.arguments = {"--state",   folder_.path(), "--schemas",
                          kToySchemas, "--time-scale", "1000"};
    settings.state_dir = folder_.path();
    settings.hold = hold;
    host_ = std::make_unique<PluginHost>(settings, &clock_);
  }
  Provider& provider() override { return *host_; }
  const Clock& clock() override { return clock_; }
  void Pass(seconds time) override {
    // A thousandth of it, on the other side's clock; reading is the only way to see it pass.
    const auto until = std::chrono::steady_clock::now() + milliseconds(time.count() + 1);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
  }

 private:
  TempFolder folder_;
  SystemClock clock_;
  std::unique_ptr<PluginHost> host_;
};

TEST(HeldCalls, GoOutTogetherAndAreAnsweredEach) {
  Plugin plugin(/*hold=*/true);
  auto& host = static_cast<PluginHost&>(plugin.provider());
  ASSERT_TRUE(OpenAccount(host, "main",
                          R"({"provider":"aws","site":"aws","region":"r1","accountId":"1"})").error.ok);
  constexpr int kMany = 150;  // more than one batch takes
  std::atomic<int> answers{0};
  std::vector<std::string> made(kMany);
  for (int i = 0; i < kMany; ++i) {
    const std::string name = "box-" + std::to_string(i);
    ApplyRequest request = ToyRequest("Box", name, "create", R"({"Size":1})");
    request.intent = "intent-" + name;
    request.token = "token-" + name;
    host.Apply(std::move(request), [&, i](ApplyAnswer answer) {
      EXPECT_TRUE(answer.error.ok) << answer.error.message;
      made[static_cast<size_t>(i)] = answer.identity;
      ++answers;
    });
  }
  EXPECT_EQ(answers, 0);
  host.Flush();
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  const auto wait = [&](int count) {
    while (answers < count && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    ASSERT_EQ(answers, count);
  };
  wait(kMany);
  for (int i = 0; i < kMany; ++i) {
    const std::string identity = i % 10 == 3 ? "none" : made[static_cast<size_t>(i)];
    host.Read({"main", {"toy.aws", "Box"}, identity}, [&, identity](ReadAnswer answer) {
      if (identity == "none") {
        EXPECT_EQ(answer.error.error_class, ErrorClass::kGone);
      } else {
        EXPECT_EQ(answer.object.identity, identity) << answer.error.message;
      }
      ++answers;
    });
  }
  host.Flush();
  wait(2 * kMany);
}

INSTANTIATE_TEST_SUITE_P(
    Sim, ProviderContract,
    ::testing::Values(ProviderCase{"InProcess", ToyCast(), [] { return std::make_unique<InProcess>(); }},
                      ProviderCase{"Plugin", ToyCast(), [] { return std::make_unique<Plugin>(); }}),
    [](const ::testing::TestParamInfo<ProviderCase>& info) { return info.param.name; });

}  // namespace
}  // namespace tandem::testing
