#include "engine/memory/references.h"

#include <fmt/format.h>

namespace tandem {

Result<Value> LiveReference(const Memory& memory, const std::string& address, const Path& path) {
  const Resource* target = memory.Find(address);
  if (target == nullptr || (!target->record && !target->exists()))
    return Unavailable(fmt::format("waits for {} to exist", address));
  if (target->record && !target->record->settled.empty()) {
    std::optional<Value> named = target->record->settled.At(path);
    if (named && !named->HasUnknown() && !named->is_null()) return *std::move(named);
  }
  if (!target->exists()) return Unavailable(fmt::format("waits for {} to exist", address));
  if (target->seen->state == "busy")
    return Unavailable(fmt::format("waits for {} to be ready", address));
  const Packed& packed = target->live.empty() ? target->seen->fields : target->live;
  std::optional<Value> found;
  if (!packed.empty()) found = packed.At(path);
  if (!found || found->is_null())
    return Unavailable(fmt::format("waits for {}.{}", address, FormatPath(path)));
  return *std::move(found);
}

Subject SubjectOf(const ModelResource& resource) {
  Subject subject;
  subject.kind = resource.address.kind_name();
  subject.site = resource.site;
  subject.component = resource.component;
  if (resource.document) subject.labels = resource.document->labels;
  return subject;
}

Subject SubjectOf(const Record& record) {
  Subject subject;
  subject.kind = record.address.kind_name();
  subject.site = record.site;
  subject.component = record.component;
  return subject;
}

std::string LeadingMember(const std::string& path) {
  const Path parsed = ParsePath(path);
  return parsed.empty() ? path : parsed.front().key;
}

}  // namespace tandem
