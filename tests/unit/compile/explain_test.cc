// tandem's own kinds as they are told to people are what the compiler takes.
#include "tandem/compile/explain.h"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tests/support/compile_case.h"

namespace tandem {
namespace {

using testing_support::CompileText;

/// Members by what they are in ("" for spec, "groups.connections"), from the lines of an explanation.
std::map<std::string, std::set<std::string>> Explained(const std::string& text) {
  std::map<std::string, std::set<std::string>> members;
  const std::regex line_of(R"(^( +)(\w+)  <([a-z ]+)>.*)");
  std::vector<std::string> open;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, line_of)) continue;
    open.resize(static_cast<size_t>(match[1].length()) / 2 - 1);
    std::string in;
    for (const std::string& part : open) in = JoinPath(in, part);
    members[in].insert(match[2]);
    open.push_back(match[2]);
  }
  return members;
}

/// `spec` with an unknown member at `in`; what is a list there by its explanation.
std::string Spec(const std::string& kind, const std::string& in) {
  std::string spec = "{zzqqzzqq: 1}";
  for (std::string path = in; !path.empty();) {
    const bool list = ExplainOwnKind(kind, path)->find("type:      list of object") != std::string::npos;
    const size_t last = path.rfind('.');
    const std::string name = last == std::string::npos ? path : path.substr(last + 1);
    spec = "{" + name + ": " + (list ? "[" + spec + "]" : spec) + "}";
    path = last == std::string::npos ? "" : path.substr(0, last);
  }
  return spec;
}

TEST(ExplainOwnKind, TellsWhatTheCompilerTakes) {
  EXPECT_EQ(OwnKinds(), (std::vector<std::string>{"tandem/Account", "tandem/Component", "tandem/Platform",
                                                  "tandem/Policy"}));
  for (const std::string& kind : OwnKinds()) {
    const auto members = Explained(*ExplainOwnKind(kind, ""));
    ASSERT_GE(members.at("").size(), 5u) << kind;
    for (const auto& [in, explained] : members) {
      const std::string platform = "apiVersion: tandem/v1\nkind: Platform\nmetadata: {name: x}\nspec: {activeSite: a, "
                                   "sites: {a: {}}}\n---\n";
      const std::string text = (kind == "tandem/Platform" ? "" : platform) + "apiVersion: tandem/v1\nkind: " +
                               kind.substr(7) + "\nmetadata: {name: x}\nspec: " + Spec(kind, in) + "\n";
      const auto compiled = CompileText(text);
      std::set<std::string> taken;
      for (const Diagnostic& item : compiled.found.items()) {
        if (item.summary.rfind("unknown field 'zzqqzzqq'", 0) != 0) continue;
        std::string known = item.detail.substr(item.detail.find(": ") + 2);
        for (size_t comma; !known.empty(); known = comma == std::string::npos ? "" : known.substr(comma + 2)) {
          comma = known.find(", ");
          taken.insert(known.substr(0, comma));
        }
      }
      EXPECT_EQ(explained, taken) << kind << " " << in << "\n" << text;
    }
  }
}

TEST(ExplainOwnKind, OneMember) {
  EXPECT_EQ(*ExplainOwnKind("tandem/Platform", "objectives"),
            "tandem/Platform.objectives\n\ntype:      object\n           what is promised\n\nMembers:\n"
            "  rpo  <duration>  how much data may be lost\n  rto  <duration>  how long a failover may take\n");
  EXPECT_EQ(*ExplainOwnKind("tandem/Component", "connections[0].to"),
            "tandem/Component.connections.to\n\ntype:      string\n           required\n           the name of a "
            "component or group\n");
  EXPECT_EQ(ExplainOwnKind("tandem/Policy", "aprovals").status().message(),
            "tandem/Policy has no member 'aprovals', did you mean 'approvals'?");
  EXPECT_EQ(ExplainOwnKind("tandem/Policy", "fields.pth").status().message(),
            "tandem/Policy.fields has no member 'pth', did you mean 'path'?");
  EXPECT_EQ(ExplainOwnKind("tandem/Policies", "").status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace tandem
