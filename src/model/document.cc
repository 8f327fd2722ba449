#include "tandem/model/document.h"

namespace tandem {

SourceRange Document::RangeOf(std::string_view path, bool of_key) const {
  if (source == nullptr) return {};
  if (positions != nullptr) {
    std::string at(path);
    bool exact = true;
    while (true) {
      if (const auto found = positions->spans.find(at); found != positions->spans.end()) {
        const PositionTable::Span& span = found->second;
        if (of_key || !exact) return {source, begin + span.key_begin, begin + span.key_end};
        return {source, begin + span.value_begin, begin + span.value_end};
      }
      if (at.empty()) break;
      exact = false;
      Path steps = ParsePath(at);
      if (steps.empty()) {
        at.clear();
      } else {
        steps.pop_back();
        at = FormatPath(steps);
      }
    }
  }
  return {source, begin, begin};
}

std::string Document::Annotation(std::string_view key) const {
  const auto found = annotations.find(key);
  return found == annotations.end() ? "" : found->second;
}

}  // namespace tandem
