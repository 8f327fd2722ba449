// A request and an answer of an AWS service as they cross the wire, without a connection.
//
// Values. Bodies are bytes. Header names compare without regard to case.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tandem::aws {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The first header of that name, or null pointer.
const std::string* FindHeader(const Headers& headers, std::string_view name);

struct WireRequest {
  std::string method;
  std::string uri;  // the raw request target: path and query, escaped
  Headers headers;  // without Host
  std::string body;
  std::string host;  // of the endpoint, port and host prefix included
};

struct WireResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

}  // namespace tandem::aws
