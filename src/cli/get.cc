// get, describe, status: what is true.

#include <fmt/format.h>

#include <map>
#include <ostream>

#include "cli/client.h"
#include "cli/table.h"
#include "tandem/base/printable.h"

namespace tandem {
namespace {

using api::v1::Item;
using api::v1::ListRequest;

const std::map<std::string, ListRequest::What> kWhat = {
    {"resources", ListRequest::RESOURCES},     {"resource", ListRequest::RESOURCES},
    {"components", ListRequest::COMPONENTS},   {"component", ListRequest::COMPONENTS},
    {"connections", ListRequest::CONNECTIONS}, {"accounts", ListRequest::ACCOUNTS},
    {"account", ListRequest::ACCOUNTS},        {"runs", ListRequest::RUNS},
    {"run", ListRequest::RUNS}};

template <typename Row>
std::string StatusOf(const Row& row, const std::string& type) {
  const auto* condition = FindCondition(row, type);
  return condition == nullptr ? "-" : condition->status();
}

/// Reason and message of what is wrong: Ready if it is not True, else Drifted, else nothing.
template <typename Row>
std::pair<std::string, std::string> Trouble(const Row& row) {
  for (const char* type : {"Ready", "Stalled", "Drifted", "Synced", "Paused"}) {
    const auto* condition = FindCondition(row, type);
    if (condition == nullptr) continue;
    const bool good = std::string(type) == "Ready" || std::string(type) == "Synced";
    if (condition->status() != (good ? "True" : "False")) return {condition->reason(), condition->message()};
  }
  return {"", ""};
}

std::string Dash(const std::string& text) { return text.empty() ? "-" : text; }

void PrintTable(ListRequest::What what, const std::vector<Item>& items, bool wide, std::ostream& out) {
  if (what == ListRequest::RESOURCES) {
    std::vector<std::string> header{"ADDRESS", "SITE", "READY", "SYNCED", "REASON"};
    if (wide) header.insert(header.end(), {"COMPONENT", "IDENTITY", "OBSERVED", "MESSAGE"});
    Table table(header);
    for (const Item& item : items) {
      const api::v1::ResourceItem& row = item.resource();
      const auto [reason, message] = Trouble(row);
      std::vector<std::string> cells{row.address(), Dash(row.site()), StatusOf(row, "Ready"),
                                     StatusOf(row, "Synced"), reason};
      if (wide)
        cells.insert(cells.end(), {Dash(row.component()), Dash(row.identity()), Dash(row.observed_at()), message});
      table.Add(std::move(cells));
    }
    table.Print(out);
  } else if (what == ListRequest::COMPONENTS) {
    Table table({"COMPONENT", "SITE", "LAYER", "READY", "SYNCED", "RESOURCES", "REASON", "MESSAGE"});
    for (const Item& item : items) {
      const api::v1::ComponentItem& row = item.component();
      const auto [reason, message] = Trouble(row);
      table.Add({row.name(), Dash(row.site()), Dash(row.layer()), StatusOf(row, "Ready"),
                 StatusOf(row, "Synced"), std::to_string(row.resources()), reason, message});
    }
    table.Print(out);
  } else if (what == ListRequest::CONNECTIONS) {
    Table table({"FROM", "TO", "TYPE", "DIRECTION", "STATE"});
    for (const Item& item : items)
      table.Add({item.connection().from(), item.connection().to(), Dash(item.connection().type()),
                 item.connection().both() ? "both" : "to", Dash(item.connection().state())});
    table.Print(out);
  } else if (what == ListRequest::ACCOUNTS) {
    Table table({"ACCOUNT", "PROVIDER", "SITE", "STATE", "ID", "PRINCIPAL", "MESSAGE"});
    for (const Item& item : items) {
      const api::v1::AccountItem& row = item.account();
      table.Add({row.name(), row.provider(), Dash(row.site()), row.state(), Dash(row.verified_id()),
                 Dash(row.principal()), row.message()});
    }
    table.Print(out);
  } else {
    Table table({"RUN", "MODE", "STATE", "FROM", "TO", "ACTOR", "CREATED", "MESSAGE"});
    for (const Item& item : items) {
      const api::v1::RunItem& row = item.run();
      table.Add({row.id(), row.mode(), row.state(), std::to_string(row.from()), std::to_string(row.to()),
                 row.actor(), row.created(), row.message()});
    }
    table.Print(out);
  }
}

int PrintWhole(const Value& value, const std::string& form, const Console& console) {
  if (PrintValue(value, form.empty() ? "yaml" : form, *console.out)) return kExitOk;
  *console.err << fmt::format("error: '{}' is a form of lists; one alone is shown as yaml or json\n", form);
  return kExitConfiguration;
}

int PrintList(const ListRequest& request, const Flags& flags, const Console& console) {
  Client client(flags);
  const auto items = client.List(request);
  if (!items.ok()) return FailCall(items.status(), console);
  if (items->empty() && !request.component().empty()) {
    const auto component = client.Get(request.component());
    if (!component.ok()) return FailCall(component.status(), console);
    if (!component->has_component())
      return FailCall(NotFound(fmt::format("there is no component '{}'", request.component())), console);
  }
  if (flags.output.empty() || flags.output == "table" || flags.output == "wide") {
    PrintTable(request.what(), *items, flags.output == "wide", *console.out);
    return kExitOk;
  }
  List list;
  for (const Item& item : *items) list.push_back(ItemValue(item));
  PrintValue(Map{{"items", std::move(list)}}, flags.output, *console.out);
  return kExitOk;
}

int PrintOne(const std::string& name, const std::string& form, const Flags& flags,
             const Console& console) {
  Client client(flags);
  const auto item = client.Get(name);
  if (!item.ok()) return FailCall(item.status(), console);
  return PrintWhole(ItemValue(*item), form, console);
}

}  // namespace

int RunGet(const Flags& flags, const Console& console) {
  const std::string& what = flags.arguments[0];
  const auto known = kWhat.find(what);
  if (known == kWhat.end() || (flags.arguments.size() == 2 && known->second != ListRequest::RUNS))
    return PrintOne(flags.arguments.back(), flags.output, flags, console);
  if (flags.arguments.size() == 2) {
    Client client(flags);
    const auto reply = client.GetRun(flags.arguments[1]);
    if (!reply.ok()) return FailCall(reply.status(), console);
    Value value = RunValue(reply->run());
    List steps;
    for (const api::v1::StepItem& step : reply->steps()) steps.push_back(StepValue(step));
    value.Set("steps", std::move(steps));
    return PrintWhole(value, flags.output, console);
  }
  ListRequest request;
  request.set_what(known->second);
  request.set_component(flags.component);
  return PrintList(request, flags, console);
}

int RunDescribe(const Flags& flags, const Console& console) {
  const int code = PrintOne(flags.arguments[0], flags.output, flags, console);
  if (code != kExitOk || (!flags.output.empty() && flags.output != "yaml")) return code;
  Client client(flags);
  api::v1::EventsRequest request;
  request.set_address(flags.arguments[0]);
  request.set_limit(10);
  request.set_newest(true);
  const auto events = client.Events(request);
  if (!events.ok() || events->empty()) return kExitOk;
  *console.out << "# events\n";
  for (const api::v1::EventItem& event : *events)
    *console.out << fmt::format("#   {} {} {}\n", event.time(), event.reason(), Printable(event.message()));
  return kExitOk;
}

int RunStatus(const Flags& flags, const Console& console) {
  ListRequest request;
  request.set_what(ListRequest::COMPONENTS);
  if (!flags.output.empty() && flags.output != "table" && flags.output != "wide")
    return PrintList(request, flags, console);
  Client client(flags);
  const auto items = client.List(request);
  if (!items.ok()) return FailCall(items.status(), console);
  PrintTable(request.what(), *items, flags.output == "wide", *console.out);
  int ready = 0;
  int not_ready = 0;
  for (const Item& item : *items) {
    const std::string status = StatusOf(item.component(), "Ready");
    ready += status == "True" ? 1 : 0;
    not_ready += status == "False" ? 1 : 0;
  }
  const int all = static_cast<int>(items->size());
  *console.out << fmt::format("{} components: {} ready, {} not ready, {} unknown\n", all, ready, not_ready,
                              all - ready - not_ready);
  return kExitOk;
}

}  // namespace tandem
