// AWS Signature Version 4: proves who sent a request, in its headers.
//
// Pure: the time is given. Secrets stay in the arguments; nothing is kept or logged.
#pragma once

#include <string>
#include <string_view>

#include "providers/aws/wire/message.h"
#include "tandem/base/clock.h"

namespace tandem::aws {

struct SigningKeys {
  std::string access_key;
  std::string secret_key;
  std::string token;  // of temporary credentials, else ""
};

struct SigningScope {
  std::string region;   // "us-east-1"
  std::string service;  // the signing name: "ec2"
  Time time;
};

struct SigningRules {
  /// Sign the session token's header too; a few services want it added after signing.
  bool sign_token = true;
  /// Escape each path segment once more, and remove dot segments: everywhere but in S3.
  bool normalize_path = true;
};

struct Signature {
  std::string canonical_request;
  std::string string_to_sign;
  std::string authorization;  // the header's value
};

/// The signature of the request as it stands, after adding X-Amz-Date and X-Amz-Security-Token to it
/// where they are missing (and Host, which the transport adds again, only to what is signed).
/// Every header the request has is signed.
Signature ComputeSignature(WireRequest& request, const SigningKeys& keys, const SigningScope& scope,
                           const SigningRules& rules = {});

/// ComputeSignature, and the Authorization header added. Signing again replaces what was added.
void Sign(WireRequest& request, const SigningKeys& keys, const SigningScope& scope,
          const SigningRules& rules = {});

}  // namespace tandem::aws
