#include <gtest/gtest.h>

#include "diagram/state_style.h"
#include "tandem/diagram/components.h"
#include "tandem/diagram/mermaid.h"

namespace tandem {
namespace {

TEST(Guess, SitesAndLayersFromTheWordsOfATitle) {
  struct Case {
    const char* title;
    const char* site;
    const char* layer;
  };
  const std::vector<Case> cases = {
      {"AWS Primary Region", "aws", ""},
      {"Google DR Region", "gcp", ""},
      {"AWS and GCP", "", ""},
      {"AWS on AWS", "aws", ""},
      {"Laws of Data", "", "data"},
      {"Service Mesh", "", "mesh"},
      {"SLO Monitoring", "", "slo"},
      {"Monitoring", "", "observability"},
      {"Kubernetes Platform", "", "platform"},
      {"Infrastructure as Code", "", "iac"},
      {"CI/CD", "", "cicd"},
      {"", "", ""},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(GuessSite(test.title), test.site) << test.title;
    EXPECT_EQ(GuessLayer(test.title), test.layer) << test.title;
  }
}

TEST(States, HaveALook) {
  EXPECT_EQ(StyleOf("Ready").name, "ready");
  EXPECT_EQ(StyleOf("not ready").name, "failed");
  EXPECT_EQ(StyleOf("NotReady").name, "failed");
  EXPECT_EQ(StyleOf("drifted").name, "busy");
  EXPECT_EQ(StyleOf("").name, "unknown");
  EXPECT_EQ(StyleOf("whatever").name, "unknown");
}

TEST(Pictures, ShowStates) {
  const Diagram diagram{{{"A", "The \"A\" <b>", "", "aws", "data"}, {"B", "B", "", "", ""}},
                        {},
                        {{"A", "B", "failover", true}}};
  const DiagramStates states = {{"A", "ready"}};
  EXPECT_EQ(WriteMermaid(diagram, states),
            "flowchart TB\n"
            "    A[\"The #quot;A#quot; #lt;b>\"]:::ready\n"
            "    B[\"B\"]\n"
            "    A <-.-> B\n"
            "    classDef ready fill:#d9f2e1,stroke:#1f7a3f\n");
  EXPECT_NE(WriteSvg(diagram, states).find("class=\"ready\"><title>A: ready</title>"),
            std::string::npos);
  EXPECT_NE(WriteSvg(diagram, states).find("The &quot;A&quot; &lt;b&gt;"), std::string::npos);
  EXPECT_NE(
      WriteDot(diagram, states).find("\"A\" [label=\"The \\\"A\\\" <b>\", fillcolor=\"#d9f2e1\""),
      std::string::npos);
  EXPECT_NE(WriteDot(diagram).find("\"A\" -> \"B\" [dir=both, style=dashed, label=\"failover\"];"),
            std::string::npos);
  EXPECT_NE(WriteDiagramJson(diagram, states).find("\"state\": \"ready\""), std::string::npos);
}

std::string Said(const std::string& text) {
  Diagnostics found;
  const auto source = std::make_shared<SourceText>(SourceText{"d.mmd", text});
  EXPECT_FALSE(ParseMermaid(source, found).has_value());
  return found.empty() ? "" : found.items()[0].summary;
}

TEST(Mermaid, IsBounded) {
  std::string nested = "flowchart TB\n";
  for (int i = 0; i < 100'000; ++i) nested += "subgraph g" + std::to_string(i) + "\n";
  EXPECT_EQ(Said(nested), "subgraphs are nested deeper than 50 levels");
  std::string product = "flowchart TB\n";
  for (const char* side : {"a", "b"}) {
    for (int i = 0; i < 400; ++i)
      product += std::string(i == 0 ? "" : " & ") + side + std::to_string(i);
    product += *side == 'a' ? " --> " : "\n";
  }
  EXPECT_EQ(Said(product), "more than 100000 connections");
  EXPECT_EQ(Said(std::string(5 << 20, ' ')), "this diagram has more than 4194304 bytes");
  EXPECT_EQ(Said(""), "this is no mermaid flowchart");
}

}  // namespace
}  // namespace tandem
