#include "tandem/model/address.h"

#include <fmt/format.h>

#include <vector>

namespace tandem {

std::string Address::ToString() const {
  std::string text = group + "/" + kind + "/";
  if (!ns.empty()) text += ns + "/";
  text += name;
  if (!account.empty()) text += "@" + account;
  return text;
}

Result<Address> Address::Parse(std::string_view text) {
  Address address;
  std::string_view rest = text;
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos &&
                                         rest.find('/', at) == std::string_view::npos) {
    address.account = rest.substr(at + 1);
    if (address.account.empty())
      return InvalidArgument(fmt::format("'{}' names no account after '@'", text));
    rest = rest.substr(0, at);
  }
  std::vector<std::string_view> parts;
  while (true) {
    const size_t slash = rest.find('/');
    parts.push_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  for (const std::string_view part : parts)
    if (part.empty()) parts.clear();
  if (parts.size() != 3 && parts.size() != 4)
    return InvalidArgument(fmt::format(
        "'{}' is not an address; write group/Kind/[namespace/]name[@account]", text));
  address.group = parts[0];
  address.kind = parts[1];
  if (parts.size() == 4) address.ns = parts[2];
  address.name = parts.back();
  return address;
}

Result<ApiVersion> ParseApiVersion(std::string_view text) {
  const size_t slash = text.find('/');
  if (text.empty() || slash == 0 || slash + 1 == text.size() ||
      (slash != std::string_view::npos && text.find('/', slash + 1) != std::string_view::npos))
    return InvalidArgument(fmt::format("'{}' is not an apiVersion; write group/version", text));
  if (slash == std::string_view::npos) return ApiVersion{"core", std::string(text)};
  return ApiVersion{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

}  // namespace tandem
