#include "tandem/expr/scope.h"

#include <fmt/format.h>

namespace tandem {

std::optional<Value> NamedValues::Name(std::string_view name) const {
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

Result<Value> NamedValues::Ref(const std::string& address, const Path&) const {
  return InvalidArgument(fmt::format("ref('{}') cannot be used here", address));
}

Result<Value> NamedValues::Secret(const std::string&) const {
  return InvalidArgument("secret() cannot be used here");
}

}  // namespace tandem
