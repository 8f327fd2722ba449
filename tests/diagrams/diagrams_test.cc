// tests/golden/diagrams/NAME.mmd is imported; what is said and written must be NAME.expected. With
// TANDEM_ACCEPT=1 the expectations are rewritten and the test is skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "tandem/codec/json.h"
#include "tandem/config/parse.h"
#include "tandem/diagram/components.h"
#include "tandem/diagram/mermaid.h"

namespace tandem {
namespace {

namespace fs = std::filesystem;

const fs::path& Folder() {
  static const fs::path folder = fs::path(TANDEM_SOURCE_DIR) / "tests/golden/diagrams";
  return folder;
}

std::string Read(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Imported {
  std::string said;
  std::string yaml;  // "" after an error
  Diagram diagram;   // of the documents that the yaml holds
};

Imported Import(const std::string& name, const std::string& text,
                const std::vector<std::string>& component_groups = {}) {
  Imported result;
  Diagnostics found;
  ImportOptions options;
  options.platform = "storefront";
  options.component_groups = component_groups;
  const auto source = std::make_shared<SourceText>(SourceText{name, text});
  std::optional<Diagram> diagram = ParseMermaid(source, found);
  const bool ok = diagram.has_value() && PrepareImport(*diagram, options, found);
  found.Sort();
  result.said = FormatDiagnostics(found);
  EXPECT_EQ(ok, !found.has_errors());
  if (!ok) return result;
  result.yaml = WriteComponents(*diagram, options);
  Diagnostics wrong;
  std::vector<std::shared_ptr<const Document>> documents;
  const auto written = std::make_shared<SourceText>(SourceText{"components.yaml", result.yaml});
  for (Document& document : ParseText(written, {}, wrong))
    documents.push_back(std::make_shared<const Document>(std::move(document)));
  EXPECT_TRUE(wrong.empty()) << FormatDiagnostics(wrong);
  EXPECT_EQ(documents.size(), diagram->nodes.size() + 1);
  result.diagram = DiagramOf(documents);
  EXPECT_EQ(result.diagram.nodes, diagram->nodes);
  EXPECT_EQ(result.diagram.groups, diagram->groups);
  EXPECT_EQ(result.diagram.connections.size(), diagram->connections.size());
  return result;
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(Folder()))
    if (entry.path().extension() == ".mmd") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, ImportsAsExpected) {
  const std::string name = GetParam();
  const Imported imported = Import(name + ".mmd", Read(Folder() / (name + ".mmd")));
  const std::string got =
      imported.said + (imported.said.empty() || imported.yaml.empty() ? "" : "\n") + imported.yaml;
  const fs::path expected = Folder() / (name + ".expected");
  if (std::getenv("TANDEM_ACCEPT") != nullptr) {
    std::ofstream(expected) << got;
    GTEST_SKIP() << "rewritten: " << expected;
  }
  EXPECT_EQ(got, Read(expected));
}

TEST_P(Golden, ImportOfGraphOfImportIsImport) {
  const Imported once = Import("a.mmd", Read(Folder() / (GetParam() + ".mmd")));
  if (once.yaml.empty()) return;
  const std::string drawn = WriteMermaid(once.diagram);
  const Imported twice = Import("b.mmd", drawn);
  EXPECT_EQ(twice.said, "");
  EXPECT_EQ(twice.yaml, once.yaml) << drawn;
  EXPECT_EQ(WriteMermaid(twice.diagram), drawn);
}

TEST_P(Golden, EveryPictureIsWellFormed) {
  const Imported imported = Import("a.mmd", Read(Folder() / (GetParam() + ".mmd")));
  if (imported.yaml.empty()) return;
  const std::string svg = WriteSvg(imported.diagram, {{"A", "ready"}});
  const auto count = [](const std::string& text, std::string_view part) {
    size_t n = 0;
    for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++n;
    return n;
  };
  EXPECT_EQ(count(svg, "<g"), count(svg, "</g>"));
  EXPECT_EQ(count(svg, "<g id="), imported.diagram.nodes.size());
  EXPECT_EQ(count(svg, "marker-end"), imported.diagram.connections.size());
  const std::string dot = WriteDot(imported.diagram);
  EXPECT_EQ(count(dot, "{"), count(dot, "}"));
  EXPECT_EQ(count(dot, " -> "), imported.diagram.connections.size());
  EXPECT_TRUE(ParseJson(WriteDiagramJson(imported.diagram)).ok());
}

INSTANTIATE_TEST_SUITE_P(Diagrams, Golden, testing::ValuesIn(Names()),
                         [](const auto& info) { return info.param; });

TEST(Storefront, HasTheCountsOfTheContract) {
  const std::string text = Read(Folder() / "platform.mmd");
  const Diagram plain = Import("platform.mmd", text).diagram;
  EXPECT_EQ(plain.nodes.size(), 69u);
  EXPECT_EQ(plain.groups.size(), 25u);
  ASSERT_EQ(plain.connections.size(), 86u);
  int both = 0;
  int failover = 0;
  int to_groups = 0;
  std::set<std::string> named;
  for (const DiagramConnection& connection : plain.connections) {
    both += connection.both ? 1 : 0;
    failover += connection.type == "failover" ? 1 : 0;
    bool touches = false;
    for (const std::string& end : {connection.from, connection.to}) {
      if (plain.FindNode(end) != nullptr) continue;
      ASSERT_NE(plain.FindGroup(end), nullptr) << end;
      named.insert(end);
      touches = true;
    }
    to_groups += touches ? 1 : 0;
  }
  EXPECT_EQ(both, 19);
  EXPECT_EQ(failover, 4);
  EXPECT_EQ(to_groups, 22);
  EXPECT_EQ(named.size(), 8u);
  EXPECT_EQ(std::count_if(plain.nodes.begin(), plain.nodes.end(),
                          [](const DiagramNode& node) { return node.site.empty(); }),
            29);
}

TEST(Storefront, AGroupCanBeAComponent) {
  const std::string text = Read(Folder() / "platform.mmd");
  const Imported once = Import("platform.mmd", text, {"EKS_Platform"});
  const auto json = ParseJson(WriteDiagramJson(once.diagram, {{"MSK", "ready"}}));
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->Find("nodes")->as_list().size(), 70u);
  EXPECT_EQ(json->Find("groups")->as_list().size(), 25u);
  EXPECT_EQ(json->Find("edges")->as_list().size(), 86u);
  const DiagramNode* node = once.diagram.FindNode("EKS_Platform");
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(node->site, "aws");
  EXPECT_EQ(node->layer, "platform");
  EXPECT_EQ(node->group, "AWS_Primary_Region");
  // It is drawn as its subgraph only, and comes back the same.
  const std::string drawn = WriteMermaid(once.diagram);
  EXPECT_EQ(drawn.find("EKS_Platform[\""), std::string::npos);
  EXPECT_EQ(Import("b.mmd", drawn, {"EKS_Platform"}).yaml, once.yaml);

  const Imported unknown = Import("platform.mmd", text, {"EKS_Platfrom"});
  EXPECT_EQ(unknown.said,
            "error: the diagram has no group 'EKS_Platfrom'\n  = did you mean 'EKS_Platform'?\n");
}

/// Groups and boxes in any order, boxes mentioned before and after, arrows to anything.
std::string RandomDiagram(std::mt19937& random) {
  const auto below = [&](int n) { return static_cast<int>(random() % n); };
  std::string text = "flowchart TB\n";
  int groups = 0;
  int open = 0;
  const auto name = [&]() {
    return groups > 0 && below(4) == 0 ? "G_" + std::to_string(below(groups))
                                       : "n" + std::to_string(below(12));
  };
  const int lines = 4 + below(30);
  for (int i = 0; i < lines; ++i) {
    switch (below(6)) {
      case 0:
        text += "subgraph \"G " + std::to_string(groups++) + "\"\n";
        ++open;
        break;
      case 1:
        if (open > 0) {
          text += "end\n";
          --open;
        }
        break;
      case 2:
        text += "n" + std::to_string(below(12)) + "[\"Box " + std::to_string(below(3)) + "\"]\n";
        break;
      default: {
        const char* arrows[] = {" --> ", " <--> ", " -.-> ", " -->|data| ", " & "};
        text += name() + arrows[below(5)] + name() + arrows[below(4)] + name() + "\n";
      }
    }
  }
  for (; open > 0; --open) text += "end\n";
  return text;
}

TEST(RandomDiagrams, ImportOfGraphOfImportIsImport) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    const std::string text = RandomDiagram(random);
    const Imported once = Import("a.mmd", text);
    ASSERT_FALSE(once.yaml.empty()) << once.said << text;
    const std::string drawn = WriteMermaid(once.diagram);
    const Imported twice = Import("b.mmd", drawn);
    ASSERT_EQ(twice.yaml, once.yaml) << "seed " << seed << "\n" << text << drawn;
  }
}

TEST(Models, ThatNoDiagramCouldHoldAreDrawnAtTheTop) {
  const auto source = std::make_shared<SourceText>(
      SourceText{"m.yaml",
                 "apiVersion: tandem/v1\nkind: Platform\nmetadata: {name: p}\n"
                 "spec: {groups: [{id: a, parent: b}, {id: b, parent: a}, {id: c, parent: gone}]}\n"
                 "---\napiVersion: tandem/v1\nkind: Component\nmetadata: {name: x}\n"
                 "spec: {group: nowhere, connections: [{to: gone}, {to: a, direction: both}]}\n"
                 "---\napiVersion: tandem/v1\nkind: Component\nmetadata: {name: y}\n"
                 "spec: {group: a}\n"});
  Diagnostics found;
  std::vector<std::shared_ptr<const Document>> documents;
  for (Document& document : ParseText(source, {}, found))
    documents.push_back(std::make_shared<const Document>(std::move(document)));
  const Diagram diagram = DiagramOf(documents);
  const std::string drawn = WriteMermaid(diagram);
  EXPECT_NE(drawn.find("y[\"y\"]"), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("x[\"x\"]"), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("subgraph c"), std::string::npos) << drawn;
  EXPECT_NE(WriteSvg(diagram).find("</svg>"), std::string::npos);
}

}  // namespace
}  // namespace tandem
