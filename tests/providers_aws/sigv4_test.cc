#include "providers/aws/sign/sigv4.h"

#include <gtest/gtest.h>

namespace tandem::aws {
namespace {

const SigningKeys kExampleKeys{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};

SigningScope ExampleScope() {
  return {"us-east-1", "service", *ParseTime("2015-08-30T12:36:00Z")};
}

TEST(Sigv4, SignsTheVendorsPlainExample) {
  WireRequest request{"GET", "/", {}, "", "example.amazonaws.com"};
  Sign(request, kExampleKeys, ExampleScope());
  EXPECT_EQ(*FindHeader(request.headers, "x-amz-date"), "20150830T123600Z");
  EXPECT_EQ(*FindHeader(request.headers, "authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(Sigv4, SigningAgainReplacesWhatWasAdded) {
  WireRequest request{"POST", "/", {{"Content-Type", "text/plain"}}, "x", "h"};
  SigningKeys keys = kExampleKeys;
  keys.token = "one";
  Sign(request, keys, ExampleScope());
  const size_t headers = request.headers.size();
  keys.token = "two";
  SigningScope later = ExampleScope();
  later.time += std::chrono::hours(24);
  Sign(request, keys, later);
  EXPECT_EQ(request.headers.size(), headers);
  EXPECT_EQ(*FindHeader(request.headers, "x-amz-security-token"), "two");
  EXPECT_EQ(*FindHeader(request.headers, "x-amz-date"), "20150831T123600Z");
}

TEST(Sigv4, CanonicalPathDependsOnTheService) {
  struct Case {
    const char* name;
    const char* uri;
    bool normalize;
    const char* want;
  };
  const Case cases[] = {{"escaped twice", "/a%20b", true, "/a%2520b"},
                        {"escaped once in S3", "/a%20b", false, "/a%20b"},
                        {"dots", "/a/./b/../c//d/", true, "/a/c/d/"},
                        {"above the root", "/../..", true, "/"},
                        {"dots stay in S3", "/a/../b", false, "/a/../b"}};
  for (const Case& test : cases) {
    WireRequest request{"GET", test.uri, {}, "", "h"};
    const Signature signature = ComputeSignature(request, kExampleKeys, ExampleScope(),
                                                 {.sign_token = true, .normalize_path = test.normalize});
    const std::string& text = signature.canonical_request;
    const size_t begin = text.find('\n') + 1;
    EXPECT_EQ(text.substr(begin, text.find('\n', begin) - begin), test.want) << test.name;
  }
}

TEST(Sigv4, AStatedPayloadDigestCounts) {
  WireRequest request{"PUT", "/", {{"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}}, "body", "h"};
  const Signature signature = ComputeSignature(request, kExampleKeys, ExampleScope());
  EXPECT_NE(signature.canonical_request.find("\nUNSIGNED-PAYLOAD"), std::string::npos);
}

}  // namespace
}  // namespace tandem::aws
