// Any bytes as a mermaid diagram; what is read is written as documents and drawn in every form.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tandem/base/check.h"
#include "tandem/diagram/components.h"
#include "tandem/diagram/mermaid.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 8 << 10) return 0;
  const auto source = std::make_shared<tandem::SourceText>(
      tandem::SourceText{"fuzz.mmd", std::string(reinterpret_cast<const char*>(data), size)});
  tandem::Diagnostics found;
  auto diagram = tandem::ParseMermaid(source, found);
  TANDEM_CHECK(diagram.has_value() == !found.has_errors());
  if (!diagram || diagram->connections.size() > 2000) return 0;
  if (!tandem::PrepareImport(*diagram, {}, found)) return 0;
  (void)tandem::WriteComponents(*diagram, {});
  tandem::Diagram again = *diagram;
  tandem::Canonicalize(again);
  TANDEM_CHECK(again == *diagram);
  (void)tandem::WriteMermaid(*diagram);
  (void)tandem::WriteDot(*diagram);
  (void)tandem::WriteSvg(*diagram);
  (void)tandem::WriteDiagramJson(*diagram);
  return 0;
}
