// Documents that a provider realises → resources: for-each, names in expressions, accounts,
// addresses, what each needs, and the name field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/compile_case.h"

namespace tandem {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::UnorderedElementsAre;
using testing_support::Compiled;
using testing_support::CompileText;

constexpr std::string_view kResourcesPlatform = R"(apiVersion: tandem/v1
kind: Platform
metadata: {name: shop}
spec:
  activeSite: aws
  sites: {aws: {entry: 192.0.2.1}, gcp: {entry: 192.0.2.2}}
  objectives: {rpo: 60s, rto: 15m}
  values:
    zones: {a: us-east-1a, b: us-east-1b}
    names: [web, jobs]
)";
constexpr std::string_view kResourcesAccount = R"(---
apiVersion: tandem/v1
kind: Account
metadata: {name: primary}
spec: {provider: aws, site: aws, region: us-east-1}
)";
constexpr std::string_view kSecond = R"(---
apiVersion: tandem/v1
kind: Account
metadata: {name: second}
spec: {provider: aws, site: gcp, region: us-west-2}
)";

/// A document of ec2, logs or iam with these metadata and spec in flow style.
std::string Resource(std::string_view group, std::string_view kind, std::string_view metadata,
                     std::string_view spec) {
  return "---\napiVersion: " + std::string(group) + ".aws/v1\nkind: " + std::string(kind) +
         "\nmetadata: {" + std::string(metadata) + "}\nspec: {" + std::string(spec) + "}\n";
}
std::string Logs(std::string_view metadata, std::string_view spec = "retentionInDays: 7") {
  return Resource("logs", "LogGroup", metadata, spec);
}
std::string Vpc(std::string_view metadata) {
  return Resource("ec2", "VPC", metadata, "CidrBlock: 10.0.0.0/16");
}
std::string Base() { return std::string(kResourcesPlatform) + std::string(kResourcesAccount); }

Result<Value> UnknownAt(const std::string& address, const Path& path) {
  return Value(Unknown{Type::kString, address + "." + FormatPath(path)});
}

/// The desired form of the resource at `address`; null after a failure.
Value Desired(const Compiled& compiled, const std::string& address) {
  if (compiled.model == nullptr) return Value();
  const ModelResource* resource = compiled.model->Find(address);
  if (resource == nullptr) return Value();
  const auto spec = EvaluateSpec(*compiled.model, *resource, UnknownAt);
  EXPECT_TRUE(spec.ok()) << spec.status().message();
  return spec.ok() ? *spec : Value();
}

TEST(ForEach, R17OverAMapMakesOneResourceAKey) {
  auto compiled =
      CompileText(Base() + Logs("name: \"zone-${each.key}\", annotations: {tandem/for-each: "
                                "\"${platform.values.zones}\"}",
                                "tags: {zone: \"${each.value}\", key: \"${each.key}\"}"));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  EXPECT_THAT(compiled.model->resources,
              ElementsAre(Key("logs.aws/LogGroup/zone-a"), Key("logs.aws/LogGroup/zone-b")));
  EXPECT_EQ(
      Desired(compiled, "logs.aws/LogGroup/zone-b"),
      Value(Map{{"logGroupName", "zone-b"}, {"tags", Map{{"zone", "us-east-1b"}, {"key", "b"}}}}));
}

TEST(ForEach, R17OverAListIsByItsStrings) {
  auto compiled = CompileText(
      Base() +
      Logs("name: \"app-${each.key}\", annotations: {tandem/for-each: "
           "\"${platform.values.names}\", tandem/external-name: \"/shop/${each.value}\"}"));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  EXPECT_THAT(compiled.model->resources,
              ElementsAre(Key("logs.aws/LogGroup/app-jobs"), Key("logs.aws/LogGroup/app-web")));
  EXPECT_EQ(*Desired(compiled, "logs.aws/LogGroup/app-web").Find("logGroupName"),
            Value("/shop/web"));
}

TEST(ForEach, R17OverNothingMakesNothing) {
  auto compiled = CompileText(
      Base() + Logs("name: \"app-${each.key}\", annotations: {tandem/for-each: \"${[]}\"}"));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  EXPECT_THAT(compiled.model->resources, IsEmpty());
}

TEST(ForEach, R17OneOfThemCanBeReferredTo) {
  auto compiled =
      CompileText(Base() +
                  Logs("name: \"zone-${each.key}\", annotations: {tandem/for-each: "
                       "\"${platform.values.zones}\"}") +
                  Logs("name: all", "tags: {first: \"${ref('logs.aws/LogGroup/zone-a').arn}\"}"));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  EXPECT_THAT(compiled.model->Find("logs.aws/LogGroup/all")->needs,
              ElementsAre("logs.aws/LogGroup/zone-a"));
}

TEST(Expressions, R17NamesStandForSitePlatformAndSites) {
  auto compiled =
      CompileText(Base() + std::string(kSecond) +
                  Logs("name: here, annotations: {tandem/account: second}",
                       "tags: {site: \"${site}\", entry: \"${sites[site].entry}\", platform: "
                       "\"${platform.name}\", "
                       "active: \"${platform.activeSite}\", rpo: \"${platform.objectives.rpo}\", "
                       "other: \"$${site}\"}"));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  EXPECT_EQ(*Desired(compiled, "logs.aws/LogGroup/here").Find("tags"),
            Value(Map{{"site", "gcp"},
                      {"entry", "192.0.2.2"},
                      {"platform", "shop"},
                      {"active", "aws"},
                      {"rpo", "60s"},
                      {"other", "${site}"}}));
}

TEST(Expressions, R19RoleDependentValuesFollowTheActiveSite) {
  const std::string group = Logs("name: app", "retentionInDays: \"${sites.gcp.active ? 30 : 7}\"");
  std::string text = Base() + group;
  auto before = CompileText(text);
  text.replace(text.find("activeSite: aws"), 15, "activeSite: gcp");
  auto after = CompileText(text);
  EXPECT_EQ(*Desired(before, "logs.aws/LogGroup/app").Find("retentionInDays"), Value(7));
  EXPECT_EQ(*Desired(after, "logs.aws/LogGroup/app").Find("retentionInDays"), Value(30));
}

TEST(Accounts, R11TheOnlyOneOfTheProviderIsTaken) {
  auto compiled = CompileText(Base() + Vpc("name: main"));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  const ModelResource& vpc = compiled.model->resources.at("ec2.aws/VPC/main");
  EXPECT_EQ(vpc.account, "primary");
  EXPECT_EQ(vpc.site, "aws");
  EXPECT_EQ(vpc.address.account(), "") << "output omits what the document omits";
}

TEST(Accounts, R11TheAnnotationNamesOneOfSeveral) {
  auto compiled = CompileText(Base() + std::string(kSecond) +
                              Vpc("name: main, annotations: {tandem/account: second}"));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  const ModelResource& vpc = compiled.model->resources.at("ec2.aws/VPC/main@second");
  EXPECT_EQ(vpc.account, "second");
  EXPECT_EQ(vpc.site, "gcp");
}

TEST(Accounts, R11SeveralWithoutAnAnnotationAreAnErrorThatListsThem) {
  auto compiled = CompileText(Base() + std::string(kSecond) + Vpc("name: main"));
  EXPECT_EQ(compiled.model, nullptr);
  EXPECT_THAT(compiled.Shown(), HasSubstr("primary | second"));
}

TEST(Addresses, R11BothFormsAreOneAddress) {
  auto bare = CompileText(Base() + Vpc("name: main"));
  ASSERT_TRUE(bare.model != nullptr) << bare.Shown();
  const ModelResource* vpc = &bare.model->resources.at("ec2.aws/VPC/main");
  EXPECT_EQ(bare.model->Find("ec2.aws/VPC/main"), vpc);
  EXPECT_EQ(bare.model->Find("ec2.aws/VPC/main@primary"), vpc);
  EXPECT_EQ(bare.model->Find("ec2.aws/VPC/main@second"), nullptr);
  EXPECT_EQ(bare.model->Find("ec2.aws/VPC/mai"), nullptr);
  EXPECT_EQ(bare.model->Find(""), nullptr);

  auto named = CompileText(Base() + std::string(kSecond) +
                           Vpc("name: main, annotations: {tandem/account: second}"));
  ASSERT_TRUE(named.model != nullptr) << named.Shown();
  vpc = &named.model->resources.at("ec2.aws/VPC/main@second");
  EXPECT_EQ(named.model->Find("ec2.aws/VPC/main@second"), vpc);
  EXPECT_EQ(named.model->Find("ec2.aws/VPC/main"), vpc);
  EXPECT_EQ(named.model->Find("ec2.aws/VPC/main@primary"), nullptr);
}

TEST(Addresses, R11WithoutTheAccountIsNoneWhereTwoHaveIt) {
  auto compiled = CompileText(Base() + std::string(kSecond) +
                              Vpc("name: main, annotations: {tandem/account: primary}") +
                              Vpc("name: main, annotations: {tandem/account: second}"));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  EXPECT_EQ(compiled.model->Find("ec2.aws/VPC/main"), nullptr);
  EXPECT_EQ(compiled.model->Find("ec2.aws/VPC/main@second")->account, "second");
}

TEST(Addresses, R11OneAddressInBothFormsIsRefused) {
  for (const char* order : {"bare first", "named first"}) {
    std::string one = Vpc("name: main");
    std::string other = Vpc("name: main, annotations: {tandem/account: primary}");
    if (std::string_view(order) == "named first") std::swap(one, other);
    auto compiled = CompileText(Base() + one + other);
    EXPECT_EQ(compiled.model, nullptr) << order;
    EXPECT_THAT(compiled.Summaries(),
                ElementsAre(HasSubstr("two documents have the address ec2.aws/VPC/main")))
        << order;
  }
}

TEST(Addresses, R11OneNameInTwoAccountsIsTwoObjects) {
  auto compiled = CompileText(
      Base() + std::string(kSecond) +
      Logs("name: a, annotations: {tandem/account: primary, tandem/external-name: app}") +
      Logs("name: b, annotations: {tandem/account: second, tandem/external-name: app}"));
  EXPECT_TRUE(compiled.model != nullptr) << compiled.Shown();
}

// Where the API gives the identity, a name is of one object only within what it lives in.
TEST(Addresses, R11ANameIsTakenOnlyWhereItTellsObjectsApart) {
  const auto group = [](const std::string& name, const std::string& vpc) {
    return Resource("ec2", "SecurityGroup", "name: " + name, "Description: x, GroupName: web, VpcId: \"" + vpc + "\"");
  };
  const auto zone = [](const std::string& name) {
    return Resource("route53", "HostedZone", "name: " + name, "Name: shop.example");
  };
  const auto told = [&](const std::string& documents) {
    return CompileText(Base() + Vpc("name: a") + Vpc("name: b") + documents).Summaries();
  };
  const std::string in_a = "${ref('ec2.aws/VPC/a').VpcId}", in_b = "${ref('ec2.aws/VPC/b').VpcId}";
  EXPECT_THAT(told(group("one", in_a) + group("two", in_b)), IsEmpty());
  EXPECT_THAT(told(group("one", "vpc-1") + group("two", "vpc-2")), IsEmpty());
  EXPECT_THAT(told(group("one", in_a) + group("two", in_a)), ElementsAre(HasSubstr("would be one object (GroupName web")));
  EXPECT_THAT(told(zone("public") + zone("private")), IsEmpty());
}

TEST(Needs, AreReferencesDependsOnAndWhatTheAccountRefersTo) {
  auto compiled =
      CompileText(std::string(kResourcesPlatform) + R"(---
apiVersion: tandem/v1
kind: Account
metadata: {name: primary}
spec: {provider: aws, site: aws, region: us-east-1}
---
apiVersion: tandem/v1
kind: Account
metadata: {name: second}
spec:
  provider: aws
  region: us-west-2
  credentials: {source: assume-role, roleArn: "${ref('iam.aws/Role/cross').Arn}"}
)" +
                  Resource("iam", "Role", "name: cross, annotations: {tandem/account: primary}",
                           "AssumeRolePolicyDocument: \"{}\"") +
                  Vpc("name: main, annotations: {tandem/account: second}") +
                  Logs("name: audit, annotations: {tandem/account: second}") +
                  Resource("ec2", "Subnet",
                           "name: a, annotations: {tandem/account: second, tandem/depends-on: "
                           "\"logs.aws/LogGroup/audit, ec2.aws/VPC/main@second\"}",
                           "VpcId: \"${ref('ec2.aws/VPC/main').VpcId}\", CidrBlock: 10.0.1.0/24"));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  const CompiledModel& model = *compiled.model;
  EXPECT_THAT(model.Find("ec2.aws/Subnet/a")->needs,
              ElementsAre("ec2.aws/VPC/main@second", "iam.aws/Role/cross@primary",
                          "logs.aws/LogGroup/audit@second"))
      << "by the address that the model has, sorted, each once";
  EXPECT_THAT(model.Find("ec2.aws/VPC/main")->needs, ElementsAre("iam.aws/Role/cross@primary"));
  EXPECT_THAT(model.Find("iam.aws/Role/cross")->needs, IsEmpty());
  EXPECT_THAT(model.accounts.at("second").references, ElementsAre("iam.aws/Role/cross@primary"));
  const auto account = EvaluateAccount(model, model.accounts.at("second"), UnknownAt);
  ASSERT_TRUE(account.ok()) << account.status().message();
  EXPECT_EQ(account->At("credentials.roleArn")->as_unknown().source,
            "iam.aws/Role/cross@primary.Arn");
}

TEST(Needs, AnAccountThatNeedsItsOwnResourceIsACircle) {
  auto compiled = CompileText(std::string(kResourcesPlatform) + R"(---
apiVersion: tandem/v1
kind: Account
metadata: {name: primary}
spec: {provider: aws, credentials: {roleArn: "${ref('iam.aws/Role/cross').Arn}"}}
)" + Resource("iam", "Role", "name: cross", "AssumeRolePolicyDocument: \"{}\""));
  EXPECT_EQ(compiled.model, nullptr);
  EXPECT_THAT(compiled.Summaries(), ElementsAre("this resource needs itself"));
  EXPECT_THAT(compiled.Shown(), HasSubstr("Account primary"));
}

TEST(NameField, R11IsTheNameTheExternalNameOrWhatTheSpecSays) {
  struct Case {
    const char* name;
    const char* metadata;
    const char* spec;
    const char* expected;
  };
  const Case cases[] = {
      {"name", "name: app", "retentionInDays: 7", "app"},
      {"external", "name: app, annotations: {tandem/external-name: /x/app}", "retentionInDays: 7",
       "/x/app"},
      {"external by expression",
       "name: app, annotations: {tandem/external-name: \"/${platform.name}/app\"}",
       "retentionInDays: 7", "/shop/app"},
      {"spec", "name: app", "logGroupName: /y/app", "/y/app"},
  };
  for (const Case& c : cases) {
    auto compiled = CompileText(Base() + Logs(c.metadata, c.spec));
    ASSERT_TRUE(compiled.model != nullptr) << c.name << compiled.Shown();
    EXPECT_EQ(Desired(compiled, "logs.aws/LogGroup/app").StringOr("logGroupName", ""), c.expected)
        << c.name;
  }
}

TEST(NameField, KindsWithAnAssignedIdentityHaveNone) {
  auto compiled = CompileText(Base() + Vpc("name: main"));
  EXPECT_EQ(Desired(compiled, "ec2.aws/VPC/main"), Value(Map{{"CidrBlock", "10.0.0.0/16"}}));
}

TEST(Annotations, AreReadIntoTheResource) {
  auto compiled = CompileText(
      Base() +
      Vpc("name: main, annotations: {tandem/manage: observe, tandem/deletion-policy: retain, "
          "tandem/adopt: and-update, tandem/protect: \"false\", tandem/paused: \"true\", "
          "tandem/reconcile-interval: 5m, tandem/moved-from: ec2.aws/VPC/old}") +
      Vpc("name: plain"));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  const ModelResource& vpc = compiled.model->resources.at("ec2.aws/VPC/main");
  EXPECT_EQ(vpc.manage, "observe");
  EXPECT_EQ(vpc.deletion_policy, "retain");
  EXPECT_EQ(vpc.adopt, "and-update");
  EXPECT_EQ(vpc.protect, std::optional<bool>(false));
  EXPECT_TRUE(vpc.paused);
  EXPECT_EQ(vpc.reconcile_interval, std::optional<Duration>(std::chrono::minutes(5)));
  EXPECT_EQ(vpc.moved_from, "ec2.aws/VPC/old");
  const ModelResource& plain = compiled.model->resources.at("ec2.aws/VPC/plain");
  EXPECT_EQ(plain.manage, "full");
  EXPECT_EQ(plain.deletion_policy, "delete");
  EXPECT_EQ(plain.adopt, "");
  EXPECT_EQ(plain.protect, std::nullopt);
  EXPECT_FALSE(plain.paused);
  EXPECT_EQ(plain.reconcile_interval, std::nullopt);
}

}  // namespace
}  // namespace tandem
