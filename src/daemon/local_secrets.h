// Secrets from the daemon's environment and from files on its machine.
#pragma once

#include <memory>

#include "tandem/engine/executor.h"
#include "tandem/secrets/secrets.h"

namespace tandem {

/// `env:NAME`, and `file:/path` (the whole file, one final line break taken off) or `file:/path#key` (a
/// string member of a JSON object, "a.b" for nested ones, or a KEY=VALUE line). Reads run on `executor`.
std::unique_ptr<SecretSource> NewLocalSecretSource(Executor* executor);

/// The 32-byte key under which secrets are digested. When it is not there it is made, with mode 0600, if it `may_be_new`:
/// where digests are stored another key would make each secret a changed one, so that is kFailedPrecondition.
/// kPermissionDenied if others may read it.
Result<std::string> LoadSecretKey(const std::string& path, bool may_be_new);

}  // namespace tandem
