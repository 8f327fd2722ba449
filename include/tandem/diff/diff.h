// Desired × recorded × observed → what would change on one resource, and why (R4).
//
// Pure. The three forms are in the kind's own members. Sensitive values compare by digest and version.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tandem/base/interned.h"
#include "tandem/model/value.h"
#include "tandem/schema/kind.h"

namespace tandem {

/// Why a path changes.
enum class ChangeReason { kModel, kDrift, kUnset, kKind, kReference };
std::string_view ChangeReasonName(ChangeReason reason);  // "model" "drift" …

/// What a field policy says of a path (FORMATS.md, Policy).
enum class FieldPolicy { kEnforce, kObserve, kIgnore, kInitialOnly };

struct FieldChange {
  Interned path;  // FormatPath text
  Value before;
  Value after;
  bool unknown = false;    // `after` holds an unknown
  bool sensitive = false;  // neither side is ever shown
  bool replaces = false;
  ChangeReason reason = ChangeReason::kModel;
  BlastClass blast = BlastClass::kDisruptive;
  Interned unset;  // for paths given up: "released", "null", …
};

struct DiffInput {
  const Kind* kind = nullptr;
  const Value* desired = nullptr;   // null pointer: the document is gone
  const Value* recorded = nullptr;  // null pointer: never applied
  const Value* observed = nullptr;  // null pointer: not there
  bool kind_changed = false;        // the kind file's digest differs from the record's
  /// Policy of a path; may be empty (everything enforced).
  std::function<FieldPolicy(const std::string& path)> policy;
};

struct ResourceDiff {
  std::vector<FieldChange> changes;    // sorted by path
  std::vector<FieldChange> observed_only;  // drift that policy only reports
  bool replaces() const;
  bool empty() const { return changes.empty(); }
  BlastClass worst() const;  // kSafe when empty
};

ResourceDiff Compare(const DiffInput& input);

}  // namespace tandem
