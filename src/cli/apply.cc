// apply, approve, unprotect: runs begin here.

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "cli/planning.h"
#include "cli/run_progress.h"
#include "tandem/base/printable.h"
#include "tandem/codec/json.h"

namespace tandem {
namespace {

int AfterReply(Client& client, const Result<api::v1::ApplyReply>& reply, size_t steps, const Flags& flags,
               const Console& console) {
  if (!reply.ok()) return FailCall(reply.status(), console);
  if (reply->refusal() != api::v1::REFUSAL_UNSPECIFIED) {
    *console.err << "error: " << PrintableLines(reply->message()) << "\n";
    return ExitCodeOf(reply->refusal());
  }
  if (reply->pending()) {
    if (!reply->message().empty()) *console.err << PrintableLines(reply->message()) << "\n";
    *console.out << fmt::format("tandem approve {}\n", reply->hash());
    return kExitPolicy;
  }
  if (reply->run().empty()) {
    *console.out << (reply->message().empty() ? "nothing to do" : PrintableLines(reply->message())) << "\n";
    return kExitOk;
  }
  if (!flags.wait) {
    *console.out << reply->run() << "\n";
    return kExitOk;
  }
  return FollowRun(client, reply->run(), steps, flags.timeout, console);
}

/// A terminal is asked; the word must be whole, so that a stray key applies nothing.
bool Confirmed(const Console& console) {
  *console.out << "\nApply this plan? Only 'yes' is accepted: " << std::flush;
  std::string answer;
  return std::getline(*console.in, answer) && answer == "yes";
}

bool CanAsk(const Console& console) { return console.in_is_terminal && console.out_is_terminal; }

int ApplySaved(const Flags& flags, const Console& console) {
  const std::string& path = flags.arguments[0];
  const auto refuse = [&](std::string_view why) {
    *console.err << fmt::format(
        "error: the plan {0}: {1}\n  = make one with: tandem plan -f MODEL --out {0}\n", path, why);
    return kExitConfiguration;
  };
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return refuse(errno == 0 ? "cannot be read" : std::strerror(errno));
  const Result<Value> value = ParseJson(text.str());
  const Result<Plan> plan = value.ok() ? PlanFromValue(*value) : Result<Plan>(value.status());
  if (!plan.ok()) return refuse(plan.status().message());
  Sources sources;
  if (!flags.files.empty()) {
    std::optional<Sources> loaded = LoadModel(flags, console);
    if (!loaded.has_value()) return kExitConfiguration;
    sources = *std::move(loaded);
  }
  Client client(flags);
  bool approve = flags.auto_approve;
  if (!approve && CanAsk(console)) {
    PlanTextOptions options;
    options.color = console.color;
    options.width = console.width;
    *console.out << PlanToText(*plan, options);
    if (!Confirmed(console)) {
      *console.out << "Nothing was changed.\n";
      return kExitCancelled;
    }
    approve = true;
  }
  const auto reply = client.Apply(plan->hash, ToCanonicalJson(*value), approve, sources);
  return AfterReply(client, reply, plan->steps.size(), flags, console);
}

}  // namespace

int RunApply(const Flags& flags, const Console& console) {
  if (!flags.arguments.empty()) return ApplySaved(flags, console);
  const std::optional<Sources> sources = LoadModel(flags, console);
  if (!sources.has_value()) return kExitConfiguration;
  Client client(flags);
  const Planned planned = MakePlan(client, flags, *sources, std::nullopt, console);
  if (!planned.plan.has_value()) return planned.exit_code;
  const Plan& plan = *planned.plan;
  PlanTextOptions options;
  options.color = console.color;
  options.width = console.width;
  *console.out << PlanToText(plan, options) << std::flush;
  bool approve = flags.auto_approve;
  if (!approve && CanAsk(console) && !plan.steps.empty()) {
    if (!Confirmed(console)) {
      *console.out << "Nothing was changed.\n";
      return kExitCancelled;
    }
    approve = true;
  }
  const auto reply = client.Apply(plan.hash, "", approve, {});
  const int code = AfterReply(client, reply, plan.steps.size(), flags, console);
  return code == kExitOk ? PartialSight(plan, console) : code;
}

int RunApprove(const Flags& flags, const Console& console) {
  Client client(flags);
  return AfterReply(client, client.Approve(flags.arguments[0]), 0, flags, console);
}

int RunUnprotect(const Flags& flags, const Console& console) {
  Client client(flags);
  if (!flags.auto_approve) {
    const auto known = client.Get(flags.arguments[0]);
    if (!known.ok()) return FailCall(known.status(), console);
    if (!known->has_resource() || !known->resource().recorded())
      return FailCall(NotFound(fmt::format("nothing is recorded at '{}'", flags.arguments[0])), console);
    if (!CanAsk(console)) {
      *console.err << "error: without a terminal, say --auto-approve to lift the protection\n";
      return kExitPolicy;
    }
    *console.out << fmt::format("{} may then be destroyed by a later plan.\n", flags.arguments[0]);
    if (!Confirmed(console)) return kExitCancelled;
  }
  auto reply = client.Unprotect(flags.arguments[0]);
  if (reply.ok() && reply->pending()) reply = client.Approve(reply->hash());
  return AfterReply(client, reply, 1, flags, console);
}

}  // namespace tandem
