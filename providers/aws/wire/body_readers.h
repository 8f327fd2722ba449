// From decoded bodies to values by shape. Internal to wire.
#pragma once

#include <string_view>
#include <vector>

#include "providers/aws/wire/message.h"
#include "providers/aws/wire/xml.h"
#include "tandem/base/status.h"
#include "tandem/model/value.h"
#include "tandem/schema/api_model.h"

namespace tandem::aws {

/// kInvalidArgument, naming the member, where the JSON contradicts the shape.
Result<Value> ReadJson(const ShapeRef& shape, const Value& json);

/// `elements` is one element; for a flattened list or map all of its name. Members that travel outside
/// the body are skipped.
Result<Value> ReadXml(const ShapeRef& shape, const std::vector<const XmlElement*>& elements);

/// The value of a scalar (or of a list, separated by commas, in a header) from its text.
Result<Value> ReadText(const ShapeRef& shape, std::string_view text);

/// Adds the members of a structure that travel in the status line and the headers.
Status ReadHeaders(const ApiShape& shape, const WireResponse& response, Map& out);

}  // namespace tandem::aws
