// examples/storefront, the model that the first steps of the documentation use: the catalog accepts
// it as it stands, and a failover is one changed line in it (DESIGN.md section 1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tandem/diagram/components.h"
#include "tests/support/compile_case.h"

namespace tandem {
namespace {

using testing::ElementsAre;
using testing_support::CompileSources;
using testing_support::Sources;
using testing_support::SourcesUnder;

Sources Storefront() {
  return SourcesUnder(std::filesystem::path(TANDEM_SOURCE_DIR) / "examples/storefront");
}

/// Every resource's desired form, references left unknown, as canonical JSON by address.
std::map<std::string, Value> DesiredForms(const CompiledModel& model) {
  std::map<std::string, Value> forms;
  for (const auto& [address, resource] : model.resources) {
    const auto spec =
        EvaluateSpec(model, resource, [](const std::string& at, const Path& path) -> Result<Value> {
          return Value(Unknown{Type::kString, at + "." + FormatPath(path)});
        });
    EXPECT_TRUE(spec.ok()) << address << ": " << spec.status().message();
    if (spec.ok()) forms.emplace(address, *spec);
  }
  return forms;
}

TEST(Storefront, CompilesWithoutErrorsOrWarnings) {
  auto compiled = CompileSources(Storefront());
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  EXPECT_EQ(compiled.Shown(), "");
}

TEST(Storefront, HoldsTheWholeDiagramAndItsResources) {
  auto compiled = CompileSources(Storefront());
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  const CompiledModel& model = *compiled.model;
  EXPECT_EQ(model.platform, "storefront");
  EXPECT_EQ(model.active_site, "aws");
  EXPECT_THAT(model.sites, ElementsAre("aws", "gcp"));
  EXPECT_EQ(model.components.size(), 70u);
  EXPECT_EQ(model.groups.size(), 25u);
  EXPECT_EQ(model.connections.size(), 86u);
  EXPECT_EQ(model.resources.size(), 45u);
}

TEST(Storefront, ItsDiagramHasEveryBoxGroupAndArrow) {
  auto compiled = CompileSources(Storefront());
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  const Diagram diagram = DiagramOf(compiled.model->documents);
  EXPECT_EQ(diagram.nodes.size(), 70u);
  EXPECT_EQ(diagram.groups.size(), 25u);
  EXPECT_EQ(diagram.connections.size(), 86u);
  const auto untyped = std::count_if(diagram.connections.begin(), diagram.connections.end(),
                                     [](const DiagramConnection& c) { return c.type.empty(); });
  EXPECT_EQ(untyped, 0);
  const auto both = std::count_if(diagram.connections.begin(), diagram.connections.end(),
                                  [](const DiagramConnection& c) { return c.both; });
  EXPECT_EQ(both, 19);
}

TEST(Storefront, EveryResourceBelongsToAComponentAndAnAccount) {
  auto compiled = CompileSources(Storefront());
  ASSERT_TRUE(compiled.model != nullptr) << compiled.Shown();
  std::set<std::string> owners;
  for (const auto& [address, resource] : compiled.model->resources) {
    EXPECT_NE(resource.component, "") << address;
    EXPECT_EQ(resource.account, "aws-primary") << address;
    EXPECT_EQ(resource.site, "aws") << address;
    owners.insert(resource.component);
  }
  EXPECT_GE(owners.size(), 7u);
}

TEST(Storefront, AFailoverIsOneLineAndChangesTheTwoWeightedRecordsOnly) {
  const Sources before = Storefront();
  Sources after;
  int flipped = 0;
  for (const auto& source : before) {
    SourceText text = *source;
    const size_t at = text.text.find("activeSite: aws");
    if (at != std::string::npos) {
      text.text.replace(at, 15, "activeSite: gcp");
      ++flipped;
    }
    after.push_back(std::make_shared<const SourceText>(std::move(text)));
  }
  ASSERT_EQ(flipped, 1);

  auto primary = CompileSources(before);
  auto recovery = CompileSources(after);
  ASSERT_TRUE(primary.model != nullptr) << primary.Shown();
  ASSERT_TRUE(recovery.model != nullptr) << recovery.Shown();
  EXPECT_EQ(recovery.Shown(), "");
  EXPECT_EQ(recovery.model->active_site, "gcp");
  EXPECT_NE(primary.model->digest, recovery.model->digest);

  auto old_forms = DesiredForms(*primary.model);
  auto new_forms = DesiredForms(*recovery.model);
  ASSERT_EQ(old_forms.size(), 45u);
  ASSERT_EQ(new_forms.size(), 45u);
  std::vector<std::string> changed;
  for (const auto& [address, form] : old_forms) {
    ASSERT_EQ(new_forms.count(address), 1u) << address;
    if (form != new_forms[address]) changed.push_back(address);
    EXPECT_EQ(primary.model->resources.at(address).needs,
              recovery.model->resources.at(address).needs)
        << address;
  }
  const std::string aws = "route53.aws/RecordSet/www-aws";
  const std::string gcp = "route53.aws/RecordSet/www-gcp";
  ASSERT_THAT(changed, ElementsAre(aws, gcp));
  EXPECT_EQ(*old_forms[aws].Find("Weight"), Value(100));
  EXPECT_EQ(*old_forms[gcp].Find("Weight"), Value(0));
  EXPECT_EQ(*new_forms[aws].Find("Weight"), Value(0));
  EXPECT_EQ(*new_forms[gcp].Find("Weight"), Value(100));
  for (const std::string& address : {aws, gcp}) {
    old_forms[address].Set("Weight", 0);
    new_forms[address].Set("Weight", 0);
    EXPECT_EQ(old_forms[address], new_forms[address]) << "nothing but the weight of " << address;
  }
}

}  // namespace
}  // namespace tandem
