// A quick reader for what most documents are: block maps and lists, a key or an item a line, with plain
// or quoted texts that end where their line does. It tells a sink what yaml-cpp would tell it, or
// nothing at all: a document with anything else in it is left to that parser (tests/unit/config compares
// the two).
#pragma once

#include <string_view>

#include "config/yaml_events.h"

namespace tandem {

/// False when `text` holds more than plain lines; the sink was then told nothing.
bool ReadPlainLines(std::string_view text, YamlSink& sink);

}  // namespace tandem
