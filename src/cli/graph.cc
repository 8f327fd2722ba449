// graph and import mermaid: the diagram, drawn and read.

#include <fmt/format.h>

#include <fstream>
#include <ostream>
#include <sstream>

#include "cli/local.h"
#include "cli/table.h"
#include "tandem/diagram/components.h"
#include "tandem/diagram/diagram.h"
#include "tandem/diagram/mermaid.h"

namespace tandem {
namespace {

/// A component's state as the diagram shows it.
std::string StateOf(const api::v1::ComponentItem& item) {
  const auto* ready = FindCondition(item, "Ready");
  if (ready == nullptr || ready->status() == "Unknown") return "unknown";
  return ready->status() == "True" ? "ready" : "not ready";
}

Diagram FromTopology(const api::v1::TopologyReply& topology, DiagramStates& states) {
  Diagram diagram;
  for (const api::v1::GroupItem& group : topology.groups())
    diagram.groups.push_back({group.id(), group.title(), group.parent()});
  for (const api::v1::ComponentItem& item : topology.components()) {
    diagram.nodes.push_back({item.name(), item.title(), item.group(), item.site(), item.layer()});
    states[item.name()] = StateOf(item);
  }
  for (const api::v1::ConnectionItem& item : topology.connections())
    diagram.connections.push_back({item.from(), item.to(), item.type(), item.both()});
  return diagram;
}

}  // namespace

int RunGraph(const Flags& flags, const Console& console) {
  Diagram diagram;
  DiagramStates states;
  if (!flags.files.empty()) {
    const std::optional<Sources> sources = LoadModel(flags, console);
    const std::unique_ptr<Catalog> catalog = sources.has_value() ? LoadCatalog(flags, console) : nullptr;
    if (catalog == nullptr) return kExitConfiguration;
    Diagnostics found;
    const auto model = CompileModel(*sources, *catalog, found);
    *console.err << FormatDiagnostics(found);
    if (model == nullptr) return kExitConfiguration;
    diagram = DiagramOf(model->documents);
  } else {
    Client client(flags);
    const auto topology = client.Topology();
    if (!topology.ok()) return FailCall(topology.status(), console);
    diagram = FromTopology(*topology, states);
  }
  const std::string& form = flags.output;
  if (form.empty() || form == "mermaid") {
    *console.out << WriteMermaid(diagram, states);
  } else if (form == "dot") {
    *console.out << WriteDot(diagram, states);
  } else if (form == "svg") {
    *console.out << WriteSvg(diagram, states);
  } else {
    *console.out << WriteDiagramJson(diagram, states);
  }
  return kExitOk;
}

int RunImportMermaid(const Flags& flags, const Console& console) {
  const std::string& path = flags.arguments[0];
  std::stringstream text;
  if (path == "-") {
    text << console.in->rdbuf();
  } else {
    std::ifstream in(path, std::ios::binary);
    text << in.rdbuf();
    if (!in) {
      *console.err << fmt::format("error: cannot read {}\n", path);
      return kExitConfiguration;
    }
  }
  const auto source = std::make_shared<const SourceText>(SourceText{path, text.str()});
  Diagnostics found;
  std::optional<Diagram> diagram = ParseMermaid(source, found);
  ImportOptions options;
  if (!flags.platform.empty()) options.platform = flags.platform;
  options.component_groups = flags.component_groups;
  const bool ready = diagram.has_value() && PrepareImport(*diagram, options, found);
  found.Sort();
  *console.err << FormatDiagnostics(found);
  if (!ready) return kExitConfiguration;
  *console.out << WriteComponents(*diagram, options);
  return kExitOk;
}

}  // namespace tandem
