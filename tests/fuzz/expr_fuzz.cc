// Any bytes as an expression and as a scalar with `${…}`: parse, evaluate twice, list what it refers to.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "tandem/base/check.h"
#include "tandem/expr/evaluate.h"

namespace {

using tandem::Value;

class FuzzScope final : public tandem::Scope {
 public:
  std::optional<Value> Name(std::string_view name) const override {
    if (name == "x") return Value(7);
    if (name == "d") return Value(0.5);
    if (name == "nan") return Value(std::numeric_limits<double>::quiet_NaN());
    if (name == "s") return Value("text");
    if (name == "l") return Value(tandem::List{1, 2.0, "s", Value(), true});
    if (name == "m") return Value(tandem::Map{{"a", 1}, {"b", tandem::List{1, 2}}});
    if (name == "u") return Value(tandem::Unknown{tandem::Type::kAny, "u"});
    return std::nullopt;
  }
  tandem::Result<Value> Ref(const std::string& address, const tandem::Path& path) const override {
    if (address.size() > 8) return Value(tandem::Unknown{tandem::Type::kString, address});
    if (path.size() > 3) return tandem::NotFound("no such field");
    return Value(tandem::Map{{"a", address}});
  }
  tandem::Result<Value> Secret(const std::string& uri) const override {
    return Value(tandem::Sensitive{{{true, uri}}, "", ""});
  }
};

/// The second evaluation says what the first said; errors lie in the text.
template <typename Text>
void Check(const Text& parsed, size_t size) {
  const FuzzScope scope;
  const auto value = tandem::Evaluate(parsed, scope);
  const auto again = tandem::Evaluate(parsed, scope);
  TANDEM_CHECK(value.ok() == again.ok());
  if (!value.ok()) {
    TANDEM_CHECK(value.error() == again.error());
    TANDEM_CHECK(value.error().offset <= size && !value.error().message.empty());
  } else {
    TANDEM_CHECK(value->type() == again->type());
  }
  const auto references = tandem::References(parsed, scope);
  if (references.ok() && !parsed.uses_ref()) TANDEM_CHECK(references->empty());
  if (references.ok())
    for (const tandem::Reference& reference : *references) TANDEM_CHECK(reference.offset < size);
  const auto secrets = tandem::Secrets(parsed, scope);
  if (secrets.ok() && parsed.uses_secret()) TANDEM_CHECK(!secrets->empty());
}

void CheckError(const tandem::ExprError& error, size_t size) {
  TANDEM_CHECK(error.offset <= size && !error.message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 8 << 10) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const tandem::Functions functions : {tandem::Functions::kKnown, tandem::Functions::kCel}) {
    const auto expression = tandem::Expression::Parse(text, functions);
    if (expression.ok()) {
      Check(*expression, size);
    } else {
      CheckError(expression.error(), size);
    }
  }
  const auto scalar = tandem::Template::Parse(text);
  if (!scalar.ok()) {
    CheckError(scalar.error(), size);
    return 0;
  }
  Check(*scalar, size);
  const auto value = tandem::Evaluate(*scalar, FuzzScope());
  if (value.ok() && !scalar->is_single()) TANDEM_CHECK(value->type() == tandem::Type::kString);
  if (!tandem::Template::Concerns(text)) TANDEM_CHECK(value.ok() && *value == Value(text));
  return 0;
}
