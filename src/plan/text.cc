// A plan for a terminal.
#include <fmt/format.h>

#include <algorithm>

#include "plan/show.h"
#include "tandem/base/printable.h"

namespace tandem {
namespace {

using plan::Group;

class Printer {
 public:
  Printer(const Plan& plan, const PlanTextOptions& options) : plan_(plan), options_(options) {}

  std::string Print() {
    const bool stages = std::any_of(plan_.steps.begin(), plan_.steps.end(),
                                    [](const Step& step) { return step.stage != 0; });
    for (const Group& group : plan::Grouped(plan_)) {
      const std::string site = group.site.empty() ? "no site" : Printable(group.site);
      out_ += stages ? fmt::format("stage {}, {}:\n", group.stage, site) : site + ":\n";
      for (const Step* step : group.steps) PrintStep(*step);
      out_ += '\n';
    }
    for (const std::string& address : plan_.unobserved)
      out_ += fmt::format("? {}  could not be observed, or needs what could not{}\n", Printable(address),
                          std::binary_search(plan_.not_applied.begin(),
                                             plan_.not_applied.end(), address)
                              ? "; its document changed"
                              : "");
    if (!plan_.unobserved.empty()) out_ += '\n';
    if (options_.show_unchanged && plan_.counts.unchanged > 0)
      out_ += fmt::format("{} resource{} unchanged\n\n", plan_.counts.unchanged,
                          plan_.counts.unchanged == 1 ? " is" : "s are");
    PrintList("Notes:", plan_.notes);
    PrintList("Waits for a person:", plan_.needs_approval);
    out_ += plan::Summary(plan_) + "\n";
    return std::move(out_);
  }

 private:
  std::string Colored(std::string_view text, char symbol) const {
    if (!options_.color) return std::string(text);
    const std::string_view code = symbol == '+'   ? "32"
                                  : symbol == '-' ? "31"
                                  : symbol == '~' ? "33"
                                                  : "36";
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
  }

  void PrintStep(const Step& step) {
    const std::string_view symbol = plan::Symbol(step);
    const char tone = step.action == Action::kReplace || symbol == "-/+" ? '-' : symbol[0];
    out_ += Colored(fmt::format("{:>5}", symbol), tone) + ' ' + Printable(step.address.ToString());
    if (!step.component.empty()) out_ += "  (" + Printable(step.component) + ")";
    if (step.provisional) out_ += "  (provisional)";
    out_ += '\n';
    out_ += "        " + Printable(step.why) + '\n';
    const size_t width = options_.width > 40 ? static_cast<size_t>(options_.width) - 20 : 0;
    for (const FieldChange& change : step.changes) {
      const std::string line = Printable(plan::ShowChange(step, change, width));
      out_ += "        " + Colored(line.substr(0, 1), line[0]) + line.substr(1) + '\n';
    }
  }

  void PrintList(std::string_view title, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    out_ += std::string(title) + '\n';
    for (const std::string& line : lines) out_ += "  " + Printable(line) + '\n';
    out_ += '\n';
  }

  const Plan& plan_;
  const PlanTextOptions& options_;
  std::string out_;
};

}  // namespace

std::string PlanToText(const Plan& plan, const PlanTextOptions& options) {
  return Printer(plan, options).Print();
}

}  // namespace tandem
