// R10: what each failure of a call means.
#include "providers/aws/kinds/errors.h"

#include <gtest/gtest.h>

#include "tests/providers_aws/kinds_world.h"

namespace tandem::aws {
namespace {

using Stage = CallFailure::Stage;

struct ErrorCase {
  std::string name;
  std::string kind;  // "" for no table
  Stage stage = Stage::kAnswered;
  int status = 400;
  std::string code;
  std::string message;
  bool understood = true;
  ErrorClass mutating;
  ErrorClass reading;
};

class ErrorsTest : public ::testing::TestWithParam<ErrorCase> {};

TEST_P(ErrorsTest, R10Classify) {
  const ErrorCase& c = GetParam();
  const auto kind = c.kind.empty() ? nullptr : FindKind(c.kind);
  CallFailure failure;
  failure.stage = c.stage;
  failure.operation = "DoIt";
  if (c.stage != Stage::kAnswered) failure.status = Unavailable("why");
  failure.error = {c.status, c.code, c.message, c.understood, Value()};
  EXPECT_EQ(Classify(kind.get(), failure, true).error_class, c.mutating);
  EXPECT_EQ(Classify(kind.get(), failure, false).error_class, c.reading);
  EXPECT_FALSE(Classify(kind.get(), failure, true).ok);
}

using C = ErrorClass;
INSTANTIATE_TEST_SUITE_P(
    All, ErrorsTest,
    ::testing::Values(
        ErrorCase{"refused", "", Stage::kRefused, 0, "", "", true, C::kTerminal, C::kTerminal},
        ErrorCase{"no_credentials", "", Stage::kSignIn, 0, "", "", true, C::kSignIn, C::kSignIn},
        ErrorCase{"not_sent", "", Stage::kNotSent, 0, "", "", true, C::kNotDone, C::kNotDone},
        ErrorCase{"reply_lost", "", Stage::kLost, 0, "", "", true, C::kPerhapsDone, C::kNotDone},
        ErrorCase{"html", "ec2.aws/VPC", Stage::kAnswered, 404, "", "", false, C::kPerhapsDone,
                  C::kNotDone},
        ErrorCase{"server_error", "ec2.aws/VPC", Stage::kAnswered, 500, "InternalError", "", true,
                  C::kPerhapsDone, C::kNotDone},
        ErrorCase{"unknown_4xx", "ec2.aws/VPC", Stage::kAnswered, 400, "Strange", "", true,
                  C::kTerminal, C::kTerminal},
        ErrorCase{"denied", "ec2.aws/VPC", Stage::kAnswered, 403, "UnauthorizedOperation", "", true,
                  C::kTerminal, C::kTerminal},
        ErrorCase{"expired", "ec2.aws/VPC", Stage::kAnswered, 400, "ExpiredToken", "", true,
                  C::kSignIn, C::kSignIn},
        ErrorCase{"throttled_by_code", "", Stage::kAnswered, 400, "ThrottlingException", "", true,
                  C::kThrottled, C::kThrottled},
        ErrorCase{"throttled_by_status", "", Stage::kAnswered, 429, "Odd", "", true, C::kThrottled,
                  C::kThrottled},
        ErrorCase{"table", "ec2.aws/VPC", Stage::kAnswered, 400, "InvalidVpcID.NotFound", "", true,
                  C::kGone, C::kGone},
        ErrorCase{"table_before_status", "eks.aws/Cluster", Stage::kAnswered, 503,
                  "ServiceUnavailableException", "", true, C::kNotDone, C::kNotDone},
        ErrorCase{"by_message_exists", "route53.aws/RecordSet", Stage::kAnswered, 400,
                  "InvalidChangeBatch", "but it already exists", true, C::kExists, C::kExists},
        ErrorCase{"by_message_gone", "route53.aws/RecordSet", Stage::kAnswered, 400,
                  "InvalidChangeBatch", "but it was not found", true, C::kGone, C::kGone},
        ErrorCase{"by_message_otherwise", "route53.aws/RecordSet", Stage::kAnswered, 400,
                  "InvalidChangeBatch", "values do not match", true, C::kTerminal, C::kTerminal}),
    [](const auto& info) { return info.param.name; });

TEST(ErrorsTest, ARefusedCredentialSaysWhyAndWhatTheCodeWas) {
  const std::pair<const char*, const char*> kCases[] = {
      {"InvalidClientTokenId", "DoIt: InvalidClientTokenId: the access key is not known to AWS"},
      {"SignatureDoesNotMatch",
       "DoIt: SignatureDoesNotMatch: the secret key is not that of the access key, or this "
       "machine's clock is wrong"},
      {"ExpiredToken", "DoIt: ExpiredToken: the session token has expired"},
      {"IncompleteSignature", "DoIt: IncompleteSignature: the service refused the credentials"},
  };
  for (const auto& [code, text] : kCases) {
    CallFailure failure;
    failure.stage = Stage::kAnswered;
    failure.operation = "DoIt";
    failure.error = {403, code, "TOKEN", true, Value()};
    EXPECT_EQ(Classify(nullptr, failure, false).message, text);
  }
}

TEST(ErrorsTest, SignaturesAreNotExplained) {
  CallFailure failure;
  failure.stage = Stage::kAnswered;
  failure.operation = "DoIt";
  failure.error = {403, "SignatureDoesNotMatch", "x-amz-security-token:TOKEN", true, Value()};
  EXPECT_EQ(Classify(nullptr, failure, true).message.find("TOKEN"), std::string::npos);
}

}  // namespace
}  // namespace tandem::aws
