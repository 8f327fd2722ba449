// The sandbox's second socket, and a world that outlives kill -9 of its plugin.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "tandem/provider_host/plugin_host.h"
#include "tandem/sandbox/v1/sandbox.grpc.pb.h"
#include "tandem/sim/sim_provider.h"
#include "tests/contract/provider_suite.h"
#include "tests/support/temp_folder.h"

namespace tandem::testing {
namespace {

namespace v1 = sandbox::v1;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    PluginSettings settings;
    settings.name = "sim";
    settings.program = TANDEM_SIM_PLUGIN;
    settings.arguments = {"--state", folder_.path(), "--schemas", kToySchemas};
    settings.state_dir = folder_.path();
    settings.backoff_first = milliseconds(10);
    host_ = std::make_unique<PluginHost>(settings, &clock_);
    Open();
  }
  void Open() {
    const AccountAnswer opened = OpenAccount(*host_, "main", R"({"site":"aws","accountId":"1"})");
    ASSERT_TRUE(opened.error.ok) << opened.error.message;
  }
  std::unique_ptr<v1::Sandbox::Stub> Stub() const {
    std::string address;
    std::getline(std::ifstream(folder_.path() + "/sandbox/address") >> std::ws, address);
    grpc::ChannelArguments arguments;
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    return v1::Sandbox::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  }
  ApplyAnswer Name(const std::string& name) {
    return Do(*host_, ToyRequest("Name", name, "create", R"({"Name":")" + name + R"("})"));
  }
  v1::LedgerReply Ledger() const {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(10));
    auto reader = Stub()->Ledger(&context, v1::LedgerRequest());
    v1::LedgerReply all, part;
    while (reader->Read(&part)) all.MergeFrom(part);
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return all;
  }
  template <typename Request, typename Reply>
  grpc::Status Call(grpc::Status (v1::Sandbox::Stub::*method)(grpc::ClientContext*, const Request&,
                                                              Reply*),
                    const Request& request, Reply* reply) const {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(10));
    auto stub = Stub();
    return (stub.get()->*method)(&context, request, reply);
  }

  TempFolder folder_;
  SystemClock clock_;
  std::unique_ptr<PluginHost> host_;
};

TEST_F(Sandbox, TheLedgerHoldsEffectsAndObjects) {
  ASSERT_TRUE(Name("a").error.ok);
  const v1::LedgerReply ledger = Ledger();
  ASSERT_EQ(ledger.effects_size(), 1);
  EXPECT_EQ(ledger.effects(0).seq(), 1);
  EXPECT_EQ(ledger.effects(0).kind(), "toy.aws/Name");
  EXPECT_EQ(ledger.effects(0).identity(), "a");
  EXPECT_EQ(ledger.effects(0).operation(), "create");
  EXPECT_EQ(ledger.effects(0).intent(), "intent-a-create");
  EXPECT_EQ(ledger.effects(0).address(), "toy.aws/Name/a");
  ASSERT_EQ(ledger.objects_size(), 1);
  EXPECT_EQ(ledger.objects(0).state(), "ready");
  EXPECT_EQ(ParseJson(ledger.objects(0).fields())->StringOr("Name", ""), "a");
  v1::NowReply now;
  ASSERT_TRUE(Call(&v1::Sandbox::Stub::Now, v1::NowRequest(), &now).ok());
  EXPECT_GE(now.unix_micros(), ledger.effects(0).at_unix_micros());
}

TEST_F(Sandbox, ChangesFromOutsideHaveNoIntent) {
  ASSERT_TRUE(Name("a").error.ok);
  v1::MutateRequest mutate;
  mutate.set_address("toy.aws/Name/a");
  mutate.set_field("Text");
  mutate.set_value("\"drift\"");
  v1::MutateReply mutated;
  ASSERT_TRUE(Call(&v1::Sandbox::Stub::Mutate, mutate, &mutated).ok());
  EXPECT_EQ(mutated.seq(), 2);
  EXPECT_EQ(ReadKind(*host_, "toy.aws/Name", "a").object.fields.Unpack().StringOr("Text", ""), "drift");
  mutate.set_value("{");
  EXPECT_EQ(Call(&v1::Sandbox::Stub::Mutate, mutate, &mutated).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  v1::DeleteRequest erase;
  erase.set_address("toy.aws/Name/b");
  v1::DeleteReply erased;
  EXPECT_EQ(Call(&v1::Sandbox::Stub::Delete, erase, &erased).error_code(),
            grpc::StatusCode::NOT_FOUND);
  erase.set_address("toy.aws/Name/a");
  ASSERT_TRUE(Call(&v1::Sandbox::Stub::Delete, erase, &erased).ok());
  EXPECT_EQ(ReadKind(*host_, "toy.aws/Name", "a").error.error_class, ErrorClass::kGone);
  EXPECT_EQ(Ledger().effects(2).intent(), "");
}

TEST_F(Sandbox, FaultsComeAndGo) {
  v1::FaultAddRequest add;
  add.mutable_fault()->set_type("lost-replies");
  v1::FaultAddReply added;
  EXPECT_EQ(Call(&v1::Sandbox::Stub::FaultAdd, add, &added).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  add.mutable_fault()->set_probability(1);
  ASSERT_TRUE(Call(&v1::Sandbox::Stub::FaultAdd, add, &added).ok());
  EXPECT_EQ(Name("a").error.error_class, ErrorClass::kPerhapsDone);
  v1::FaultListReply list;
  ASSERT_TRUE(Call(&v1::Sandbox::Stub::FaultList, v1::FaultListRequest(), &list).ok());
  ASSERT_EQ(list.faults_size(), 1);
  EXPECT_EQ(list.faults(0).id(), added.id());
  EXPECT_EQ(list.faults(0).type(), "lost-replies");
  EXPECT_EQ(list.faults(0).probability(), 1);
  v1::FaultClearRequest clear;
  clear.set_id(added.id());
  v1::FaultClearReply cleared;
  ASSERT_TRUE(Call(&v1::Sandbox::Stub::FaultClear, clear, &cleared).ok());
  EXPECT_EQ(cleared.cleared(), 1);
  EXPECT_EQ(Name("a").error.error_class, ErrorClass::kExists) << "it was done all the same";
}

TEST_F(Sandbox, TheWorldOutlivesKill9OfThePlugin) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Name("n" + std::to_string(i)).error.ok);
  const int first = host_->pid();
  ASSERT_EQ(kill(first, SIGKILL), 0);
  const auto until = std::chrono::steady_clock::now() + seconds(10);
  while ((host_->pid() == 0 || host_->pid() == first) && std::chrono::steady_clock::now() < until) {
    usleep(1000);
  }
  ASSERT_NE(host_->pid(), first);
  Open();
  EXPECT_EQ(Ledger().effects_size(), 20);
  EXPECT_EQ(Ledger().objects_size(), 20);
  EXPECT_EQ(Name("n7").error.error_class, ErrorClass::kExists);
  // Without a plugin the journal itself is read.
  host_->Stop(seconds(1));
  const Result<Value> world = ReadWorld(folder_.path() + "/sandbox/world.log", &clock_);
  ASSERT_TRUE(world.ok()) << world.status().ToString();
  EXPECT_EQ(world->Find("effects")->as_list().size(), 20u);
}

}  // namespace
}  // namespace tandem::testing
