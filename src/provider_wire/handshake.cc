#include "tandem/provider_wire/handshake.h"

#include <algorithm>
#include <charconv>

#include "provider_wire/text.h"
#include "tandem/codec/json.h"
#include "tandem/provider_wire/wire.h"

namespace tandem {
namespace {

bool ParseNumber(std::string_view text, int* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && *number >= 0;
}

}  // namespace

std::vector<std::string> PluginInvitation::ToEnvironment() const {
  return {"TANDEM_PLUGIN_SOCKET=" + socket,
          "TANDEM_PLUGIN_PROTOCOLS=" + std::to_string(lowest) + "-" + std::to_string(highest),
          "TANDEM_PLUGIN_PIPE=" + std::to_string(pipe),
          "TANDEM_PLUGIN_LOCK=" + std::to_string(lock)};
}

Result<PluginInvitation> PluginInvitation::Parse(const std::string& socket,
                                                 const std::string& protocols,
                                                 const std::string& pipe, const std::string& lock) {
  if (socket.empty()) {
    return FailedPrecondition("this is a provider: tandemd starts it, not a person");
  }
  PluginInvitation invitation;
  invitation.socket = socket;
  const size_t dash = protocols.find('-');
  if (dash == std::string::npos ||
      !ParseNumber(std::string_view(protocols).substr(0, dash), &invitation.lowest) ||
      !ParseNumber(std::string_view(protocols).substr(dash + 1), &invitation.highest)) {
    return FailedPrecondition("TANDEM_PLUGIN_PROTOCOLS is '" + protocols + "', not LOWEST-HIGHEST");
  }
  if (!ParseNumber(pipe, &invitation.pipe)) {
    return FailedPrecondition("TANDEM_PLUGIN_PIPE is '" + pipe + "', no descriptor");
  }
  if (!ParseNumber(lock, &invitation.lock)) {
    return FailedPrecondition("TANDEM_PLUGIN_LOCK is '" + lock + "', no descriptor");
  }
  return invitation;
}

std::string PluginGreeting::ToLine() const {
  return ToCanonicalJson(Map{{"protocol", protocol}, {"socket", socket}});
}

Result<PluginGreeting> PluginGreeting::FromLine(std::string_view line) {
  Result<Value> value = ParseJson(line);
  if (!value.ok() || !value->is_map())
    return DataLoss("the greeting is no JSON object but '" + CleanText(line, 80) +
                    "'; a provider prints nothing else on standard output");
  PluginGreeting greeting;
  const Value* protocol = value->Find("protocol");
  if (protocol == nullptr || !protocol->is_int() || protocol->as_int() < 1 ||
      protocol->as_int() > 1'000'000) {
    return DataLoss("the greeting has no protocol");
  }
  greeting.protocol = static_cast<int>(protocol->as_int());
  greeting.socket = value->StringOr("socket", "");
  if (greeting.socket.empty()) return DataLoss("the greeting has no socket");
  return greeting;
}

Result<int> ChooseProtocol(int lowest, int highest) {
  const int common = std::min(highest, kProtocolHighest);
  if (common < std::max(lowest, kProtocolLowest)) {
    return FailedPrecondition("the daemon speaks protocols " + std::to_string(lowest) + " to " +
                              std::to_string(highest) + ", this provider " +
                              std::to_string(kProtocolLowest) + " to " +
                              std::to_string(kProtocolHighest));
  }
  return common;
}

}  // namespace tandem
