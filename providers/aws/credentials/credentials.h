// What signs a request to AWS, and where an account says it comes from.
//
// Values. No message made here or below ever holds a secret key, a token, or the text of a file.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "tandem/base/clock.h"
#include "tandem/base/status.h"
#include "tandem/model/value.h"

namespace tandem::aws {

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string token;           // of temporary credentials, else ""
  std::optional<Time> expiry;  // none: until the user changes them
  std::string origin;          // for people: "profile prod", "role arn:… from environment"

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// `spec.credentials` of an Account.
struct CredentialSettings {
  enum class Source {
    kDefault,  // the vendor's chain
    kEnvironment,
    kProfile,
    kAssumeRole,  // role_arn, signed with the profile or else the chain
    kWebIdentity,
    kContainer,
    kInstance,
  };
  Source source = Source::kDefault;
  std::string profile;  // overrides AWS_PROFILE
  std::string role_arn;
  std::string external_id;
  std::string session_name;
  std::string token_file;
};

/// Null is the default. kInvalidArgument names the member that is unknown, malformed, missing, or
/// of no use to the source.
Result<CredentialSettings> ReadCredentialSettings(const Value& credentials);

/// Where requests get their credentials. Thread-safe.
class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;

  /// May block while they are fetched. kUnauthenticated: there are none, with what was tried and
  /// what to do; kPermissionDenied: a role may not be assumed; kUnavailable, kDeadlineExceeded:
  /// their source did not answer; kCancelled.
  virtual Result<Credentials> Get(std::stop_token stop = {}) = 0;

  /// The service refused these: the next Get fetches anew, unless somebody already has.
  virtual void Refuse(const Credentials& credentials) = 0;
};

}  // namespace tandem::aws
