// A call of an operation → the HTTP request that makes it, in the five protocols of AWS.
//
// Pure: no clock, no randomness, no connection. What the request must be signed with, and the request's
// own time, are added by sign/sigv4.h.
#pragma once

#include <string>
#include <string_view>

#include "providers/aws/wire/message.h"
#include "tandem/base/status.h"
#include "tandem/model/value.h"
#include "tandem/schema/api_model.h"

namespace tandem::aws {

struct SerializeOptions {
  /// "https://ec2.us-east-1.amazonaws.com" or "http://127.0.0.1:5000/base"; "" leaves the host empty.
  std::string endpoint;
  /// Fills every idempotency token of the input that `params` leaves out; "" leaves them out.
  std::string idempotency_token;
  /// Put the operation's host prefix before the endpoint's host. Off for emulators at an address.
  bool host_prefix = true;
};

/// kInvalidArgument, naming the path, if `params` holds an unknown member, a value of the wrong type,
/// or lacks what the URI or the host needs; unknown and unresolved sensitive values are refused too.
/// Required members, enums and limits are ValidateParams' business (schema/api_params.h).
Result<WireRequest> Serialize(const ApiModel& model, const ApiOperation& operation,
                              const Value& params, const SerializeOptions& options = {});

/// Where the service answers in `region`: "https://" and its host name. kFailedPrecondition if the
/// description does not say.
Result<std::string> DefaultEndpoint(const ApiModel& model, std::string_view region);

}  // namespace tandem::aws
