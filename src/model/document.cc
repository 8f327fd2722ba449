#include "tandem/model/document.h"

namespace tandem {

uint32_t PositionTable::Append(uint32_t parent, const Span& span) {
  const auto at = static_cast<uint32_t>(nodes_.size());
  nodes_.emplace_back().span = span;
  Node& above = nodes_[parent];
  if (above.first_child == 0) {
    above.first_child = at;
  } else {
    nodes_[above.last_child].next = at;
  }
  above.last_child = at;
  return at;
}

uint32_t PositionTable::AddMember(uint32_t parent, std::string_view key, const Span& span) {
  const uint32_t at = Append(parent, span);
  nodes_[at].key_at = static_cast<uint32_t>(keys_.size());
  nodes_[at].key_size = static_cast<uint32_t>(key.size());
  keys_ += key;
  return at;
}

uint32_t PositionTable::AddItem(uint32_t parent, const Span& span) { return Append(parent, span); }

uint32_t PositionTable::Member(uint32_t parent, std::string_view key) const {
  for (uint32_t at = nodes_[parent].first_child; at != 0; at = nodes_[at].next)
    if (std::string_view(keys_).substr(nodes_[at].key_at, nodes_[at].key_size) == key) return at;
  return 0;
}

uint32_t PositionTable::Child(uint32_t parent, const PathStep& step) const {
  if (step.index < 0) return Member(parent, step.key);
  uint32_t at = nodes_[parent].first_child;
  for (int64_t i = 0; i < step.index && at != 0; ++i) at = nodes_[at].next;
  return at;
}

const PositionTable::Span* PositionTable::FindMember(uint32_t parent, std::string_view key) const {
  const uint32_t at = Member(parent, key);
  return at == 0 ? nullptr : &nodes_[at].span;
}

const PositionTable::Span& PositionTable::Nearest(std::string_view path, bool* exact) const {
  const Path steps = ParsePath(path);
  *exact = path.empty() || !steps.empty();
  uint32_t at = kRoot;
  for (const PathStep& step : steps) {
    const uint32_t child = Child(at, step);
    if (child == 0) {
      *exact = false;
      break;
    }
    at = child;
  }
  return nodes_[at].span;
}

const PositionTable::Span* PositionTable::Find(std::string_view path) const {
  bool exact = false;
  const Span& span = Nearest(path, &exact);
  return exact ? &span : nullptr;
}

void PositionTable::ShrinkToFit() {
  nodes_.shrink_to_fit();
  keys_.shrink_to_fit();
}

SourceRange Document::RangeOf(std::string_view path, bool of_key) const {
  if (source == nullptr) return {};
  bool exact = true;
  PositionTable::Span span;
  if (positions != nullptr) span = positions->Nearest(path, &exact);
  else if (rest == nullptr) return {source, begin, begin};
  else span = path.empty() ? rest->root : PositionTable::Span(rest->Places(*this).Nearest(path, &exact));
  if (of_key || !exact) return {source, begin + span.key_begin, begin + span.key_end};
  return {source, begin + span.value_begin, begin + span.value_end};
}

Value Document::Spec() const {
  if (rest != nullptr) return rest->Spec();
  const Value* spec = body.Find("spec");
  return spec == nullptr ? Value() : *spec;
}

std::string Document::Annotation(std::string_view key) const {
  const auto found = annotations.find(key);
  return found == annotations.end() ? "" : found->second;
}

}  // namespace tandem
