// plan, diff, undo: what would change.

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "cli/planning.h"
#include "cli/table.h"
#include "cli/write_file.h"
#include "tandem/base/printable.h"
#include "tandem/codec/json.h"
#include "tandem/compile/file_digests.h"

namespace tandem {

void PrintDiagnostics(const google::protobuf::RepeatedPtrField<api::v1::DiagnosticItem>& items,
                      const Console& console) {
  bool first = true;
  for (const api::v1::DiagnosticItem& item : items) {
    if (!first) *console.err << "\n";
    first = false;
    *console.err << PrintableLines(item.rendered());
  }
}

namespace {

// Less is sent whole at once.
constexpr size_t kSmallModel = size_t{256} << 10;

size_t BytesOf(const Sources& sources) {
  size_t bytes = 0;
  for (const auto& source : sources) bytes += source->text.size();
  return bytes;
}

// What differs from the accepted model, told in `head` as well, where that is much less than all of `sources`.
// Nullopt: they are to be sent whole, also to a daemon that does not tell its files.
std::optional<ModelChanges> WorthSending(Client& client, const Sources& sources, api::v1::PlanHead* head) {
  const size_t whole = BytesOf(sources);
  if (whole <= kSmallModel) return std::nullopt;
  const Result<api::v1::FilesReply> files = client.Files();
  if (!files.ok() || files->model().empty()) return std::nullopt;
  std::vector<FileDigest> accepted;
  for (const api::v1::FileItem& file : files->files()) accepted.push_back({file.name(), file.digest()});
  std::optional<ModelChanges> changes = ChangesSince(accepted, sources);
  if (!changes || BytesOf(changes->files) > whole / 2) return std::nullopt;
  head->set_over(files->model());
  head->mutable_removed()->Assign(changes->removed.begin(), changes->removed.end());
  return changes;
}

}  // namespace

Planned MakePlan(Client& client, const Flags& flags, const Sources& sources, std::optional<int64_t> undo_to,
                 const Console& console) {
  api::v1::PlanHead head;
  for (const std::string& target : flags.targets) head.add_targets(target);
  head.set_delete_budget(flags.delete_budget.value_or(-1));
  head.set_mode(flags.mode == "apply" ? "" : flags.mode);
  head.set_no_refresh(!flags.refresh);
  head.set_undo(undo_to.has_value());
  head.set_undo_to(undo_to.value_or(0));
  std::optional<ModelChanges> changes = undo_to ? std::nullopt : WorthSending(client, sources, &head);
  auto result = client.Plan(head, changes ? changes->files : sources);
  if (changes && result.ok() && result->head.refusal() == api::v1::REFUSAL_NOT_FOUND) {
    // Another model was accepted in between.
    head.clear_over();
    head.clear_removed();
    result = client.Plan(head, sources);
  }
  Planned planned;
  if (!result.ok()) {
    planned.exit_code = FailCall(result.status(), console);
    return planned;
  }
  PrintDiagnostics(result->head.diagnostics(), console);
  if (result->head.refusal() != api::v1::REFUSAL_UNSPECIFIED) {
    // Diagnostics say more than the message, which repeats the first of them.
    if (result->head.diagnostics().empty() && !result->head.message().empty())
      *console.err << "error: " << PrintableLines(result->head.message()) << "\n";
    planned.exit_code = ExitCodeOf(result->head.refusal());
    return planned;
  }
  const Result<Value> value = ParseJson(result->json);
  Result<Plan> plan = value.ok() ? PlanFromValue(*value) : Result<Plan>(value.status());
  if (!plan.ok()) {
    *console.err << "error: the daemon's plan: " << plan.status().message() << "\n";
    planned.exit_code = kExitInternal;
    return planned;
  }
  planned.plan = *std::move(plan);
  return planned;
}

int PartialSight(const Plan& plan, const Console& console) {
  if (plan.unobserved.empty()) return kExitOk;
  const int64_t changed = std::count_if(
      plan.unobserved.begin(), plan.unobserved.end(), [&](const std::string& address) {
        return std::binary_search(plan.not_applied.begin(), plan.not_applied.end(), address);
      });
  *console.err << fmt::format(
      "{}: {} address{} could not be observed and {} left out{}; the warnings say why\n",
      changed > 0 ? "error" : "warning", plan.unobserved.size(), plan.unobserved.size() == 1 ? "" : "es",
      plan.unobserved.size() == 1 ? "is" : "are",
      changed > 0 ? fmt::format(", {} of them changed in the model", changed) : "");
  return changed > 0 ? kExitResource : kExitOk;
}

namespace {

int ShowPlan(const Plan& plan, const Flags& flags, const Console& console) {
  const std::string& form = flags.output;
  if (form.empty() || form == "text" || form == "table") {
    PlanTextOptions options;
    options.color = console.color;
    options.width = console.width;
    *console.out << PlanToText(plan, options);
  } else if (form == "markdown") {
    *console.out << PlanToMarkdown(plan);
  } else {
    PrintValue(PlanToValue(plan), form, *console.out);
  }
  if (!flags.out.empty()) {
    const Status saved = WriteFile(flags.out, ToPrettyJson(PlanToValue(plan)) + "\n", 0600);
    if (!saved.ok()) {
      *console.err << "error: " << saved.message() << "\n";
      return kExitError;
    }
    *console.err << fmt::format("saved; apply it with: tandem apply {}\n", flags.out);
  }
  return kExitOk;
}

int PlanAndShow(const Flags& flags, const Sources& sources, std::optional<int64_t> undo_to,
                const Console& console) {
  Client client(flags);
  const Planned planned = MakePlan(client, flags, sources, undo_to, console);
  if (!planned.plan.has_value()) return flags.detailed_exitcode ? int{kExitError} : planned.exit_code;
  if (const int code = ShowPlan(*planned.plan, flags, console); code != kExitOk)
    return flags.detailed_exitcode ? int{kExitError} : code;
  const int partial = PartialSight(*planned.plan, console);
  if (!flags.detailed_exitcode) return partial;
  if (partial != kExitOk) return kExitError;
  return planned.plan->steps.empty() ? 0 : 2;
}

}  // namespace

int RunPlan(const Flags& flags, const Console& console) {
  const std::optional<Sources> sources = LoadModel(flags, console);
  if (!sources.has_value()) return flags.detailed_exitcode ? int{kExitError} : int{kExitConfiguration};
  return PlanAndShow(flags, *sources, std::nullopt, console);
}

int RunDiff(const Flags& flags, const Console& console) {
  const std::optional<Sources> sources = LoadModel(flags, console);
  if (!sources.has_value()) return kExitConfiguration;
  Client client(flags);
  const Planned planned = MakePlan(client, flags, *sources, std::nullopt, console);
  if (!planned.plan.has_value()) return planned.exit_code == 1 ? int{kExitInternal} : planned.exit_code;
  const bool same = planned.plan->steps.empty() && planned.plan->unobserved.empty();
  if (same && flags.output != "json" && flags.output != "yaml") return 0;
  int code = ShowPlan(*planned.plan, flags, console);
  if (code == kExitOk) code = PartialSight(*planned.plan, console);
  if (code != kExitOk) return code;
  return planned.plan->steps.empty() ? 0 : 1;
}

int RunUndo(const Flags& flags, const Console& console) {
  int64_t revision = 0;  // the one before the accepted one
  if (!flags.arguments.empty()) {
    const std::string& text = flags.arguments[0];
    char* end = nullptr;
    revision = std::strtoll(text.c_str(), &end, 10);
    if (revision <= 0 || *end != '\0') {
      *console.err << fmt::format("error: '{}' is no revision; list them with: tandem history\n", text);
      return kExitConfiguration;
    }
  }
  return PlanAndShow(flags, {}, revision, console);
}

}  // namespace tandem
