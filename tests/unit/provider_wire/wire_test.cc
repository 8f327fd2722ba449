#include "tandem/provider_wire/wire.h"

#include <gtest/gtest.h>

#include <limits>

#include "provider_wire/text.h"
#include "tandem/provider/v1/provider.pb.h"

namespace tandem {
namespace {

namespace v1 = provider::v1;

Packed Json(const std::string& text) { return Packed::From(*ParseJson(text)); }

LiveObject Object(const std::string& identity, size_t bytes) {
  LiveObject object;
  object.kind = {"ec2.aws", "VPC"};
  object.identity = identity;
  object.name = "name-" + identity;
  object.fields = Packed::From(Value(Map{{"Text", std::string(bytes, 'x')}}));
  object.state = "busy";
  object.state_message = "being made";
  object.mark = {"uid-1", "ec2.aws/VPC/main", "intent-1"};
  return object;
}

void ExpectSame(const LiveObject& a, const LiveObject& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.identity, b.identity);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.fields.json(), b.fields.json());
  EXPECT_EQ(a.fields.fingerprint(), b.fields.fingerprint());
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.state_message, b.state_message);
  EXPECT_EQ(a.mark, b.mark);
}

TEST(Wire, R10ErrorClassesKeepTheirNumbers) {
  for (int number = 1; number <= 10; ++number) {
    CallError error = MakeCallError(static_cast<ErrorClass>(number), "Code", "why");
    error.retry_after = std::chrono::seconds(3);
    v1::CallError wire;
    ToWire(error, &wire);
    EXPECT_EQ(wire.error_class(), number);
    const CallError back = FromWire(wire);
    EXPECT_EQ(back.error_class, error.error_class);
    EXPECT_EQ(back.code, "Code");
    EXPECT_EQ(back.message, "why");
    EXPECT_EQ(back.retry_after, std::chrono::seconds(3));
    EXPECT_FALSE(back.ok);
  }
}

TEST(Wire, R10UnknownErrorClassIsPerhapsDone) {
  for (int number : {0, 11, 4711, -1}) {
    v1::CallError wire;
    wire.set_error_class(static_cast<v1::ErrorClass>(number));
    wire.set_retry_after_micros(-5);
    EXPECT_EQ(FromWire(wire).error_class, ErrorClass::kPerhapsDone) << number;
    EXPECT_EQ(FromWire(wire).retry_after, Duration(0));
  }
}

TEST(Wire, UnknownCompletenessIsIncomplete) {
  for (int number : {0, 2, 3, 99}) {
    v1::ListReply wire;
    wire.set_last(true);
    wire.set_completeness(static_cast<v1::Completeness>(number));
    ListJoin join;
    ASSERT_TRUE(join.Add(wire).ok());
    EXPECT_FALSE(join.Take()->complete) << number;
  }
}

TEST(Wire, UnknownObjectStateIsBusy) {
  v1::ReadReply wire;
  wire.mutable_object()->set_identity("a");
  wire.mutable_object()->set_state(static_cast<v1::ObjectState>(17));
  ReadJoin join;
  ASSERT_TRUE(join.Add(wire).ok());
  EXPECT_EQ(join.Take()->object.state, "busy");
}

TEST(Wire, RequestsAndSmallAnswersRoundTrip) {
  {
    v1::DescribeReply wire;
    ToWire(ProviderDescription{"aws", "1.2", {"ec2.aws", "iam.aws"}}, &wire);
    const auto back = FromWire(wire);
    EXPECT_EQ(back->name, "aws");
    EXPECT_EQ(back->version, "1.2");
    EXPECT_EQ(back->groups, (std::vector<std::string>{"ec2.aws", "iam.aws"}));
    EXPECT_EQ(FromWire(v1::DescribeReply()).status().code(), Code::kDataLoss);
  }
  {
    v1::OpenRequest wire;
    ToWire(AccountRequest{"main", Json(R"({"region":"us-east-1"})")}, &wire);
    const auto back = FromWire(wire);
    EXPECT_EQ(back->account, "main");
    EXPECT_EQ(back->spec.json(), R"({"region":"us-east-1"})");
    wire.set_spec("{");
    EXPECT_EQ(FromWire(wire).status().code(), Code::kDataLoss);
  }
  {
    AccountAnswer answer;
    answer.principal = "arn:aws:iam::1:user/a";
    answer.verified_id = "1";
    v1::OpenReply wire;
    ToWire(answer, &wire);
    EXPECT_FALSE(wire.has_error());
    EXPECT_TRUE(FromWire(wire)->error.ok);
    EXPECT_EQ(FromWire(wire)->principal, answer.principal);
    EXPECT_EQ(FromWire(wire)->verified_id, "1");
  }
  {
    v1::ListRequest wire;
    ToWire(ListRequest{"main", {"route53.aws", "RecordSet"}, {"Z1", "Z2"}, "next"}, &wire);
    const auto back = FromWire(wire);
    EXPECT_EQ(back->account, "main");
    EXPECT_EQ(back->kind.ToString(), "route53.aws/RecordSet");
    EXPECT_EQ(back->parents, (std::vector<std::string>{"Z1", "Z2"}));
    EXPECT_EQ(back->page_token, "next");
  }
  {
    PollAnswer answer;
    answer.done = true;
    answer.identity = "i-1";
    answer.poll_after = std::chrono::seconds(2);
    v1::PollReply_Answer wire;
    ToWire(answer, &wire);
    const auto back = FromWire(wire);
    EXPECT_TRUE(back->done);
    EXPECT_EQ(back->identity, "i-1");
    EXPECT_EQ(back->poll_after, answer.poll_after);
    EXPECT_TRUE(back->error.ok);
  }
  {
    MeasureAnswer answer;
    answer.value = 0.25;
    answer.at = Time(std::chrono::seconds(1'700'000'000));
    v1::MeasureReply_Signal wire;
    ToWire(answer, &wire);
    const auto back = FromWire(wire);
    EXPECT_EQ(back->value, 0.25);
    EXPECT_EQ(back->at, answer.at);
    EXPECT_TRUE(back->error.ok);
  }
}

TEST(Wire, PagesAreCutAndJoined) {
  for (size_t bytes : {size_t{1}, size_t{7}, size_t{100}, size_t{1000}, kWireBytes}) {
    ListAnswer answer;
    for (size_t size : {0, 1, 50, 3000, 5, 999}) {
      answer.objects.push_back(Object("id" + std::to_string(size), size));
    }
    LiveObject bare;  // a name only
    bare.identity = "bare";
    answer.objects.insert(answer.objects.begin() + 2, bare);
    answer.next_page_token = "token";
    answer.complete = true;
    answer.names_only = true;
    const auto messages = Split(answer, bytes);
    ListJoin join;
    for (const v1::ListReply& message : messages) {
      ASSERT_FALSE(join.done());
      const Status added = join.Add(message);
      ASSERT_TRUE(added.ok()) << bytes << ": " << added.ToString();
      size_t payload = 0;
      for (const auto& object : message.objects()) payload += object.fields().size();
      EXPECT_LE(payload, bytes);
    }
    const Result<ListAnswer> back = join.Take();
    ASSERT_TRUE(back.ok());
    ASSERT_EQ(back->objects.size(), answer.objects.size());
    for (size_t i = 0; i < answer.objects.size(); ++i) {
      ExpectSame(back->objects[i], answer.objects[i]);
    }
    EXPECT_EQ(back->next_page_token, "token");
    EXPECT_TRUE(back->complete);
    EXPECT_TRUE(back->names_only);
    EXPECT_TRUE(back->error.ok);
  }
}

TEST(Wire, ManySmallObjectsDoNotFillOneMessage) {
  ListAnswer answer;
  for (int i = 0; i < 50'000; ++i) answer.objects.push_back(Object(std::to_string(i), 10));
  for (const v1::ListReply& message : Split(answer)) {
    EXPECT_LE(message.ByteSizeLong(), kWireBytes + kWireSlack);
  }
}

TEST(Wire, PageThatEndsEarlyIsDataLoss) {
  ListAnswer answer;
  answer.objects.push_back(Object("a", 100));
  auto messages = Split(answer, 40);
  ASSERT_GT(messages.size(), 2u);
  ListJoin join;
  ASSERT_TRUE(join.Add(messages[0]).ok());
  EXPECT_EQ(join.Take().status().code(), Code::kDataLoss);
  // The rest of the object is replaced by nothing at all.
  v1::ListReply empty;
  empty.set_last(true);
  EXPECT_EQ(join.Add(empty).code(), Code::kDataLoss);
}

TEST(Wire, MalformedJsonInAnObjectIsDataLoss) {
  for (const char* bytes : {"{", "{\"a\":1}x", "\xff", "nul"}) {
    v1::ListReply page;
    page.add_objects()->set_fields(bytes);
    page.set_last(true);
    EXPECT_EQ(ListJoin().Add(page).code(), Code::kDataLoss) << bytes;
    v1::ReadReply read;
    read.mutable_object()->set_fields(bytes);
    EXPECT_EQ(ReadJoin().Add(read).code(), Code::kDataLoss) << bytes;
    v1::ApplyReply apply;
    apply.set_fields(bytes);
    ApplyReplyJoin join;
    ASSERT_TRUE(join.Add(apply).ok());
    EXPECT_EQ(join.Take().status().code(), Code::kDataLoss) << bytes;
  }
  EXPECT_EQ(ReadJoin().Add(v1::ReadReply()).code(), Code::kDataLoss);
}

TEST(Wire, EndlessAnswerIsRefused) {
  v1::ReadReply wire;
  wire.mutable_object()->set_fields(std::string(kWireBytes, ' '));
  wire.mutable_object()->set_more(true);
  ReadJoin join;
  Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = join.Add(wire);
  EXPECT_EQ(status.code(), Code::kDataLoss);
}

TEST(Wire, ReadsAreCutAndJoined) {
  for (size_t bytes : {size_t{1}, size_t{64}, kWireBytes}) {
    ReadAnswer answer;
    answer.object = Object("x", 200);
    ReadJoin join;
    for (const auto& message : Split(answer, 5, bytes)) {
      EXPECT_EQ(message.index(), 5u);
      ASSERT_TRUE(join.Add(message).ok());
    }
    ASSERT_TRUE(join.done());
    ExpectSame(join.Take()->object, answer.object);
  }
  ReadAnswer gone;
  gone.error = MakeCallError(ErrorClass::kGone, "NotFound", "no such thing");
  ReadJoin join;
  ASSERT_TRUE(join.Add(Split(gone, 0)[0]).ok());
  EXPECT_EQ(join.Take()->error.error_class, ErrorClass::kGone);
}

TEST(Wire, CallsAreCutAndJoinedOneAfterAnother) {
  for (size_t bytes : {size_t{1}, size_t{33}, kWireBytes}) {
    ApplyRequestJoin join;
    for (const char* intent : {"i1", "i2"}) {
      ApplyRequest request;
      request.intent = intent;
      request.token = "token";
      request.account = "main";
      request.address = *Address::Parse("ec2.aws/VPC/main@main");
      request.kind = {"ec2.aws", "VPC"};
      request.call = "update:dns";
      request.identity = "vpc-1";
      request.desired = Json(R"({"a":[1,2,3],"s":"\u00e4"})");
      request.observed = Json(R"({"b":2})");
      request.recorded = Json(R"({"c":{"d":null}})");
      request.changed = {"a", "b.c"};
      request.mark = {"uid", "ec2.aws/VPC/main", intent};
      request.deadline = Time(std::chrono::seconds(1'700'000'000));
      for (const auto& message : Split(request, bytes)) {
        ASSERT_TRUE(join.Add(message).ok());
      }
      ASSERT_TRUE(join.done());
      const Result<ApplyRequest> back = join.Take();
      ASSERT_TRUE(back.ok()) << back.status().ToString();
      EXPECT_EQ(back->intent, intent);
      EXPECT_EQ(back->token, "token");
      EXPECT_EQ(back->account, "main");
      EXPECT_EQ(back->address, request.address);
      EXPECT_EQ(back->kind, request.kind);
      EXPECT_EQ(back->call, "update:dns");
      EXPECT_EQ(back->identity, "vpc-1");
      EXPECT_EQ(back->desired.json(), request.desired.json());
      EXPECT_EQ(back->observed.json(), request.observed.json());
      EXPECT_EQ(back->recorded.json(), request.recorded.json());
      EXPECT_EQ(back->changed, request.changed);
      EXPECT_EQ(back->mark, request.mark);
      EXPECT_EQ(back->deadline, request.deadline);
      EXPECT_FALSE(join.done());

      ApplyAnswer answer;
      answer.handle = "op-1";
      answer.poll_after = std::chrono::minutes(9);
      answer.identity = "vpc-1";
      answer.fields = Json(R"({"VpcId":"vpc-1","CidrBlock":"10.0.0.0/16"})");
      ApplyReplyJoin reply;
      for (const auto& message : Split(answer, intent, bytes)) ASSERT_TRUE(reply.Add(message).ok());
      ASSERT_TRUE(reply.done());
      EXPECT_EQ(reply.intent(), intent);
      const Result<ApplyAnswer> outcome = reply.Take();
      EXPECT_EQ(outcome->handle, "op-1");
      EXPECT_EQ(outcome->poll_after, answer.poll_after);
      EXPECT_EQ(outcome->identity, "vpc-1");
      EXPECT_EQ(outcome->fields.json(), answer.fields.json());
      EXPECT_TRUE(outcome->error.ok);
    }
  }
}

// Cut or cleaned, an identity would be that of another object.
TEST(Wire, AnIdentityThatCannotCrossWholeIsNoAnswer) {
  for (const std::string& odd : {std::string(size_t{20} << 10, 'x'), std::string("\xff\xfe no text")}) {
    ApplyAnswer applied;
    applied.identity = odd;
    const auto calls = Split(applied, "intent-1");
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].error().error_class(), v1::ERROR_CLASS_PERHAPS_DONE);
    EXPECT_EQ(calls[0].identity(), "");
    applied.identity = "vpc-1";
    applied.handle = odd;
    EXPECT_EQ(Split(applied, "intent-1")[0].error().error_class(), v1::ERROR_CLASS_PERHAPS_DONE);

    PollAnswer polled;
    polled.done = true;
    polled.identity = odd;
    v1::PollReply_Answer wire;
    ToWire(polled, &wire);
    EXPECT_FALSE(wire.done());
    EXPECT_EQ(wire.error().error_class(), v1::ERROR_CLASS_NOT_DONE);

    ReadAnswer read;
    read.object = Object(odd, 1);
    EXPECT_TRUE(Split(read, 0)[0].has_error());

    ListAnswer list;
    list.complete = true;
    list.objects = {Object("vpc-1", 1), Object(odd, 1)};
    const auto pages = Split(list);
    ASSERT_EQ(pages.size(), 1u);
    EXPECT_EQ(pages[0].objects_size(), 1);
    EXPECT_EQ(pages[0].completeness(), v1::COMPLETENESS_INCOMPLETE);
  }
  // Nor from a plugin that is not ours.
  v1::ApplyReply reply;
  reply.set_identity(std::string(size_t{20} << 10, 'x'));
  EXPECT_EQ(ApplyReplyJoin().Add(reply).code(), Code::kDataLoss);
  v1::PollReply_Answer answer;
  answer.set_identity(std::string(size_t{20} << 10, 'x'));
  EXPECT_EQ(FromWire(answer).status().code(), Code::kDataLoss);
}

TEST(Wire, AMeasuredValueIsAFiniteNumber) {
  for (const double odd : {std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity()}) {
    MeasureAnswer answer;
    answer.value = odd;
    v1::MeasureReply_Signal wire;
    ToWire(answer, &wire);
    EXPECT_EQ(wire.value(), 0);
    EXPECT_EQ(wire.error().error_class(), v1::ERROR_CLASS_NOT_DONE);
    // Nor from a plugin that is not ours.
    v1::MeasureReply_Signal foreign;
    foreign.set_value(odd);
    EXPECT_EQ(FromWire(foreign).status().code(), Code::kDataLoss);
  }
  MeasureAnswer failed;
  failed.error = MakeCallError(ErrorClass::kTerminal, "UnknownSignal", "no such thing");
  failed.value = 3;
  v1::MeasureReply_Signal wire;
  ToWire(failed, &wire);
  EXPECT_EQ(wire.value(), 0) << "a value beside an error would be believed some day";
  EXPECT_EQ(FromWire(wire)->error.code, "UnknownSignal");
}

TEST(Wire, VendorTextsBecomeUtf8) {
  struct Case {
    const char* name;
    std::string text;
    size_t limit;
    std::string clean;
  };
  const Case cases[] = {
      {"plain", "abc", 10, "abc"},
      {"umlaut", "\xc3\xa4", 10, "\xc3\xa4"},
      {"cut before a character", "a\xc3\xa4", 2, "a"},
      {"latin-1", "caf\xe9!", 10, "caf?!"},
      {"overlong", "\xc0\xaf", 10, "??"},
      {"surrogate", "\xed\xa0\x80", 10, "???"},
      {"four bytes", "\xf0\x9f\x98\x80", 10, "\xf0\x9f\x98\x80"},
      {"beyond", "\xf4\x90\x80\x80", 10, "????"},
      {"ends in the middle", "\xe2\x82", 10, "??"},
      {"empty", "", 10, ""},
  };
  for (const Case& c : cases) EXPECT_EQ(CleanText(c.text, c.limit), c.clean) << c.name;
  v1::CallError wire;
  ToWire(MakeCallError(ErrorClass::kTerminal, "X", "caf\xe9"), &wire);
  v1::CallError parsed;
  EXPECT_TRUE(parsed.ParseFromString(wire.SerializeAsString()));
}

}  // namespace
}  // namespace tandem
