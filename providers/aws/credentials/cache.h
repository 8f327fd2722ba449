// Credentials that are fetched once, shared, and renewed before they expire.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "providers/aws/credentials/chain.h"
#include "providers/aws/credentials/credentials.h"
#include "tandem/base/clock.h"

namespace tandem::aws {

using CredentialFetch = std::function<Result<Credentials>(std::stop_token stop)>;

/// From 15 minutes before their end (or in the last quarter of their life, if that is later) one
/// caller renews them while the others go on with the old ones, and a failure to renew is no
/// failure yet: it is tried again a minute later. In the last ten seconds, and without any, every
/// caller waits for the one that fetches and gets its failure. `clock` must outlive the provider.
std::unique_ptr<CredentialProvider> NewCachedProvider(CredentialFetch fetch, const Clock& clock);

/// A cached provider over FetchCredentials.
std::unique_ptr<CredentialProvider> NewCredentialProvider(CredentialSettings settings,
                                                          CredentialPorts ports);

}  // namespace tandem::aws
