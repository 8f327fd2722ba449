// EvaluateSpec: what a resource's spec is worth once references are asked for, and which parts of
// it are not ours to evaluate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/compile_case.h"

namespace tandem {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::Compiled;
using testing_support::CompileText;

constexpr std::string_view kModel = R"(apiVersion: tandem/v1
kind: Platform
metadata: {name: shop}
spec:
  activeSite: aws
  sites: {aws: {}, gcp: {}}
---
apiVersion: tandem/v1
kind: Account
metadata: {name: primary}
spec: {provider: aws, site: aws}
---
apiVersion: ec2.aws/v1
kind: VPC
metadata: {name: main}
spec: {CidrBlock: 10.0.0.0/16}
---
apiVersion: ec2.aws/v1
kind: Subnet
metadata: {name: a}
spec:
  VpcId: "${ref('ec2.aws/VPC/main@primary').VpcId}"
  CidrBlock: 10.0.1.0/24
  Tags: [{Key: of, Value: "in ${ref('ec2.aws/VPC/main').VpcId}"}]
---
apiVersion: iam.aws/v1
kind: Role
metadata: {name: app}
spec:
  AssumeRolePolicyDocument: "{}"
  Description: "key ${secret('env:KEY')} of ${platform.name}"
  Tags: [{Key: plain, Value: "${secret('file:/run/secrets/app#tag')}"}]
)";

std::string PolicyOf(std::string_view annotations) {
  return std::string(kModel) + "---\napiVersion: iam.aws/v1\nkind: Policy\n" +
         "metadata: {name: own, annotations: {" + std::string(annotations) + "}}\n" + R"(spec:
  Description: "of ${platform.name}"
  PolicyDocument: |
    {"Resource": "arn:aws:s3:::home/${aws:username}/${platform.name}"}
)";
}

TEST(EvaluateSpec, AsksForReferencesByTheAddressOfTheModel) {
  auto compiled = CompileText(std::string(kModel));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  std::vector<std::string> asked;
  const auto spec =
      EvaluateSpec(*compiled.model, *compiled.model->Find("ec2.aws/Subnet/a"),
                   [&](const std::string& address, const Path& path) -> Result<Value> {
                     asked.push_back(address + " " + FormatPath(path));
                     return Value("vpc-1");
                   });
  ASSERT_TRUE(spec.ok()) << spec.status().message();
  EXPECT_EQ(*spec->Find("VpcId"), Value("vpc-1"));
  EXPECT_EQ(*spec->At("Tags[0].Value"), Value("in vpc-1"));
  EXPECT_THAT(asked, ElementsAre("ec2.aws/VPC/main VpcId", "ec2.aws/VPC/main VpcId"));
}

TEST(EvaluateSpec, UnknownsStayUnknownAloneAndInText) {
  auto compiled = CompileText(std::string(kModel));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  const auto spec = EvaluateSpec(*compiled.model, *compiled.model->Find("ec2.aws/Subnet/a"),
                                 [](const std::string& address, const Path&) -> Result<Value> {
                                   return Value(Unknown{Type::kString, address});
                                 });
  ASSERT_TRUE(spec.ok()) << spec.status().message();
  ASSERT_TRUE(spec->Find("VpcId")->is_unknown());
  EXPECT_EQ(spec->Find("VpcId")->as_unknown().source, "ec2.aws/VPC/main");
  ASSERT_TRUE(spec->At("Tags[0].Value")->is_unknown());
  EXPECT_EQ(spec->At("Tags[0].Value")->type(), Type::kString);
  EXPECT_EQ(*spec->Find("CidrBlock"), Value("10.0.1.0/24"));
}

TEST(EvaluateSpec, AFailureNamesThePathAndTheReason) {
  auto compiled = CompileText(std::string(kModel));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  const auto spec = EvaluateSpec(*compiled.model, *compiled.model->Find("ec2.aws/Subnet/a"),
                                 [](const std::string&, const Path& path) -> Result<Value> {
                                   if (path.size() == 1) return NotFound("gone since yesterday");
                                   return Value("x");
                                 });
  ASSERT_FALSE(spec.ok());
  EXPECT_EQ(spec.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(std::string(spec.status().message()), HasSubstr("spec.Tags[0].Value"));
  EXPECT_THAT(std::string(spec.status().message()), HasSubstr("gone since yesterday"));
}

TEST(EvaluateSpec, R15SecretsAreRecipesNeverTexts) {
  auto compiled = CompileText(std::string(kModel));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  const auto spec = EvaluateSpec(
      *compiled.model, *compiled.model->Find("iam.aws/Role/app"),
      [](const std::string&, const Path&) -> Result<Value> { return NotFound("unused"); });
  ASSERT_TRUE(spec.ok()) << spec.status().message();
  EXPECT_EQ(*spec->At("Tags[0].Value"),
            Value(Sensitive{{{true, "file:/run/secrets/app#tag"}}, "", ""}));
  EXPECT_EQ(*spec->Find("Description"),
            Value(Sensitive{{{false, "key "}, {true, "env:KEY"}, {false, " of shop"}}, "", ""}));
}

TEST(OpaquePaths, R17PolicyDocumentsAreNotEvaluated) {
  auto compiled = CompileText(PolicyOf("tandem/manage: full"));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  const auto spec = EvaluateSpec(
      *compiled.model, *compiled.model->Find("iam.aws/Policy/own"),
      [](const std::string&, const Path&) -> Result<Value> { return NotFound("unused"); });
  ASSERT_TRUE(spec.ok()) << spec.status().message();
  EXPECT_EQ(spec->StringOr("PolicyDocument", ""),
            "{\"Resource\": \"arn:aws:s3:::home/${aws:username}/${platform.name}\"}\n");
  EXPECT_EQ(spec->StringOr("Description", ""), "of shop") << "the paths beside it are";
}

TEST(OpaquePaths, R17ExpressionsAtNamesThoseThatAreEvaluated) {
  for (const char* listed :
       {"PolicyDocument", "spec.PolicyDocument", "\"Other, PolicyDocument \""}) {
    auto refused = CompileText(PolicyOf("tandem/expressions-at: " + std::string(listed)));
    EXPECT_EQ(refused.model, nullptr) << listed;
    EXPECT_THAT(refused.Shown(), HasSubstr("write $${aws: if the text itself is meant")) << listed;

    std::string text = PolicyOf("tandem/expressions-at: " + std::string(listed));
    text.insert(text.find("${aws:username}"), "$");
    auto compiled = CompileText(text);
    ASSERT_TRUE(compiled.model != nullptr) << listed << compiled.Shown();
    const auto spec = EvaluateSpec(
        *compiled.model, *compiled.model->Find("iam.aws/Policy/own"),
        [](const std::string&, const Path&) -> Result<Value> { return NotFound("unused"); });
    ASSERT_TRUE(spec.ok()) << spec.status().message();
    EXPECT_EQ(spec->StringOr("PolicyDocument", ""),
              "{\"Resource\": \"arn:aws:s3:::home/${aws:username}/shop\"}\n")
        << listed;
  }
}

}  // namespace
}  // namespace tandem
