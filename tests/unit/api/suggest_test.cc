#include "api/suggest.h"

#include <gtest/gtest.h>

#include "tests/support/served_daemon.h"

namespace tandem {
namespace {

Snapshot With(const std::vector<std::string>& addresses) {
  Snapshot snapshot;
  auto page = std::make_shared<ResourcePage>();
  for (const std::string& address : addresses) {
    auto view = std::make_shared<ResourceView>();
    view->address = address;
    page->push_back(std::move(view));
  }
  snapshot.pages.push_back(std::move(page));
  snapshot.components.push_back({});
  snapshot.components.back().name = "aws_orders";
  snapshot.accounts["primary"].name = "primary";
  return snapshot;
}

TEST(Suggest, WhatIsCalledAlike) {
  const Snapshot snapshot =
      With({"db.aws/Table/orders", "ec2.aws/Subnet/a@other", "ec2.aws/VPC/main", "iam.aws/Role/a", "k8s/Pod/shop/cart",
            "logs.aws/Group/a", "sqs.aws/Queue/a"});
  const std::pair<const char*, const char*> cases[] = {
      {"orders", "; did you mean 'db.aws/Table/orders'?"},
      {"Table/orders", "; did you mean 'db.aws/Table/orders'?"},
      {"ordres", "; did you mean 'db.aws/Table/orders'?"},
      {"db.aws/Tabel/orders", "; did you mean 'db.aws/Table/orders'?"},
      {"cart", "; did you mean 'k8s/Pod/shop/cart'?"},
      {"a", "; did you mean 'ec2.aws/Subnet/a@other' or 'iam.aws/Role/a' or 'logs.aws/Group/a' or another of that name?"},
      {"aws_order", "; did you mean 'aws_orders'?"},
      {"primry", "; did you mean 'primary'?"},
      {"db.aws/Table/orders", ""},
      {"nothing-like-it", ""},
      {"", ""}};
  for (const auto& [name, expected] : cases) EXPECT_EQ(DidYouMean(snapshot, name), expected) << name;
  EXPECT_EQ(DidYouMean(Snapshot(), "orders"), "");
}

class Suggestions : public ServedDaemon {
 protected:
  template <typename Reply>
  grpc::Status Ask(grpc::Status (api::v1::Tandem::Stub::*call)(grpc::ClientContext*, const api::v1::AddressRequest&,
                                                               Reply*),
                   const std::string& name) {
    grpc::ClientContext context;
    api::v1::AddressRequest request;
    request.set_address(name);
    Reply reply;
    return (stub_.get()->*call)(&context, request, &reply);
  }
};

TEST_F(Suggestions, AreToldWithWhatIsNotThere) {
  ASSERT_EQ(Ended(Start(MakePlan(Model(2, "one")).plan->hash)), RunState::kSucceeded);
  const std::string meant = "; did you mean 'iam.sim/Role/r1'?";
  const grpc::Status got = Ask(&api::v1::Tandem::Stub::Get, "r1");
  EXPECT_EQ(got.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(got.error_message(), "there is no resource, component or account 'r1'" + meant);
  EXPECT_EQ(Ask(&api::v1::Tandem::Stub::Why, "r1").error_message(), "nothing is known of 'r1'" + meant);
  EXPECT_EQ(Ask(&api::v1::Tandem::Stub::Refresh, "r1").error_message(), "nothing is known of 'r1'" + meant);
  EXPECT_EQ(Ask(&api::v1::Tandem::Stub::Pause, "r1").error_message(), "nothing is recorded at 'r1'" + meant);
  EXPECT_TRUE(Ask(&api::v1::Tandem::Stub::Pause, "iam.sim/Role/r1").ok());
  EXPECT_TRUE(Ask(&api::v1::Tandem::Stub::Resume, "iam.sim/Role/r1").ok());
}

}  // namespace
}  // namespace tandem
