// From an account's settings to credentials, along the vendor's default chain where they say so.
#pragma once

#include <stop_token>

#include "providers/aws/credentials/credentials.h"
#include "providers/aws/credentials/sources.h"

namespace tandem::aws {

/// One walk, without memory: files and variables are read anew. The default chain is, in the
/// vendor's order: environment, the profile's role, web identity, the profile's keys or process,
/// container, instance. A place that is not set up is passed over; one that is and fails ends the
/// walk, because whoever set it up meant it. Failures are those of CredentialProvider::Get.
Result<Credentials> FetchCredentials(const CredentialSettings& settings,
                                     const CredentialPorts& ports, std::stop_token stop = {});

}  // namespace tandem::aws
