// What a failed call means (R10): the kind file's table first, then what all services share.
//
// Pure.
#pragma once

#include "providers/aws/kinds/session.h"
#include "tandem/provider/provider.h"
#include "tandem/schema/kind.h"

namespace tandem::aws {

/// "not-done", "throttled", …; kUnspecified for another word.
ErrorClass ParseErrorClass(std::string_view word);

/// `kind` may be null (no table). The message names the operation; what the service wrote is in it
/// unless the error is about signatures, whose explanation repeats the whole request.
CallError Classify(const Kind* kind, const CallFailure& failure, bool mutating);

/// Every text at a secret path of `form`, taken out of the error's message.
void HideSecrets(const Kind& kind, const Value& form, CallError& error);

}  // namespace tandem::aws
