// The URI of `secret('…')` (R15): `env:NAME`, or `file:/absolute/path` with an optional `#key` into a
// JSON or KEY=VALUE file.
#pragma once

#include <string>
#include <string_view>

#include "tandem/base/status.h"

namespace tandem {

struct SecretUri {
  std::string scheme;  // env | file
  std::string rest;    // NAME or /absolute/path
  std::string key;     // after '#', or ""
};

/// kInvalidArgument on a malformed URI, and on a scheme that this build does not serve, naming the
/// account kind that will.
Result<SecretUri> ParseSecretUri(std::string_view text);

/// Whether `text` says where a secret is, be it with a scheme that this build does not serve.
bool IsSecretUri(std::string_view text);

}  // namespace tandem
