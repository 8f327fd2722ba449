// The bodies of requests. Internal to wire: Serialize has checked the types of all values before.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/aws/wire/xml.h"
#include "tandem/base/status.h"
#include "tandem/model/value.h"
#include "tandem/schema/api_model.h"

namespace tandem::aws {

/// Names and values, unescaped, in order.
using FormFields = std::vector<std::pair<std::string, std::string>>;

enum class FormStyle { kQuery, kEc2 };

/// Appends the fields of `value` under `prefix` ("" at the top).
Status AppendFormFields(const ShapeRef& shape, const Value& value, FormStyle style,
                        const std::string& prefix, FormFields& out);
/// "a=b&c=" with both sides escaped.
std::string FormText(const FormFields& fields);

Status AppendJsonBody(const ShapeRef& shape, const Value& value, std::string& out);

/// Appends `value` as element `name` to `parent`; more than one for a flattened list or map.
Status AppendXmlBody(const ShapeRef& shape, const Value& value, std::string_view name,
                     XmlElement& parent);

/// The text of a scalar of that shape in a form, an element, a header or a URI; times are written in
/// the shape's own format, else in `format`. Blobs in base64; JSON values as text, base64 in headers.
Result<std::string> ScalarField(const ShapeRef& shape, const Value& value, TimestampFormat format);

}  // namespace tandem::aws
