// An HTTP answer of an AWS service → what the operation returned, or the error that it says.
//
// Pure. Whatever bytes come, there is an answer: one that is not what the protocol promises is an error
// with `understood` false, and whether a mutating call was done is then not known (R10).
#pragma once

#include <optional>
#include <string>

#include "providers/aws/wire/message.h"
#include "tandem/model/value.h"
#include "tandem/schema/api_model.h"

namespace tandem::aws {

struct WireError {
  int status = 0;
  std::string code;  // as kind files name it: "InvalidSubnetID.NotFound"; "" if there was none to read
  std::string message;
  /// False for a body that is not of the protocol: a proxy's HTML page, a torn answer, an empty 500.
  bool understood = true;
  /// What the modelled error carries besides; null when the description does not model the code.
  Value members;
};

struct WireAnswer {
  /// Members of the output that were there. Times are seconds since 1970, int or with a fraction
  /// double; blobs their bytes as text, or {"$base64": TEXT}; floats that no number holds are the texts
  /// "NaN", "Infinity", "-Infinity". A union whose member the description does not know is
  /// {"SDK_UNKNOWN_MEMBER": {"name": NAME}}. A map when there is no error.
  Value result;
  std::optional<WireError> error;
  std::string request_id;  // for people who talk to the vendor; may be empty

  bool ok() const { return !error.has_value(); }
};

/// `operation` is of `model`.
WireAnswer Parse(const ApiModel& model, const ApiOperation& operation,
                 const WireResponse& response);

}  // namespace tandem::aws
