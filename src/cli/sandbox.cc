// sandbox: look into and disturb the simulated clouds.

#include <fmt/format.h>

#include <cstdlib>
#include <ostream>

#include "cli/client.h"
#include "cli/sandbox_client.h"
#include "cli/table.h"
#include "tandem/codec/json.h"

namespace tandem {
namespace {

int Usage(const Console& console) {
  *console.err << "error: write one of\n"
                  "  tandem sandbox ledger\n"
                  "  tandem sandbox mutate ADDRESS FIELD VALUE     (VALUE is JSON)\n"
                  "  tandem sandbox delete ADDRESS\n"
                  "  tandem sandbox fault add site-down SITE\n"
                  "  tandem sandbox fault add control-plane-down ACCOUNT\n"
                  "  tandem sandbox fault add throttle ACCOUNT[/GROUP] --rate N\n"
                  "  tandem sandbox fault add lost-replies --probability P\n"
                  "  tandem sandbox fault add stale-reads --lag D [--for D]\n"
                  "  tandem sandbox fault list\n"
                  "  tandem sandbox fault clear [ID]\n";
  return kExitConfiguration;
}

int ExitOf(const Status& status, const Console& console) {
  return status.ok() ? int{kExitOk} : FailCall(status, console);
}

int AddFault(SandboxClient& sandbox, const Flags& flags, const Console& console) {
  Fault fault;
  const std::optional<FaultType> type = ParseFaultType(flags.arguments[2]);
  if (!type.has_value()) return Usage(console);
  fault.type = *type;
  if (flags.arguments.size() > 3) fault.target = flags.arguments[3];
  fault.rate = flags.rate;
  fault.probability = flags.probability;
  for (const auto& [text, to] : {std::pair(flags.lag, &fault.lag), std::pair(flags.duration, &fault.for_time)}) {
    if (text.empty()) continue;
    const Result<Duration> duration = ParseDuration(text);
    if (!duration.ok()) return FailCall(duration.status(), console);
    *to = *duration;
  }
  const Result<int64_t> id = sandbox.AddFault(fault);
  if (!id.ok()) return FailCall(id.status(), console);
  if (!PrintValue(Map{{"id", *id}}, flags.output, *console.out)) *console.out << fmt::format("fault {}\n", *id);
  return kExitOk;
}

/// What does not belong to a fault of its type is null.
Value FaultValue(const Fault& fault) {
  const auto only = [&](FaultType type, Value value) { return fault.type == type ? std::move(value) : Value(); };
  return Map{{"id", fault.id},
             {"type", std::string(FaultTypeName(fault.type))},
             {"target", fault.target.empty() ? Value() : Value(fault.target)},
             {"since", FormatTime(fault.since)},
             {"rate", only(FaultType::kThrottle, fault.rate)},
             {"probability", only(FaultType::kLostReplies, fault.probability)},
             {"lag", only(FaultType::kStaleReads, FormatDuration(fault.lag))},
             {"for", fault.for_time.count() > 0 ? Value(FormatDuration(fault.for_time)) : Value()}};
}

int ListFaults(SandboxClient& sandbox, const std::string& form, const Console& console) {
  const Result<std::vector<Fault>> faults = sandbox.Faults();
  if (!faults.ok()) return FailCall(faults.status(), console);
  List list;
  for (const Fault& fault : *faults) list.push_back(FaultValue(fault));
  if (PrintValue(Map{{"items", std::move(list)}}, form, *console.out)) return kExitOk;
  Table table({"ID", "TYPE", "TARGET", "SINCE", "DETAIL"});
  for (const Fault& fault : *faults) {
    std::string detail;
    if (fault.type == FaultType::kThrottle) detail = fmt::format("{} calls a second", fault.rate);
    if (fault.type == FaultType::kLostReplies) detail = fmt::format("probability {}", fault.probability);
    if (fault.type == FaultType::kStaleReads) detail = "lag " + FormatDuration(fault.lag);
    if (fault.for_time.count() > 0) detail += " for " + FormatDuration(fault.for_time);
    table.Add({std::to_string(fault.id), std::string(FaultTypeName(fault.type)),
               fault.target.empty() ? "-" : fault.target, FormatTime(fault.since), detail});
  }
  table.Print(*console.out);
  return kExitOk;
}

}  // namespace

int RunSandbox(const Flags& flags, const Console& console) {
  if (flags.state_dir.empty()) {
    *console.err << "error: name the daemon's state directory with --state-dir or TANDEM_STATE_DIR\n";
    return kExitConfiguration;
  }
  const std::vector<std::string>& words = flags.arguments;
  auto opened = OpenSandbox(flags.state_dir);
  if (!opened.ok()) return FailCall(opened.status(), console);
  SandboxClient& sandbox = **opened;
  if (words[0] == "ledger" && words.size() == 1) {
    const Result<Value> ledger = sandbox.Ledger();
    if (!ledger.ok()) return FailCall(ledger.status(), console);
    PrintValue(*ledger, flags.output == "yaml" ? "yaml" : "json", *console.out);
    return kExitOk;
  }
  if (words[0] == "mutate" && words.size() == 4) {
    const Result<Value> value = ParseJson(words[3]);
    if (!value.ok()) {
      *console.err << fmt::format("error: '{}' is not JSON; quote a text: '\"text\"'\n", words[3]);
      return kExitConfiguration;
    }
    return ExitOf(sandbox.Mutate(words[1], words[2], *value), console);
  }
  if (words[0] == "delete" && words.size() == 2) return ExitOf(sandbox.Delete(words[1]), console);
  if (words[0] == "fault" && words.size() >= 3 && words[1] == "add") return AddFault(sandbox, flags, console);
  if (words[0] == "fault" && words.size() == 2 && words[1] == "list")
    return ListFaults(sandbox, flags.output, console);
  if (words[0] == "fault" && words.size() >= 2 && words.size() <= 3 && words[1] == "clear") {
    const int64_t id = words.size() == 3 ? std::atoll(words[2].c_str()) : 0;
    if (words.size() == 3 && id <= 0) return Usage(console);
    const Result<int64_t> cleared = sandbox.ClearFault(id);
    if (!cleared.ok()) return FailCall(cleared.status(), console);
    if (!PrintValue(Map{{"cleared", *cleared}}, flags.output, *console.out))
      *console.out << fmt::format("cleared {}\n", *cleared);
    return kExitOk;
  }
  return Usage(console);
}

}  // namespace tandem
