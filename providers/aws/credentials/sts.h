// Roles assumed through the token service (STS).
//
// The port is a function, so that where credentials come from is tested without signatures.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "providers/aws/credentials/credentials.h"
#include "tandem/base/clock.h"
#include "tandem/http/client.h"

namespace tandem::aws {

struct StsCall {
  std::string action;  // "AssumeRole" or "AssumeRoleWithWebIdentity"
  std::string region;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::optional<Credentials> signer;  // none: the call is not signed
};

/// The role's credentials. kPermissionDenied or kUnauthenticated: the service refused;
/// kUnavailable: it did not answer. `origin` is left to the caller.
using StsCaller = std::function<Result<Credentials>(const StsCall& call, std::stop_token stop)>;

struct StsOptions {
  /// Of the account's `endpoints.sts` or `endpoint`; "" is the region's own.
  std::string endpoint;
  Duration timeout = std::chrono::seconds(20);
};

/// `http` and `clock` must outlive the caller.
StsCaller NewStsCaller(HttpClient& http, const Clock& clock, StsOptions options = {});

/// "https://sts.REGION.amazonaws.com" or what it is in the region's partition; the global endpoint
/// if `region` is empty.
std::string StsEndpoint(const std::string& region);

}  // namespace tandem::aws
