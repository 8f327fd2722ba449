// What a secret is worth just before the call that needs it (R15).
//
// URIs are those of model/secret_uri.h. Nothing here caches: the plaintext lives as long as the
// call that asked. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/status.h"
#include "tandem/model/value.h"

namespace tandem {

struct SecretWorth {
  std::string plaintext;
  std::string version;  // what the source calls it, or ""
};

class SecretSource {
 public:
  virtual ~SecretSource() = default;
  /// kInvalidArgument: bad URI or a scheme nobody serves; kNotFound; kPermissionDenied; kUnavailable.
  virtual void Resolve(std::string uri, std::function<void(Result<SecretWorth>)> done) = 0;
};

/// `value` with every Sensitive replaced by its plaintext, found through `plaintext_of`.
Result<Value> RevealSecrets(const Value& value,
                            const std::function<Result<std::string>(const std::string&)>& plaintext_of);
/// The secret URIs in `value`, each once, sorted.
std::vector<std::string> SecretUris(const Value& value);
/// `value` with digests (HMAC under `key`) and versions of its Sensitive values filled in.
Result<Value> DigestSecrets(const Value& value, std::string_view key,
                            const std::function<Result<SecretWorth>(const std::string&)>& worth_of);

}  // namespace tandem
