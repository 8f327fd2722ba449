// watch, events, why, history: what happened, and why.

#include <fmt/format.h>

#include <ostream>

#include "cli/client.h"
#include "cli/table.h"
#include "tandem/base/printable.h"
#include "tandem/codec/json.h"

namespace tandem {
namespace {

std::string EventLine(const api::v1::EventItem& event) {
  std::string line = fmt::format("{} {} {}", event.time(), event.type(), event.reason());
  if (!event.address().empty()) line += " " + event.address();
  if (!event.actor().empty()) line += " by " + event.actor();
  return Printable(line + ": " + event.message());
}

/// kExitOk if something is called `address` and there is a run `run`, "" aside: an empty answer about what there is
/// not would be taken for one about what is quiet.
int CheckNames(Client& client, const std::string& address, const std::string& run, const Console& console) {
  if (!address.empty())
    if (const auto known = client.Get(address); !known.ok()) return FailCall(known.status(), console);
  if (!run.empty())
    if (const auto known = client.GetRun(run); !known.ok()) return FailCall(known.status(), console);
  return kExitOk;
}

/// The versioned first record of a stream of JSON lines.
void PrintStreamHead(const Console& console) {
  *console.out << ToCanonicalJson(Map{{"format", "tandem.events/1"}}) << "\n";
}

}  // namespace

int RunWatch(const Flags& flags, const Console& console) {
  std::optional<std::chrono::system_clock::time_point> deadline;
  if (flags.timeout.has_value()) deadline = std::chrono::system_clock::now() + *flags.timeout;
  Client client(flags);
  if (const int code = CheckNames(client, "", flags.run, console); code != kExitOk) return code;
  const bool json = flags.output == "json";
  if (json) PrintStreamHead(console);
  api::v1::WatchRequest request;
  request.set_from_now(true);
  request.set_run(flags.run);
  while (true) {
    const Status status = client.Watch(request, deadline, [&](const api::v1::ChangeReply& change) {
      request.set_from_now(false);
      request.set_after(change.sequence());
      Value value = Map{{"sequence", change.sequence()}};
      std::string line;
      if (change.has_event()) {
        value.Set("event", EventValue(change.event()));
        line = EventLine(change.event());
      }
      if (change.has_step()) {
        value.Set("step", StepValue(change.step()));
        line = fmt::format("step {} {} {}: {}", change.step().id(), change.step().action(), change.step().address(),
                           change.step().state());
      }
      if (change.has_run()) {
        value.Set("run", RunValue(change.run()));
        line = fmt::format("run {}: {}", change.run().id(), change.run().state());
      }
      if (change.has_resource()) {
        value.Set("resource", ResourceValue(change.resource()));
        const auto* ready = FindCondition(change.resource(), "Ready");
        if (line.empty() && ready != nullptr)
          line = fmt::format("{} Ready={} {}", change.resource().address(), ready->status(), ready->reason());
      }
      if (json) {
        *console.out << ToCanonicalJson(value) << std::endl;
      } else if (!line.empty()) {
        *console.out << Printable(line) << std::endl;
      }
      return true;
    });
    if (status.code() == Code::kResourceExhausted && !request.from_now()) continue;  // resume
    if (status.code() == Code::kDeadlineExceeded && deadline.has_value()) return kExitOk;
    return status.ok() ? int{kExitOk} : FailCall(status, console);
  }
}

int RunEvents(const Flags& flags, const Console& console) {
  Client client(flags);
  api::v1::EventsRequest request;
  if (!flags.arguments.empty()) request.set_address(flags.arguments[0]);
  request.set_run(flags.run);
  request.set_limit(flags.limit);
  request.set_newest(true);
  const auto events = client.Events(request);
  if (!events.ok()) return FailCall(events.status(), console);
  if (events->empty()) {
    if (const int code = CheckNames(client, request.address(), request.run(), console); code != kExitOk) return code;
  }
  if (flags.output == "json") {
    PrintStreamHead(console);
    for (const api::v1::EventItem& event : *events)
      *console.out << ToCanonicalJson(EventValue(event)) << "\n";
    return kExitOk;
  }
  for (const api::v1::EventItem& event : *events) *console.out << EventLine(event) << "\n";
  return kExitOk;
}

int RunWhy(const Flags& flags, const Console& console) {
  Client client(flags);
  const auto text = client.Why(flags.arguments[0]);
  if (!text.ok()) return FailCall(text.status(), console);
  *console.out << PrintableLines(*text);
  if (!text->empty() && text->back() != '\n') *console.out << "\n";
  return kExitOk;
}

int RunHistory(const Flags& flags, const Console& console) {
  Client client(flags);
  const auto reply = client.History(flags.limit);
  if (!reply.ok()) return FailCall(reply.status(), console);
  if (!flags.output.empty() && flags.output != "table") {
    List list;
    for (const api::v1::RevisionItem& item : reply->revisions())
      list.push_back(Map{{"revision", item.number()},
                         {"digest", item.digest()},
                         {"created", item.created()},
                         {"actor", item.actor()},
                         {"accepted", item.accepted()},
                         {"documents", item.documents()}});
    PrintValue(Map{{"items", std::move(list)}}, flags.output, *console.out);
    return kExitOk;
  }
  Table table({"REVISION", "ACCEPTED", "DOCUMENTS", "ACTOR", "CREATED", "DIGEST"});
  for (const api::v1::RevisionItem& item : reply->revisions())
    table.Add({std::to_string(item.number()), item.accepted() ? "yes" : "no", std::to_string(item.documents()),
               item.actor(), item.created(), item.digest()});
  table.Print(*console.out);
  return kExitOk;
}

}  // namespace tandem
