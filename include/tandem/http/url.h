// Where a request goes: an origin (scheme, host, port) and a target (path and query).
//
// Values. A target is kept byte for byte: signatures are made over it, so nothing here, and nothing
// in the client, escapes, unescapes or normalises it.
#pragma once

#include <string>
#include <string_view>

#include "tandem/base/status.h"

namespace tandem {

struct HttpOrigin {
  bool tls = true;
  std::string host;  // a name or a numeric address in lower case; IPv6 without brackets
  int port = 443;

  /// "host" or "host:port": the port only where it is not the scheme's own.
  std::string Authority() const;
  /// "https://host:port", the port only where it is not the scheme's own.
  std::string ToString() const;

  friend auto operator<=>(const HttpOrigin&, const HttpOrigin&) = default;
};

struct HttpUrl {
  HttpOrigin origin;
  std::string target = "/";

  std::string ToString() const { return origin.ToString() + target; }
  friend bool operator==(const HttpUrl&, const HttpUrl&) = default;
};

/// "http://host[:port][/path][?query]". kInvalidArgument, without repeating the text (it may hold a
/// secret), on other schemes, user names, fragments, spaces, control and non-ASCII characters.
Result<HttpUrl> ParseHttpUrl(std::string_view text);

}  // namespace tandem
