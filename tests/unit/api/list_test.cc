// What List sends is what the snapshot shows, whether it was encoded before or not.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/encoded_items.h"
#include "tandem/api_wire/convert.h"
#include "tests/support/served_daemon.h"

namespace tandem {
namespace {

using api::v1::ListReply;
using Wanted = api::v1::ListRequest;

class ListTest : public ServedDaemon {
 protected:
  ListReply List(const std::string& prefix, const std::string& component = "") {
    grpc::ClientContext context;
    Wanted request;
    request.set_what(Wanted::RESOURCES);
    request.set_prefix(prefix);
    request.set_component(component);
    const auto stream = stub_->List(&context, request);
    ListReply all, reply;
    for (messages_ = 0; stream->Read(&reply); ++messages_) all.MergeFrom(reply);
    EXPECT_TRUE(stream->Finish().ok());
    return all;
  }
  /// The same, from the snapshot, one after the other.
  ListReply Expected(const std::string& prefix) const {
    const auto snapshot = engine_->snapshot();
    ListReply all;
    all.set_sequence(snapshot->sequence);
    for (const auto& page : snapshot->pages)
      for (const auto& view : *page)
        if (view->address.str().rfind(prefix, 0) == 0)
          ToWire(*view, false, all.add_items()->mutable_resource());
    return all;
  }
  void ExpectAll(const std::string& prefix, int items) {
    ListReply got = List(prefix), expected = Expected(prefix);
    while (got.sequence() != expected.sequence()) {  // the engine went on between the two
      got = List(prefix);
      expected = Expected(prefix);
    }
    EXPECT_EQ(got.items_size(), items) << prefix;
    EXPECT_EQ(got.SerializeAsString(), expected.SerializeAsString()) << prefix;
  }
  void Apply(const std::string& policy) {
    const PlanAnswer plan = MakePlan(Model(700, policy));
    ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message;
    ASSERT_EQ(Ended(Start(plan.plan->hash)), RunState::kSucceeded);
  }
  int messages_ = 0;
};

TEST_F(ListTest, APrefixGivesWhatTheSnapshotShows) {
  EXPECT_EQ(List("").items_size(), 0);
  EXPECT_EQ(messages_, 1) << "one answer, with the sequence";
  Apply("one");
  for (int time = 0; time < 2; ++time) {  // encoded, and then copied
    ExpectAll("", 700);
    ExpectAll("iam.sim/Role/r", 700);
    ExpectAll("iam.sim/Role/r3", 111);
    ExpectAll("iam.sim/Role/r69", 11);  // in the last page
    ExpectAll("iam.sim/Role/r10", 11);
    ExpectAll("iam.sim/Role/r9999", 0);
    ExpectAll("a", 0);
    ExpectAll("z", 0);
  }
  EXPECT_EQ(List("", "no such component").items_size(), 0);
}

TEST_F(ListTest, WhatChangedIsEncodedAgain) {
  Apply("one");
  const ListReply before = List("iam.sim/Role/r3");
  Apply("two");
  ExpectAll("iam.sim/Role/r3", 111);
  EXPECT_NE(List("iam.sim/Role/r3").items(0).SerializeAsString(), before.items(0).SerializeAsString());
}

TEST_F(ListTest, ARequestThatIsNoneIsRefused) {
  grpc::ClientContext context;
  const auto stream = stub_->List(&context, {});
  ListReply reply;
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(EncodedItems, HoldsNoMoreThanTwoGenerations) {
  EncodedItems items;
  std::vector<std::weak_ptr<const ResourceView>> seen;
  for (size_t i = 0; i < 5 * EncodedItems::kMost; ++i) {
    auto view = std::make_shared<ResourceView>();
    view->address = "r" + std::to_string(i);
    std::string message;
    items.Append(view, &message);
    if (!seen.empty())  // what is asked for again is held on to
      if (const auto one = seen.front().lock()) items.Append(one, &message);
    seen.push_back(view);
  }
  size_t held = 0;
  for (const auto& view : seen) held += !view.expired();
  EXPECT_LE(held, 2 * EncodedItems::kMost);
  EXPECT_FALSE(seen.front().expired());
  EXPECT_FALSE(seen.back().expired());
}

}  // namespace
}  // namespace tandem
