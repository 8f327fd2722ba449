// What ref(address).field is worth while steps run, and whose account specs are known.
#pragma once

#include <string>

#include "engine/memory/memory.h"
#include "tandem/base/status.h"
#include "tandem/model/value.h"
#include "tandem/policy/policy.h"

namespace tandem {

/// From what settled and what was last seen. kUnavailable while the target is not there, not ready, or
/// lacks the field; the message says what is waited for.
Result<Value> LiveReference(const Memory& memory, const std::string& address, const Path& path);

/// What policies see of a resource: from the model where it has it, else from the record.
Subject SubjectOf(const ModelResource& resource);
Subject SubjectOf(const Record& record);

/// "a", "a.b" and "a[0]" all lie in member "a".
std::string LeadingMember(const std::string& path);

}  // namespace tandem
