// Diagram ↔ Platform and Component documents.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tandem/diagram/diagram.h"
#include "tandem/model/document.h"
#include "tandem/model/source.h"

namespace tandem {

struct ImportOptions {
  std::string platform = "platform";          // metadata.name of the Platform
  std::vector<std::string> component_groups;  // groups that are Components as well
};

/// Prepares a diagram that was drawn for people to become documents: ids become names that a
/// Component may have, groups in `options` become boxes too, and site and layer are guessed from
/// the words of the titles of the groups around a box (GuessSite, GuessLayer). False after an error
/// in `found`.
bool PrepareImport(Diagram& diagram, const ImportOptions& options, Diagnostics& found);

/// The Platform document and one Component a box, as YAML text that parses and applies by itself.
std::string WriteComponents(const Diagram& diagram, const ImportOptions& options);

/// The diagram of a model: its Platform's groups, and its Components in order.
Diagram DiagramOf(const std::vector<std::shared_ptr<const Document>>& documents);

/// The site that a title names: "aws" for "AWS …" or "Amazon …", "gcp" for "GCP …" or "Google …";
/// "" when it names none, or several.
std::string GuessSite(std::string_view title);
/// The layer that a title's words name, by the table in guess.cc; "" when none does.
std::string GuessLayer(std::string_view title);

}  // namespace tandem
