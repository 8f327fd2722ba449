// Plays the scenarios of one kind against the judges, and holds what they say against the known gaps.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <set>

#include "tests/oracle/aws/kinds/faults.h"
#include "tests/oracle/aws/kinds/scenario.h"

namespace tandem::oracle {
namespace {

std::string Argument(int argc, char** argv, const std::string& name) {
  for (int i = 1; i + 1 < argc; ++i)
    if (argv[i] == name) return argv[i + 1];
  return "";
}

int Main(int argc, char** argv) {
  const std::string kind = Argument(argc, argv, "--kind");
  const std::string schemas = Argument(argc, argv, "--schemas");
  std::vector<Judge> judges = {{"moto", Argument(argc, argv, "--moto"), "123456789012"}};
  if (const std::string second = Argument(argc, argv, "--ministack"); !second.empty())
    judges.push_back({"ministack", second, "000000000000"});
  if (const std::string plane = Argument(argc, argv, "--eks-plane"); !plane.empty())
    judges.push_back({"eks-plane", plane, "123456789012"});
  if (kind == "faults") return PlayFaults(judges[0], schemas);

  int wrong = 0;
  const auto complain = [&](const std::string& text) {
    fmt::print("WRONG {}\n", text);
    ++wrong;
  };
  std::map<std::string, std::map<std::string, std::map<std::string, Trouble>>> said;
  for (const Judge& judge : judges) {
    Cloud cloud(judge, schemas);
    if (const Trouble trouble = cloud.Open(judge.account_id); !trouble.empty()) {
      complain(judge.name + " does not open: " + trouble);
      continue;
    }
    for (const Scenario& scenario : Scenarios()) {
      if (scenario.kind != kind) continue;
      Cloud own(judge, schemas);
      (void)own.Open(judge.account_id);
      for (auto& [step, trouble] : Play(scenario, own)) {
        fmt::print("{} {} {}: {}\n", judge.name, scenario.name, step,
                   trouble.empty() ? "ok" : trouble);
        std::fflush(stdout);
        said[judge.name][scenario.name][step] = trouble;
      }
    }
  }
  std::set<std::string> scenarios;
  for (const Scenario& scenario : Scenarios())
    if (scenario.kind == kind) scenarios.insert(scenario.name);
  if (scenarios.empty()) complain("there is no scenario for " + kind);
  std::set<std::string> known;
  for (const Gap& gap : Gaps()) {
    if (scenarios.count(gap.scenario) == 0 || said.count(gap.judge) == 0) continue;
    const std::string place = fmt::format("{} {} {}", gap.judge, gap.scenario, gap.step);
    known.insert(place);
    const auto& steps = said[gap.judge][gap.scenario];
    const auto step = steps.find(gap.step);
    if (step == steps.end() || step->second.empty())
      complain(place + ": the gap is not there (any more)");
    else if (step->second.find(gap.trouble) == std::string::npos)
      complain(place + ": another answer than the gap's: " + step->second);
    const auto& other = said[gap.instead][gap.scenario];
    const auto judged = other.find(gap.step);
    if (judged == other.end() || !judged->second.empty())
      complain(place + ": " + gap.instead + " was to judge it, and does not pass it");
  }
  for (const auto& [judge, by_scenario] : said)
    for (const auto& [scenario, steps] : by_scenario)
      for (const auto& [step, trouble] : steps)
        if (!trouble.empty() && known.count(fmt::format("{} {} {}", judge, scenario, step)) == 0)
          complain(fmt::format("{} {} {}: {}", judge, scenario, step, trouble));
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tandem::oracle

int main(int argc, char** argv) { return tandem::oracle::Main(argc, argv); }
