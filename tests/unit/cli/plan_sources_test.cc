// What of a model is sent for a plan, to a daemon that accepted one before.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/planning.h"
#include "tandem/api/v1/api.grpc.pb.h"
#include "tandem/base/hash.h"
#include "tandem/codec/json.h"
#include "tests/support/temp_folder.h"

namespace tandem {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::string DigestOfOne(const std::string& text) { return Hex(Sha256("1 " + Hex(Sha256(text)) + "\n")); }

/// Tells its files and answers plans with an empty one, after it has noted what it was sent.
class NotingDaemon final : public api::v1::Tandem::Service {
 public:
  explicit NotingDaemon(const std::string& address) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~NotingDaemon() override { server_->Shutdown(); }

  grpc::Status Files(grpc::ServerContext*, const api::v1::Empty*,
                     grpc::ServerWriter<api::v1::FilesReply>* writer) override {
    ++asked;
    if (!tells) return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "an older daemon");
    writer->Write(files);
    return grpc::Status::OK;
  }
  grpc::Status Plan(grpc::ServerContext*,
                    grpc::ServerReaderWriter<api::v1::PlanReply, api::v1::PlanRequest>* stream) override {
    api::v1::PlanRequest request;
    Sent& noted = sent.emplace_back();
    while (stream->Read(&request)) {
      if (request.has_head()) noted.head = request.head();
      else if (noted.names.empty() || noted.names.back() != request.source().name())
        noted.names.push_back(request.source().name());
    }
    api::v1::PlanReply reply;
    if (overtaken && !noted.head.over().empty()) {
      reply.set_refusal(api::v1::REFUSAL_NOT_FOUND);
    } else {
      tandem::Plan plan;
      plan.platform = "shop";
      SealPlan(plan);
      reply.set_json(ToCanonicalJson(PlanToValue(plan)));
    }
    stream->Write(reply);
    return grpc::Status::OK;
  }

  struct Sent {
    api::v1::PlanHead head;
    std::vector<std::string> names;
  };
  std::vector<Sent> sent;
  int asked = 0;
  bool tells = true;
  bool overtaken = false;
  api::v1::FilesReply files;

 private:
  std::unique_ptr<grpc::Server> server_;
};

class PlanSources : public ::testing::Test {
 protected:
  PlanSources() : address_("unix:" + folder_.path() + "/d.sock"), daemon_(address_) {
    for (const char* name : {"a.yaml", "b.yaml", "c.yaml"}) {
      const std::string text = Text(name, 200);
      model_.push_back(std::make_shared<const SourceText>(SourceText{name, text}));
      api::v1::FileItem* file = daemon_.files.add_files();
      file->set_name(name);
      file->set_digest(DigestOfOne(text));
    }
    daemon_.files.set_model("sha256:accepted");
  }

  /// `size` KiB.
  static std::string Text(const std::string& name, size_t size) {
    return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {x: \"" +
           std::string(size << 10, 'x') + "\"}\n";
  }
  void Change(size_t i) {
    model_[i] = std::make_shared<const SourceText>(
        SourceText{model_[i]->name, Text("another-" + std::to_string(i), 150)});
  }
  /// The plans that were asked for.
  std::vector<NotingDaemon::Sent> Ask() {
    Flags flags;
    flags.address = address_;
    Client client(flags);
    std::ostringstream told;
    Console console;
    console.out = console.err = &told;
    EXPECT_TRUE(MakePlan(client, flags, model_, std::nullopt, console).plan.has_value()) << told.str();
    EXPECT_EQ(told.str(), "");
    return std::move(daemon_.sent);
  }

  const TempFolder folder_;
  const std::string address_;
  NotingDaemon daemon_;
  Sources model_;
};

TEST_F(PlanSources, OnlyWhatDiffersIsSent) {
  Change(1);
  model_.pop_back();
  const auto sent = Ask();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].head.over(), "sha256:accepted");
  EXPECT_THAT(sent[0].names, ElementsAre("b.yaml"));
  EXPECT_THAT(sent[0].head.removed(), ElementsAre("c.yaml"));
}

TEST_F(PlanSources, TheWholeIsSentWhenAnotherModelWasAcceptedMeanwhile) {
  daemon_.overtaken = true;
  Change(1);
  model_.pop_back();
  const auto sent = Ask();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent[1].head.over(), "");
  EXPECT_THAT(sent[1].names, ElementsAre("a.yaml", "b.yaml"));
  EXPECT_THAT(sent[1].head.removed(), SizeIs(0));
}

TEST_F(PlanSources, TheWholeIsSentToADaemonThatDoesNotTellItsFiles) {
  daemon_.tells = false;
  const auto sent = Ask();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].head.over(), "");
  EXPECT_THAT(sent[0].names, ElementsAre("a.yaml", "b.yaml", "c.yaml"));
}

TEST_F(PlanSources, TheWholeIsSentBeforeAnyModelWasAccepted) {
  daemon_.files.Clear();
  EXPECT_THAT(Ask().at(0).names, ElementsAre("a.yaml", "b.yaml", "c.yaml"));
}

TEST_F(PlanSources, TheWholeIsSentWhenMostOfItIsAnother) {
  Change(0);
  Change(1);
  const auto sent = Ask();
  EXPECT_EQ(sent.at(0).head.over(), "");
  EXPECT_THAT(sent.at(0).names, ElementsAre("a.yaml", "b.yaml", "c.yaml"));
}

TEST_F(PlanSources, OfASmallModelTheFilesAreNotAsked) {
  model_.resize(1);
  EXPECT_THAT(Ask().at(0).names, ElementsAre("a.yaml"));
  EXPECT_EQ(daemon_.asked, 0);
}

}  // namespace
}  // namespace tandem
