// An AWS account that is open: its region, its endpoints, its credentials, and calls made with them.
//
// A call is sent once, whatever comes back, except that one whose credentials were refused is signed
// anew when there are others by now. Thread-safe; Call blocks its caller.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "providers/aws/credentials/credentials.h"
#include "providers/aws/credentials/environment.h"
#include "providers/aws/wire/parse.h"
#include "tandem/base/clock.h"
#include "tandem/http/client.h"
#include "tandem/schema/api_model.h"

namespace tandem::aws {

/// `spec` of an Account with provider aws.
struct AccountSettings {
  std::string account_id;  // "" is not verified
  std::string region;
  std::string endpoint;                          // for every service, or ""
  std::map<std::string, std::string> endpoints;  // by service: "ec2"
  CredentialSettings credentials;
};

/// kInvalidArgument names the member that is missing or malformed.
Result<AccountSettings> ReadAccountSettings(const Value& spec);

/// Where a call ended, when not with the operation's result.
struct CallFailure {
  enum class Stage {
    kRefused,   // the request cannot be written: nothing was sent, and nothing will be
    kSignIn,    // there are no credentials
    kNotSent,   // no byte left
    kLost,      // bytes left, and no whole answer came back
    kAnswered,  // `error` is what the service said
  };
  Stage stage = Stage::kRefused;
  std::string operation;
  Status status;    // of every stage but kAnswered
  WireError error;  // of kAnswered
  Duration retry_after{0};
};

struct CallOutcome {
  Value result;
  std::optional<CallFailure> failure;
  bool ok() const { return !failure.has_value(); }
};

/// The service says that it does not accept these credentials (any more).
bool IsSignInCode(std::string_view code);

struct SessionPorts {
  HttpClient* http = nullptr;
  const Clock* clock = nullptr;
  Environment environment;
};

class Session {
 public:
  /// The pointers in `ports` outlive the session.
  Session(AccountSettings settings, const SessionPorts& ports);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const AccountSettings& settings() const { return settings_; }
  const std::string& account_id() const { return account_id_; }
  /// Before the session is shared.
  void set_account_id(std::string id) { account_id_ = std::move(id); }
  const Clock& clock() const { return *ports_.clock; }

  /// `service` names the description; `token` fills idempotency tokens that `params` lacks. An
  /// answer that refuses the credentials makes this and the next calls fetch new ones, once (R10).
  CallOutcome Call(const std::string& service, const ApiModel& api, const ApiOperation& operation,
                   const Value& params, const std::string& token, Duration timeout);

 private:
  std::string EndpointOf(const std::string& service) const;
  /// `refused` are the credentials that the service did not accept, if it said so.
  CallOutcome CallOnce(const std::string& service, const ApiModel& api,
                       const ApiOperation& operation, const Value& params,
                       const std::string& token, Duration timeout,
                       std::optional<Credentials>& refused);

  const AccountSettings settings_;
  const SessionPorts ports_;
  std::string account_id_;
  std::unique_ptr<CredentialProvider> credentials_;
};

}  // namespace tandem::aws
