// Numeric addresses, and how far away they are.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "tandem/http/client.h"

namespace tandem::http {

struct IpAddress {
  sockaddr_storage socket = {};
  socklen_t length = 0;

  int family() const { return socket.ss_family; }
  /// Without port: "10.0.0.1", "fd00::1".
  std::string ToString() const;
};

/// Of a numeric text; nothing for a name.
std::optional<IpAddress> ParseIpAddress(const std::string& text, int port);

/// The least reach that includes the address. An IPv4 address inside an IPv6 one (mapped,
/// translated, 6to4) counts as itself.
HttpReach ReachOf(const IpAddress& address);

/// kPermissionDenied if one of `addresses` is beyond `reach`: a name that stands for an allowed and
/// a forbidden address is an attack or a mistake, and neither is worth a connection.
Status CheckReach(const std::string& host, const std::vector<IpAddress>& addresses,
                  HttpReach reach);

}  // namespace tandem::http
