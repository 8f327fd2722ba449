// Plans over gRPC of what differs from the accepted model alone.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tandem/codec/json.h"
#include "tandem/compile/file_digests.h"
#include "tests/support/served_daemon.h"

namespace tandem {
namespace {

using Texts = std::vector<std::shared_ptr<const SourceText>>;

class PlanOver : public ServedDaemon {
 protected:
  api::v1::FilesReply Files() {
    grpc::ClientContext context;
    const auto stream = stub_->Files(&context, {});
    api::v1::FilesReply all, reply;
    for (messages_ = 0; stream->Read(&reply); ++messages_) all.MergeFrom(reply);
    EXPECT_TRUE(stream->Finish().ok());
    return all;
  }

  struct Answer {
    api::v1::Refusal refusal = api::v1::REFUSAL_UNSPECIFIED;
    std::string hash;
    size_t steps = 0;
  };
  Answer Plan(const Texts& sources, const std::string& over = "", const std::vector<std::string>& removed = {}) {
    grpc::ClientContext context;
    const auto stream = stub_->Plan(&context);
    api::v1::PlanRequest request;
    request.mutable_head()->set_delete_budget(100);
    request.mutable_head()->set_over(over);
    request.mutable_head()->mutable_removed()->Assign(removed.begin(), removed.end());
    EXPECT_TRUE(stream->Write(request));
    for (const auto& source : sources) {
      request.mutable_source()->set_name(source->name);
      request.mutable_source()->set_text(source->text);
      EXPECT_TRUE(stream->Write(request));
    }
    stream->WritesDone();
    Answer answer;
    std::string json;
    api::v1::PlanReply reply;
    while (stream->Read(&reply)) {
      json += reply.json();
      if (reply.refusal() != api::v1::REFUSAL_UNSPECIFIED) answer.refusal = reply.refusal();
    }
    EXPECT_TRUE(stream->Finish().ok());
    if (json.empty()) return answer;
    const Result<Value> plan = ParseJson(json);
    EXPECT_TRUE(plan.ok());
    answer.hash = plan->StringOr("hash", "");
    answer.steps = plan->Find("steps")->as_list().size();
    return answer;
  }

  int messages_ = 0;
};

// The documents of a model of `count`, a file each.
Texts Split(const std::vector<std::shared_ptr<const SourceText>>& model) {
  Texts files;
  Diagnostics found;
  for (const auto& source : model)
    for (const DocumentText& text : SplitDocuments(source, {}, found))
      files.push_back(std::make_shared<const SourceText>(
          SourceText{"file" + std::to_string(1000 + files.size()) + ".yaml", std::string(text.text())}));
  return files;
}

TEST_F(PlanOver, TheFilesOfNoModelAreNone) {
  const api::v1::FilesReply files = Files();
  EXPECT_EQ(messages_, 1);
  EXPECT_EQ(files.model(), "");
  EXPECT_EQ(files.files_size(), 0);
}

TEST_F(PlanOver, WhatDiffersIsPlannedAsTheWholeModel) {
  const Texts accepted = Split(Model(1100, "one"));
  const PlanAnswer first = MakePlan(accepted);
  ASSERT_EQ(first.refusal, Refusal::kNone) << first.message;
  ASSERT_EQ(Ended(Start(first.plan->hash)), RunState::kSucceeded);

  const api::v1::FilesReply files = Files();
  EXPECT_EQ(messages_, 2) << "a thousand at a time";
  EXPECT_EQ(files.model(), first.plan->proposed_digest);
  ASSERT_EQ(files.files_size(), static_cast<int>(accepted.size()));
  std::vector<FileDigest> told;
  for (const auto& file : files.files()) told.push_back({file.name(), file.digest()});

  Texts next = accepted;
  const std::string gone = next.back()->name;
  next.pop_back();
  const auto before = next.back();
  next.back() = std::make_shared<const SourceText>(SourceText{before->name, "# another text\n" + before->text});
  const auto changes = ChangesSince(told, next);
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->files.size(), 1u);
  ASSERT_EQ(changes->removed, std::vector<std::string>{gone});

  const Answer whole = Plan(next);
  const Answer over = Plan(changes->files, files.model(), changes->removed);
  EXPECT_EQ(over.refusal, api::v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(over.steps, 1u) << "the file that is gone";
  EXPECT_EQ(over.hash, whole.hash);
  EXPECT_NE(over.hash, "");
  EXPECT_EQ(Plan(changes->files, "sha256:0", changes->removed).refusal, api::v1::REFUSAL_NOT_FOUND);
}

}  // namespace
}  // namespace tandem
