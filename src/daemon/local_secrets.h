// Secrets from the daemon's environment and from files on its machine.
#pragma once

#include <memory>

#include "tandem/engine/executor.h"
#include "tandem/secrets/secrets.h"

namespace tandem {

/// `env:NAME`, and `file:/path` (the whole file, one final line break taken off) or `file:/path#key` (a
/// string member of a JSON object, "a.b" for nested ones, or a KEY=VALUE line). Reads run on `executor`.
std::unique_ptr<SecretSource> NewLocalSecretSource(Executor* executor);

/// The 32-byte key under which secrets are digested, made with mode 0600 when it is not there.
/// kPermissionDenied if others may read it.
Result<std::string> LoadSecretKey(const std::string& path);

}  // namespace tandem
