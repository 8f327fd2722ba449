// A plan for a pull request.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "plan/show.h"
#include "tandem/base/printable.h"

namespace tandem {
namespace {

/// A fence longer than any run of backticks in `text`.
std::string Fence(const std::string& text) {
  size_t longest = 2;
  size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(longest + 1, '`');
}

/// As plain text inside a line or a table's cell.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : Printable(text)) {
    if (std::string_view("\\`*_{}[]<>|").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

void AppendList(std::string_view title, const std::vector<std::string>& lines, std::string& out) {
  if (lines.empty()) return;
  out += fmt::format("\n**{}**\n\n", title);
  for (const std::string& line : lines) out += "- " + Escaped(line) + '\n';
}

}  // namespace

std::string PlanToMarkdown(const Plan& plan) {
  std::string out = fmt::format("### {}\n\n", plan::Summary(plan));
  out += fmt::format("Platform `{}`, revision {} to {}, mode {}, hash `{}`\n", Printable(plan.platform),
                     plan.from, plan.to, PlanModeName(plan.mode), Printable(plan.hash));
  const bool stages = std::any_of(plan.steps.begin(), plan.steps.end(),
                                  [](const Step& step) { return step.stage != 0; });
  for (const plan::Group& group : plan::Grouped(plan)) {
    const std::string site = group.site.empty() ? "no site" : group.site;
    out += stages ? fmt::format("\n#### Stage {}, {}\n\n", group.stage, Escaped(site))
                  : fmt::format("\n#### {}\n\n", Escaped(site));
    out += "| | resource | class | why |\n|---|---|---|---|\n";
    std::string details;
    for (const Step* step : group.steps) {
      out +=
          fmt::format("| `{}` | {}{} | {} | {} |\n", plan::Symbol(*step),
                      Escaped(step->address.ToString()), step->provisional ? " (provisional)" : "",
                      BlastClassName(step->blast), Escaped(step->why));
      if (step->changes.empty()) continue;
      details += fmt::format("{} {}\n", step->action == Action::kCreate ? '+' : '!',
                             Printable(step->address.ToString()));
      for (const FieldChange& change : step->changes) {
        // Lines of a diff are coloured by their first character; a change in place is '!'.
        std::string line = Printable(plan::ShowChange(*step, change, 400));
        if (line[0] == '~' || line[0] == '.') line[0] = '!';
        details += line.substr(0, 1) + "   " + line.substr(2) + '\n';
      }
    }
    if (details.empty()) continue;
    const std::string fence = Fence(details);
    out += fmt::format("\n<details><summary>Changes</summary>\n\n{}diff\n{}{}\n\n</details>\n",
                       fence, details, fence);
  }
  AppendList("Not observed", plan.unobserved, out);
  AppendList("Notes", plan.notes, out);
  AppendList("Waits for a person", plan.needs_approval, out);
  return out;
}

}  // namespace tandem
