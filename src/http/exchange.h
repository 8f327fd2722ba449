// One request and its answer on a connection that is already open. cpp-httplib does the framing;
// the connection, its deadline and what has been sent are ours.
#pragma once

#include "http/connection.h"

namespace tandem::http {

struct Exchanged {
  Status status;          // as HttpFailure says, or ok
  HttpResponse response;  // if ok
  /// The connection stands at the end of the answer and may carry the next request.
  bool reusable = false;
};

/// Header names and tokens, letter case ignored.
bool SameName(std::string_view a, std::string_view b);

/// kInvalidArgument if the request could not be written as it is given.
Status CheckRequest(const HttpRequest& request);

Exchanged Exchange(Connection& connection, const HttpRequest& request, std::string_view user_agent,
                   size_t max_response_bytes, const Patience& patience);

/// Status line and headers from `head`, the bytes before a body, interim answers (100) included.
/// False if there are none.
bool ParseHead(std::string_view head, bool* http11, HttpHeaders* headers);

}  // namespace tandem::http
