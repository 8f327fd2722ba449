// Any bytes as YAML: split, parse, map every text back to its source, format twice.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/scalar_text.h"
#include "tandem/base/check.h"
#include "tandem/config/format.h"
#include "tandem/config/parse.h"

namespace {

/// Every place lies in its text, and every offset inside a string value lies in that value's place.
void CheckPlaces(const tandem::YamlTree& tree, const tandem::Value& value,
                 const std::string& path) {
  const tandem::SourceRange range = tree.RangeOf(path);
  TANDEM_CHECK(range.begin <= range.end && range.begin >= tree.begin && range.end <= tree.end);
  if (value.is_string()) {
    const std::string& text = value.as_string();
    const std::string_view written = tree.source->text;
    const bool alias = range.begin < range.end && written[range.begin] == '*';
    if (tree.positions.Find(path) == nullptr || alias || text.empty()) return;
    // Decoding its text again gives the value that yaml-cpp gave.
    const tandem::ScalarMap map = tandem::DecodeScalar(written, range.begin, text.size());
    TANDEM_CHECK(map.offsets.size() == map.value.size());
    // At the very end of a text yaml-cpp folds a last break into a blank.
    const size_t size = text.find_last_not_of(" \n") + 1;
    if (map.value.substr(0, size) != text.substr(0, size)) {
      std::fprintf(stderr, "path %s\nyaml-cpp <%s>\ndecoded <%s>\n", path.c_str(), text.c_str(),
                   map.value.c_str());
      std::abort();
    }
  } else if (value.is_list()) {
    for (size_t i = 0; i < value.as_list().size() && i < 20; ++i)
      CheckPlaces(tree, value.as_list()[i], tandem::JoinPath(path, static_cast<int64_t>(i)));
  } else if (value.is_map()) {
    for (const auto& [key, member] : value.as_map())
      CheckPlaces(tree, member, tandem::JoinPath(path, key));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 64 << 10) return 0;
  const auto source = std::make_shared<tandem::SourceText>(
      tandem::SourceText{"fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size)});
  const tandem::ParseLimits limits;
  tandem::Diagnostics found;
  for (const tandem::DocumentText& text : tandem::SplitDocuments(source, limits, found)) {
    const int errors = found.errors();
    if (const auto tree = tandem::ParseYaml(text, limits, found)) {
      TANDEM_CHECK(found.errors() == errors);
      CheckPlaces(*tree, tree->value, "");
    }
    (void)tandem::ParseDocument(text, limits, found);
  }
  (void)tandem::FormatDiagnostics(found);
  tandem::Diagnostics of_format;
  if (const auto once = tandem::FormatYaml(source, limits, of_format)) {
    const auto again =
        std::make_shared<tandem::SourceText>(tandem::SourceText{"again.yaml", *once});
    tandem::Diagnostics none;
    const auto twice = tandem::FormatYaml(again, limits, none);
    TANDEM_CHECK(twice.has_value());
  }
  return 0;
}
