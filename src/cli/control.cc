// cancel, pause, resume, refresh.

#include <fmt/format.h>

#include <ostream>

#include "cli/client.h"

namespace tandem {
namespace {

int Report(const Status& status, const std::string& done, const Console& console) {
  if (!status.ok()) return FailCall(status, console);
  *console.out << done << "\n";
  return kExitOk;
}

/// The address that pause and resume act on: one, or "" for all.
std::optional<std::string> Chosen(const Flags& flags, const Console& console) {
  if (flags.all != flags.arguments.empty()) {
    *console.err << "error: name one ADDRESS, or say --all\n";
    return std::nullopt;
  }
  return flags.all ? "" : flags.arguments[0];
}

}  // namespace

int RunCancel(const Flags& flags, const Console& console) {
  Client client(flags);
  return Report(client.Cancel(flags.arguments[0]), fmt::format("cancelling {}", flags.arguments[0]), console);
}

int RunPause(const Flags& flags, const Console& console) {
  const std::optional<std::string> address = Chosen(flags, console);
  if (!address.has_value()) return kExitConfiguration;
  Client client(flags);
  return Report(client.Pause(*address), fmt::format("paused {}", address->empty() ? "all" : *address), console);
}

int RunResume(const Flags& flags, const Console& console) {
  const std::optional<std::string> address = Chosen(flags, console);
  if (!address.has_value()) return kExitConfiguration;
  Client client(flags);
  return Report(client.Resume(*address), fmt::format("resumed {}", address->empty() ? "all" : *address), console);
}

int RunRefresh(const Flags& flags, const Console& console) {
  const std::string address = flags.arguments.empty() ? "" : flags.arguments[0];
  Client client(flags);
  return Report(client.Refresh(address), fmt::format("observed {}", address.empty() ? "all" : address), console);
}

}  // namespace tandem
