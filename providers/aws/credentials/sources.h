// The places that hold credentials without asking another for them, each tried once.
//
// kNotFound means that a place is not set up here, and says what is missing; every other failure
// means that it is set up, and did not work.
#pragma once

#include <stop_token>
#include <string>

#include "providers/aws/credentials/credentials.h"
#include "providers/aws/credentials/environment.h"
#include "providers/aws/credentials/profiles.h"
#include "providers/aws/credentials/sts.h"
#include "tandem/base/clock.h"
#include "tandem/http/client.h"

namespace tandem::aws {

/// What is outside. The pointers are not null and outlive whoever has the ports.
struct CredentialPorts {
  Environment environment;
  HttpClient* http = nullptr;
  const Clock* clock = nullptr;
  StsCaller sts;
  std::string region;  // of the account; "": the environment's or the profile's
};

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
Result<Credentials> FromEnvironment(const CredentialPorts& ports);

/// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI (ECS tasks, EKS pod identities). Without TLS
/// a full URI may only lie on this machine or at the agents' link-local addresses.
Result<Credentials> FromContainer(const CredentialPorts& ports, std::stop_token stop);

/// The role of the EC2 instance, through its metadata service (a session token first; without one
/// only where the service does not know tokens and AWS_EC2_METADATA_V1_DISABLED does not forbid
/// it). `profile` may name the endpoint.
Result<Credentials> FromInstance(const CredentialPorts& ports, const Profiles& profiles,
                                 const std::string& profile, std::stop_token stop);

/// The output of a profile's credential_process.
Result<Credentials> FromProcess(const CredentialPorts& ports, const std::string& command,
                                std::stop_token stop);

/// The keys that a profile's section holds itself; kNotFound without an access key.
Result<Credentials> FromSection(const Section& section);

/// {"AccessKeyId", "SecretAccessKey", `token_name`, "Expiration"}: the form of every source that
/// speaks JSON. kUnavailable, without a word of the text, if it is anything else.
Result<Credentials> ReadCredentialJson(const std::string& text, std::string_view token_name);

}  // namespace tandem::aws
