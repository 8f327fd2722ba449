// What is wrong with a text that is no YAML, in words that help.
#pragma once

#include <cstddef>

#include "config/yaml_events.h"
#include "tandem/config/parse.h"

namespace tandem {

/// What was understood before a fault, as offsets from the document's start.
struct ReadSoFar {
  size_t end = 0;
  size_t bracket = std::string_view::npos;  // the innermost one still open
};

Diagnostic ExplainFault(const DocumentText& text, const YamlFault& fault, const ReadSoFar& read);

/// The quote at `at` is never closed.
Diagnostic UnclosedQuote(const DocumentText& text, size_t at);

}  // namespace tandem
