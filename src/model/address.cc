#include "tandem/model/address.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace tandem {

Address::Address(std::string_view group, std::string_view kind, std::string_view ns,
                 std::string_view name, std::string_view account) {
  Parts parts;
  std::string text;
  text.reserve(group.size() + kind.size() + ns.size() + name.size() + account.size() + 4);
  text.append(group).append("/");
  parts.kind = static_cast<uint32_t>(text.size());
  text.append(kind).append("/");
  parts.ns = static_cast<uint32_t>(text.size());
  if (!ns.empty()) text.append(ns).append("/");
  parts.name = static_cast<uint32_t>(text.size());
  text.append(name);
  if (!account.empty()) text.append("@");
  parts.account = static_cast<uint32_t>(text.size());
  text.append(account);
  parts.text = text;
  parts_ = CopyOnWrite(std::move(parts));
}

Result<Address> Address::Parse(std::string_view text) {
  std::string_view account;
  std::string_view rest = text;
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos &&
                                         rest.find('/', at) == std::string_view::npos) {
    account = rest.substr(at + 1);
    if (account.empty())
      return InvalidArgument(fmt::format("'{}' names no account after '@'", text));
    rest = rest.substr(0, at);
  }
  std::array<std::string_view, 4> parts;
  size_t count = 0;
  bool whole = true;
  for (bool more = true; more && count <= parts.size();) {
    const size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    whole &= !part.empty() && count < parts.size();
    if (count < parts.size()) parts[count] = part;
    ++count;
    more = slash != std::string_view::npos;
    if (more) rest.remove_prefix(slash + 1);
  }
  if (!whole || count < 3)
    return InvalidArgument(fmt::format(
        "'{}' is not an address; write group/Kind/[namespace/]name[@account]", text));
  return Address(parts[0], parts[1], count == 4 ? parts[2] : "", parts[count - 1], account);
}

Result<ApiVersion> ParseApiVersion(std::string_view text) {
  const size_t slash = text.find('/');
  if (text.empty() || slash == 0 || slash + 1 == text.size() ||
      (slash != std::string_view::npos && text.find('/', slash + 1) != std::string_view::npos))
    return InvalidArgument(fmt::format("'{}' is not an apiVersion; write group/version", text));
  if (slash == std::string_view::npos) return ApiVersion{"core", std::string(text)};
  return ApiVersion{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

std::string NamePartProblem(std::string_view text) {
  constexpr size_t kMost = 253;  // as Kubernetes has it
  for (const char c : text) {
    if (c == '/' || c == '@') return fmt::format("has '{}' in it", c);
    if (c == ' ') return "has a space in it";
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return "has a control character in it";
  }
  return text.size() <= kMost ? "" : fmt::format("is {} bytes long, and {} are possible", text.size(), kMost);
}

}  // namespace tandem
