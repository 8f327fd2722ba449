#include "sdk/reply_stream.h"

#include <gtest/gtest.h>

#include <string>

namespace tandem {
namespace {

/// Writes into `told`: a message, and '+' where the next one may join it; '.' is the end.
class Stream final : public ReplyQueue<std::string> {
 public:
  using ReplyQueue::Written;
  std::string told;

 private:
  void WriteOne(const std::string* message, grpc::WriteOptions options) override {
    told += *message + (options.get_buffer_hint() ? "+" : "");
  }
  void FinishWith(const grpc::Status&) override { told += "."; }
};

TEST(ReplyQueue, WhatWaitsGoesOutTogetherAndTheLastOfItAtOnce) {
  Stream stream;
  stream.Expect(5);
  stream.Put({"a"});
  EXPECT_EQ(stream.told, "a") << "nothing waits behind it";
  stream.Put({"b"});
  stream.Put({"c"});
  EXPECT_EQ(stream.told, "a") << "one is written at a time";
  stream.Written(true);
  EXPECT_EQ(stream.told, "ab+");
  stream.Written(true);
  EXPECT_EQ(stream.told, "ab+c") << "one that is held back with nothing behind it would never go out";
  stream.Written(true);
  stream.Put({"d", "e"});
  stream.End(grpc::Status::OK);
  stream.Written(true);
  stream.Written(true);
  EXPECT_EQ(stream.told, "ab+cd+e") << "an answer is still to come";
  stream.Put({"f"});
  stream.Written(true);
  EXPECT_EQ(stream.told, "ab+cd+ef.");
}

TEST(ReplyQueue, WhatWaitsIsThrownAwayOnceTheOtherSideIsGone) {
  Stream stream;
  stream.Expect(3);
  stream.Put({"a"});
  stream.Put({"b"});
  stream.End(grpc::Status::OK);
  stream.Written(false);
  EXPECT_EQ(stream.told, "a") << "what is still being done is waited for";
  stream.Put({"c"});
  EXPECT_EQ(stream.told, "a.");
}

}  // namespace
}  // namespace tandem
