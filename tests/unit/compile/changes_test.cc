// A model by what changed in a known one: what a compile of everything makes, and what is shared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/compile_case.h"

namespace tandem {
namespace {

using testing::HasSubstr;
using testing_support::CompileSources;
using testing_support::ShippedCatalog;
using testing_support::Sources;
using Files = std::map<std::string, std::string>;

constexpr const char* kOwn = R"(apiVersion: tandem/v1
kind: Platform
metadata: {name: shop}
spec: {activeSite: aws, sites: {aws: {}}, values: {cidr: 10.9.0.0/16}}
---
apiVersion: tandem/v1
kind: Account
metadata: {name: primary}
spec: {provider: aws, site: aws}
---
apiVersion: tandem/v1
kind: Component
metadata: {name: Net}
spec: {layer: network}
)";

std::string Vpc(int i, int version, const std::string& more = "") {
  return "---\napiVersion: ec2.aws/v1\nkind: VPC\nmetadata: {name: v" + std::to_string(i) +
         ", labels: {tandem/component: Net}" + more + "}\nspec: {CidrBlock: 10." +
         std::to_string(version) + ".0.0/16}\n";
}
std::string Subnet(int i, int vpc, int version) {
  return "---\napiVersion: ec2.aws/v1\nkind: Subnet\nmetadata: {name: s" + std::to_string(i) +
         "}\nspec: {VpcId: \"${ref('ec2.aws/VPC/v" + std::to_string(vpc) + "').VpcId}\", CidrBlock: 10.0." +
         std::to_string(version) + ".0/24}\n";
}

Sources SourcesOf(const Files& files) {
  Sources sources;
  for (const auto& [name, text] : files)
    sources.push_back(std::make_shared<const SourceText>(SourceText{name, text}));
  return sources;
}

/// Everything that a plan, the engine or a later change looks at.
std::string Told(const CompiledModel& model) {
  std::string text = model.digest + "\n" + model.digests;
  std::vector<std::string> documents;  // files of new names come last
  for (const auto& document : model.documents)
    documents.push_back(document->source->name + " " +
                        document->source->text.substr(document->begin, document->end - document->begin));
  std::sort(documents.begin(), documents.end());
  for (const std::string& document : documents) text += document + "\n";
  for (const auto& [name, those] : model.files)
    text += name + " " + std::to_string(those.size()) + "\n";
  for (const auto& [identity, address] : model.identities) text += identity + " " + address + "\n";
  for (const auto& [digest, document] : model.parsed) text += digest + " " + document->name + "\n";
  for (const auto& [address, resource] : model.resources) {
    text += address + " " + resource.account + " " + resource.component + " " + resource.site + " " +
            ToCanonicalJson(resource.Spec()) + " " + resource.document->source->name + " " +
            std::to_string(resource.document->begin);
    for (const std::string& need : resource.needs) text += " " + need;
    text += "\n";
  }
  return text + (model.moves ? "moves" : "");
}

struct Both {
  std::shared_ptr<const CompiledModel> some, whole;
  std::string said;  // of the changes
};

/// As a daemon keeps it.
std::shared_ptr<const CompiledModel> AtRest(const Files& files) {
  CompileOptions options;
  options.rest = true;
  return CompileSources(SourcesOf(files), options).model;
}

/// `changed` made to `known`, and all of it compiled anew, which is not put to rest; both come out the same.
Both Change(const std::shared_ptr<const CompiledModel>& known, Files& files, const Files& changed) {
  for (const auto& [name, text] : changed) files[name] = text;
  Both both;
  CompileOptions options;
  options.known = known;
  options.rest = true;
  Diagnostics found;
  both.some = CompileChanges({SourcesOf(changed), {}}, ShippedCatalog(), options, found);
  found.Sort();
  both.said = FormatDiagnostics(found);
  auto whole = CompileSources(SourcesOf(files));
  both.whole = whole.model;
  EXPECT_EQ(both.said, whole.Shown());
  EXPECT_EQ(both.some == nullptr, both.whole == nullptr);
  if (both.some != nullptr && both.whole != nullptr) {
    EXPECT_EQ(Told(*both.some), Told(*both.whole));
  }
  return both;
}

Files Some() {
  return {{"a.yaml", kOwn},
          {"b.yaml", Vpc(1, 1) + Subnet(1, 1, 1)},
          {"c.yaml", Vpc(2, 2)},
          {"d.yaml", Subnet(2, 2, 1)}};
}

TEST(Changes, OfADocumentLookAtItAlone) {
  Files files = Some();
  const auto known = AtRest(files);
  ASSERT_NE(known, nullptr);
  const Both both = Change(known, files, {{"c.yaml", Vpc(2, 3)}});
  ASSERT_NE(both.some, nullptr) << both.said;
  EXPECT_THAT(both.some->fresh, testing::Optional(testing::ElementsAre("ec2.aws/VPC/v2")));
  EXPECT_EQ(&both.some->resources.at("ec2.aws/Subnet/s2"),
            &known->resources.at("ec2.aws/Subnet/s2"));
  EXPECT_EQ(ToCanonicalJson(known->resources.at("ec2.aws/VPC/v2").Spec()),
            R"({"CidrBlock":"10.2.0.0/16"})")
      << "what is known stays what it is";
  // Its neighbour in the file moves, and is not new.
  const Both moved =
      Change(both.some, files, {{"b.yaml", "# more\n" + Vpc(1, 1) + Subnet(1, 1, 7)}});
  EXPECT_THAT(moved.some->fresh, testing::Optional(testing::ElementsAre("ec2.aws/Subnet/s1")));
  // One more, in a file of its own, and one in a file that was there.
  const Both more =
      Change(moved.some, files,
             {{"e.yaml", Subnet(3, 2, 9)}, {"d.yaml", Subnet(2, 2, 1) + Vpc(4, 4)}});
  EXPECT_THAT(more.some->fresh, testing::Optional(testing::SizeIs(2)));
}

TEST(Changes, ThatReachFurtherCompileEverything) {
  const Files before = Some();
  const auto known = AtRest(before);
  const Files cases[] = {
      {{"a.yaml", std::string(kOwn) + "# \n"}},                                  // tandem's own
      {{"c.yaml", Vpc(3, 2)}},                                                   // renamed: s2 dangles
      {{"d.yaml", "# none\n"}},                                                  // gone
      {{"c.yaml", Vpc(2, 2) + Vpc(1, 5)}},                                       // twice
      {{"c.yaml", Vpc(2, 2, ", annotations: {tandem/moved-from: ec2.aws/VPC/old}")}},
      {{"c.yaml", Vpc(2, 2, ", annotations: {tandem/account: primary}")}},       // the other form
      // a circle
      {{"c.yaml", Vpc(2, 2, ", annotations: {tandem/depends-on: ec2.aws/Subnet/s2}")}},
      {{"c.yaml", Vpc(2, 2, ", annotations: {tandem/depends-on: ec2.aws/Subnet/nowhere}")}},
      {{"c.yaml", "---\nnonsense"}},
      {{"c.yaml", Vpc(2, 2) + "---\napiVersion: ec2.aws/v1\nkind: VPC\nmetadata: {name: x}\n"
                              "spec: {Cidr: 1}\n"}},
  };
  for (const Files& changed : cases) {
    Files files = before;
    const Both both = Change(known, files, changed);
    if (both.some != nullptr) {
      EXPECT_FALSE(both.some->fresh.has_value()) << changed.begin()->second;
    }
  }
}

TEST(Changes, AtRandomAreWhatTheWholeIs) {
  std::mt19937 random(7);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  size_t few = 0;
  for (int seed = 0; seed < 15; ++seed) {
    Files files = {{"a.yaml", kOwn}};
    for (int i = 0; i < 12; ++i)
      files["f" + std::to_string(i % 5)] += i % 2 == 0 ? Vpc(i, i) : Subnet(i, i - 1, i);
    auto known = AtRest(files);
    ASSERT_NE(known, nullptr);
    for (int step = 0; step < 12 && known != nullptr; ++step) {
      Files changed;
      for (int i = 0; i <= below(2); ++i) {
        std::string& text = changed["f" + std::to_string(below(7))];
        for (int j = 0; j < 12; ++j) {
          if (files["f" + std::to_string(j % 5)].empty() || below(5) > 0) continue;
          text += j % 2 == 0 ? Vpc(j, below(20)) : Subnet(j, 2 * below(6), below(20));
        }
        if (below(2) == 0)
          text = files[changed.begin()->first] + (below(2) == 0 ? text : Vpc(20 + below(4), 1));
      }
      Files next = files;
      const Both both = Change(known, next, changed);
      if (both.some == nullptr) continue;
      few += both.some->fresh.has_value();
      known = both.some;
      files = next;
    }
  }
  EXPECT_GT(few, 10u);
}

// A store keeps documents one by one, with their files and lines: files that say the same are that model.
TEST(Changes, OfNothingAreTheModelThatWasKept) {
  const Files files = Some();
  const auto made = AtRest(files);
  Sources kept;
  LineCount line;
  for (const auto& document : made->documents) {
    SourceText piece{document->source->name, document->source->text.substr(document->begin, document->end - document->begin)};
    piece.first_line = static_cast<int>(line.At(*document->source, document->begin));
    kept.push_back(std::make_shared<const SourceText>(std::move(piece)));
  }
  CompileOptions options;
  options.rest = true;
  options.known = CompileSources(kept, options).model;
  ASSERT_NE(options.known, nullptr);
  EXPECT_EQ(CompileSources(SourcesOf(files), options).model, options.known);
  // Each of these would be shown at another place, or is another.
  for (const auto& [name, text] : Files{{"c.yaml", "\n" + files.at("c.yaml")},
                                        {"c.yaml", files.at("c.yaml") + Vpc(7, 7)},
                                        {"c.yaml", Vpc(2, 9)}}) {
    Files others = files;
    others[name] = text;
    const auto other = CompileSources(SourcesOf(others), options).model;
    EXPECT_NE(other, options.known) << text;
    EXPECT_EQ(Told(*other), Told(*CompileSources(SourcesOf(others)).model));
  }
  Files renamed = files;
  renamed["z.yaml"] = renamed.extract("d.yaml").mapped();
  EXPECT_NE(CompileSources(SourcesOf(renamed), options).model, options.known);
}

}  // namespace
}  // namespace tandem
