// What the words of a group's title say about the boxes in it: defaults of the import, for people
// to check, never read again afterwards.
#include <algorithm>
#include <array>
#include <utility>

#include "tandem/diagram/components.h"

namespace tandem {
namespace {

/// Lower-case words of letters and digits.
std::vector<std::string> Words(std::string_view title) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char c : title) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter && !inside) words.emplace_back();
    if (letter) words.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    inside = letter;
  }
  return words;
}

using Rule = std::pair<std::string_view, std::string_view>;  // word, meaning

constexpr std::array<Rule, 4> kSites = {{
    {"aws", "aws"},
    {"amazon", "aws"},
    {"gcp", "gcp"},
    {"google", "gcp"},
}};

/// The first rule whose word is in the title wins, so the narrower words come first.
constexpr std::array<Rule, 42> kLayers = {{
    {"slo", "slo"},
    {"slos", "slo"},
    {"objectives", "slo"},
    {"chaos", "chaos"},
    {"incident", "incident"},
    {"incidents", "incident"},
    {"paging", "incident"},
    {"security", "security"},
    {"secrets", "security"},
    {"compliance", "security"},
    {"iac", "iac"},
    {"infrastructure", "iac"},
    {"provisioning", "iac"},
    {"ci", "cicd"},
    {"cd", "cicd"},
    {"cicd", "cicd"},
    {"pipeline", "cicd"},
    {"pipelines", "cicd"},
    {"delivery", "cicd"},
    {"deployment", "cicd"},
    {"replication", "replication"},
    {"mesh", "mesh"},
    {"workload", "workload"},
    {"workloads", "workload"},
    {"namespaces", "workload"},
    {"applications", "workload"},
    {"data", "data"},
    {"database", "data"},
    {"databases", "data"},
    {"storage", "data"},
    {"cache", "data"},
    {"messaging", "data"},
    {"observability", "observability"},
    {"monitoring", "observability"},
    {"logging", "observability"},
    {"metrics", "observability"},
    {"tracing", "observability"},
    {"network", "network"},
    {"networking", "network"},
    {"ingress", "network"},
    {"access", "access"},
    {"clients", "access"},
}};

}  // namespace

std::string GuessSite(std::string_view title) {
  std::string site;
  for (const std::string& word : Words(title))
    for (const auto& [name, meaning] : kSites) {
      if (word != name) continue;
      if (!site.empty() && site != meaning) return "";
      site = meaning;
    }
  return site;
}

std::string GuessLayer(std::string_view title) {
  const std::vector<std::string> words = Words(title);
  for (const auto& [word, layer] : kLayers)
    if (std::find(words.begin(), words.end(), word) != words.end()) return std::string(layer);
  for (const char* word : {"platform", "cluster", "clusters", "control", "kubernetes"})
    if (std::find(words.begin(), words.end(), word) != words.end()) return "platform";
  return "";
}

}  // namespace tandem
