// The requests of create calls, and of update calls that carry fields (docs/kind-files.md).
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "providers/aws/kinds/variables.h"
#include "tandem/base/status.h"
#include "tandem/schema/kind.h"

namespace tandem::aws {

struct PreparedCall {
  const ApiOperation* operation = nullptr;
  Value params;
};

/// kInvalidArgument: the API has no operation of that name.
Result<const ApiOperation*> OperationOf(const ApiModel& api, const Value& call);

/// The template of `call` filled, and nothing else.
Result<PreparedCall> FillCall(const ApiModel& api, const Value& call, const Variables& variables);

/// Every member of desired that create carries, laid over the template. `tags` (null for none) is
/// the whole value of the tags' field, the mark included.
Result<PreparedCall> CreateCall(const Kind& kind, const ApiModel& api, const Variables& variables,
                                const Value& tags);

/// Of the fields form. `changed` are the paths that the call carries; no value when all that there
/// is to say is already so ("released").
Result<std::optional<PreparedCall>> FieldsCall(const Kind& kind, const ApiModel& api,
                                               const Value& form, const Variables& variables,
                                               const std::vector<std::string>& changed);

}  // namespace tandem::aws
