// The model as a whole: its scope (R2), digest, order of the diagram, documents that are reused,
// and what a mistake does not drag along.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/compile_case.h"

namespace tandem {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::CompileSources;
using testing_support::CompileText;
using testing_support::Sources;

std::shared_ptr<const SourceText> File(std::string name, std::string text) {
  return std::make_shared<const SourceText>(SourceText{std::move(name), std::move(text)});
}

constexpr const char* kPlatform = R"(apiVersion: tandem/v1
kind: Platform
metadata: {name: shop}
spec:
  activeSite: aws
  sites: {aws: {}, gcp: {}}
  groups:
    - {id: Front, title: Front}
    - {id: Edge, parent: Front}
    - {id: Back, connections: [{to: Front, type: control}]}
)";
constexpr const char* kAccount = R"(apiVersion: tandem/v1
kind: Account
metadata: {name: primary}
spec: {provider: aws, site: aws}
)";
constexpr const char* kVpc = R"(apiVersion: ec2.aws/v1
kind: VPC
metadata: {name: main}
spec: {CidrBlock: 10.0.0.0/16}
)";

std::string Component(const std::string& name, const std::string& group) {
  return "---\napiVersion: tandem/v1\nkind: Component\nmetadata: {name: " + name +
         "}\nspec: {layer: data" + (group.empty() ? "" : ", group: " + group) + "}\n";
}

TEST(Model, R2InputWithoutItsPlatformIsRefused) {
  auto none = CompileSources({File("a.yaml", kAccount), File("v.yaml", kVpc)});
  EXPECT_EQ(none.model, nullptr);
  EXPECT_THAT(none.Summaries(), ElementsAre("there is no Platform document in the input"));

  auto empty = CompileSources({});
  EXPECT_EQ(empty.model, nullptr);
  EXPECT_TRUE(empty.found.has_errors());
}

TEST(Model, R2OneModelHasOnePlatform) {
  std::string other = kPlatform;
  other.replace(other.find("name: shop"), 10, "name: other");
  auto two = CompileSources({File("a.yaml", kPlatform), File("b.yaml", other)});
  EXPECT_EQ(two.model, nullptr);
  EXPECT_THAT(two.Summaries(), ElementsAre("a model has one Platform; the other is 'shop'"));
}

TEST(Model, DigestIsOfTheDocumentsNotOfTheirFiles) {
  const auto digest = [](const Sources& sources) {
    auto compiled = CompileSources(sources);
    EXPECT_TRUE(compiled.model != nullptr) << compiled.Shown();
    return compiled.model == nullptr ? "" : compiled.model->digest;
  };
  const std::string first =
      digest({File("a.yaml", kPlatform), File("b.yaml", kAccount), File("c.yaml", kVpc)});
  EXPECT_THAT(first, testing::MatchesRegex("sha256:[0-9a-f]{64}"));
  EXPECT_EQ(digest({File("c.yaml", kVpc), File("x.yaml", kPlatform), File("b.yaml", kAccount)}),
            first)
      << "another order, another name";
  EXPECT_EQ(
      digest({File("all.yaml", std::string(kAccount) + "---\n" + kVpc + "---\n" + kPlatform)}),
      first)
      << "one file";
  std::string changed = kVpc;
  changed.replace(changed.find("10.0"), 4, "10.1");
  EXPECT_NE(digest({File("a.yaml", kPlatform), File("b.yaml", kAccount), File("c.yaml", changed)}),
            first);
  EXPECT_NE(digest({File("a.yaml", kPlatform), File("b.yaml", kAccount)}), first);
}

TEST(Model, ComponentsStandInTheOrderOfTheGroups) {
  // Of a group first what its subgroups hold; a component that is a group stands where that begins.
  auto compiled =
      CompileText(std::string(kPlatform) + Component("Loose", "") + Component("B", "Back") +
                  Component("F2", "Front") + Component("E", "Edge") + Component("F1", "Front") +
                  Component("Back", ""));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  std::vector<std::string> names;
  for (const ModelComponent& component : compiled.model->components)
    names.push_back(component.name);
  EXPECT_THAT(names, ElementsAre("E", "F2", "F1", "Back", "B", "Loose"));
  ASSERT_EQ(compiled.model->connections.size(), 1u);
  EXPECT_EQ(compiled.model->connections[0].from, "Back");
  EXPECT_EQ(compiled.model->connections[0].type, "control");
  EXPECT_EQ(compiled.model->groups[1].parent, "Front");
}

TEST(Model, AComponentWithoutATitleIsCalledByItsName) {
  auto compiled = CompileText(std::string(kPlatform) + Component("Web", ""));
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  EXPECT_EQ(compiled.model->components[0].title, "Web");
  EXPECT_EQ(compiled.model->components[0].site, "");
}

TEST(Known, UnchangedTextsAreNotParsedAgain) {
  const auto vpc = File("v.yaml", kVpc);
  const Sources before = {File("p.yaml", kPlatform), File("a.yaml", kAccount), vpc};
  auto first = CompileSources(before);
  ASSERT_TRUE(first.model != nullptr) << first.Shown();
  ASSERT_EQ(first.model->parsed.size(), 3u);

  CompileOptions options;
  options.known = first.model;
  auto same = CompileSources(before, options);
  ASSERT_TRUE(same.model != nullptr) << same.Shown();
  EXPECT_EQ(same.model->documents, first.model->documents) << "the very same objects";
  EXPECT_EQ(same.model, first.model) << "nothing has changed";
  const Sources read_again = {File("p.yaml", kPlatform), File("a.yaml", kAccount), File("v.yaml", kVpc)};
  EXPECT_EQ(CompileSources(read_again, options).model, first.model) << "nor in other copies of its files";
  EXPECT_NE(CompileSources({before[0], before[1]}, options).model, first.model) << "one is gone";
  EXPECT_NE(CompileSources({before[2], before[1], before[0]}, options).model, first.model)
      << "places in the order of the files";

  // Moved within its file, and a mistake beside it: what is reused tells its new place.
  const auto moved = File("w.yaml", "# Above it.\n---\n" + std::string(kVpc));
  auto again = CompileSources({before[0], before[1], moved}, options);
  ASSERT_TRUE(again.model != nullptr) << again.Shown();
  const Document& document = *again.model->Find("ec2.aws/VPC/main")->document;
  EXPECT_EQ(document.positions, first.model->Find("ec2.aws/VPC/main")->document->positions);
  const SourceRange range = document.RangeOf("spec.CidrBlock");
  EXPECT_EQ(range.text->name, "w.yaml");
  EXPECT_EQ(PositionAt(*range.text, range.begin), (Position{6, 19}));
  EXPECT_EQ(again.model->digest, first.model->digest);
}

TEST(Mistakes, AreNotReportedAgainByWhoeverRefersToThem) {
  struct Case {
    const char* name;
    const char* vpc;
    const char* summary;
  };
  const Case cases[] = {
      {"broken text", "apiVersion: ec2.aws/v1\nkind: VPC\nmetadata: {name: main\n",
       "this '{' is never closed"},
      {"unknown kind", "apiVersion: ec2.aws/v1\nkind: VCP\nmetadata: {name: main}\n",
       "unknown kind 'VCP' in group ec2.aws"},
      {"spec of another type",
       "apiVersion: ec2.aws/v1\nkind: VPC\nmetadata: {name: main}\nspec: [a]\n",
       "'spec' must be a map, not list"},
      {"name that fails",
       "apiVersion: ec2.aws/v1\nkind: VPC\nmetadata: {name: \"${plat.name}\"}\nspec: {}\n",
       "unknown name 'plat'"},
  };
  const std::string subnet = R"(---
apiVersion: ec2.aws/v1
kind: Subnet
metadata: {name: a}
spec: {VpcId: "${ref('ec2.aws/VPC/main').VpcId}", CidrBlock: 10.0.1.0/24}
)";
  for (const Case& c : cases) {
    auto compiled = CompileSources({File("p.yaml", kPlatform), File("a.yaml", kAccount),
                                    File("v.yaml", std::string(c.vpc) + subnet)});
    EXPECT_EQ(compiled.model, nullptr) << c.name;
    EXPECT_THAT(compiled.Summaries(), ElementsAre(c.summary)) << c.name;
  }
}

TEST(Mistakes, OfOneResourceDoNotHideThoseOfAnother) {
  auto compiled = CompileText(std::string(kPlatform) + "---\n" + kAccount + R"(---
apiVersion: ec2.aws/v1
kind: VCP
metadata: {name: main}
---
apiVersion: ec2.aws/v1
kind: Subnet
metadata: {name: a}
spec: {VpcId: "${ref('ec2.aws/VPC/other').VpcId}", CidrBlock: 10.0.1.0/24}
)");
  EXPECT_THAT(compiled.Shown(), HasSubstr("unknown kind 'VCP'"));
  EXPECT_THAT(compiled.Shown(), HasSubstr("no document has the address ec2.aws/VPC/other"));
  EXPECT_EQ(compiled.found.errors(), 2);
}

TEST(Mistakes, AMissingAccountIsToldOnce) {
  std::string other = kVpc;
  other.replace(other.find("name: main"), 10, "name: more");
  auto compiled = CompileText(std::string(kPlatform) + "---\n" + kVpc + "---\n" + other);
  EXPECT_THAT(compiled.Summaries(), ElementsAre("no Account has provider: aws"));
}

}  // namespace
}  // namespace tandem
