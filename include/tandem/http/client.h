// HTTP/1.1 for providers: one request, one answer, nothing behind the caller's back.
//
// A client never follows a redirect and never repeats a request whose bytes may have left: a
// failure says whether they have (`sent`), which is the difference between "not done" and "perhaps
// done" (R10). Connections are kept and reused per origin. Every name is resolved once per
// connection, and the very address that was checked is the one connected to.
//
// Thread-safe. Send blocks its caller; any number of threads may send at once.
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/status.h"
#include "tandem/http/url.h"

namespace tandem {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// The first header of that name, letter case ignored, or null pointer.
const std::string* FindHeader(const HttpHeaders& headers, std::string_view name);

/// Which addresses a host name may stand for. Each includes the one before.
enum class HttpReach {
  kPublic,
  kPrivate,  // and private networks: RFC 1918, shared address space, unique local
  kAny,      // and this machine, link-local and metadata addresses: for endpoints a user configured
};

struct HttpRequest {
  std::string method = "GET";
  HttpUrl url;
  /// Sent as given; on the wire sorted by name, equal names in this order. Added where missing:
  /// Host, User-Agent, Accept, "Accept-Encoding: identity", Content-Length; and Content-Type
  /// "text/plain" where there is a body. Never added: Expect. Connection and Transfer-Encoding are
  /// refused.
  HttpHeaders headers;
  std::string body;
  HttpReach reach = HttpReach::kPrivate;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;  // as received
  std::string body;     // unchunked, not decompressed

  const std::string* Header(std::string_view name) const { return FindHeader(headers, name); }
  std::string HeaderOr(std::string_view name, std::string_view otherwise) const;
};

struct HttpFailure {
  /// kInvalidArgument: the request cannot be written; kPermissionDenied: the address is out of
  /// reach; kFailedPrecondition: the server's certificate is not trusted; kDeadlineExceeded;
  /// kCancelled; kUnavailable: no connection, or it broke; kResourceExhausted: the answer is too
  /// large; kUnknown: the answer is no HTTP. Never holds a header, a body or a query.
  Status status;
  /// False only if no byte of the request reached the network.
  bool sent = false;
};

class HttpOutcome {
 public:
  HttpOutcome(HttpResponse response) : state_(std::move(response)) {}  // NOLINT: implicit by design
  HttpOutcome(HttpFailure failure) : state_(std::move(failure)) {}     // NOLINT: implicit by design

  /// True for every answer, whatever its status.
  bool ok() const { return std::holds_alternative<HttpResponse>(state_); }
  const HttpResponse& response() const { return std::get<HttpResponse>(state_); }
  HttpResponse& response() { return std::get<HttpResponse>(state_); }
  const HttpFailure& failure() const { return std::get<HttpFailure>(state_); }

 private:
  std::variant<HttpResponse, HttpFailure> state_;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  /// Returns within `timeout` (name look-up, connecting, sending and reading together), and soon
  /// after `stop` is requested.
  virtual HttpOutcome Send(const HttpRequest& request, Duration timeout,
                           std::stop_token stop = {}) = 0;
};

struct HttpClientOptions {
  std::string user_agent = "tandem";
  /// Of one address of a host; the rest of the time-out goes to the next address.
  Duration connect_timeout = std::chrono::seconds(10);
  size_t max_response_bytes = 64 * 1024 * 1024;
  /// Requests under way at once; a further one waits for its turn within its own time-out.
  int max_in_flight = 64;
  int max_idle_connections = 16;
  Duration max_idle_time = std::chrono::seconds(20);

  // Whom to trust: the system's authorities, unless a file or a text of PEM certificates replaces
  // them.
  std::string ca_file;
  std::string ca_pem;
  /// For test servers and the like: any certificate will do.
  bool skip_verification = false;
  /// The name asked for and expected in the certificate, where it is not the URL's host.
  std::string server_name;
  // PEM of a client certificate (its chain after it) and its key.
  std::string client_certificate_pem;
  std::string client_key_pem;
};

/// kInvalidArgument if a certificate or key cannot be read. Destroying the client waits for calls
/// to Send to return, and for name look-ups under way.
Result<std::unique_ptr<HttpClient>> NewHttpClient(HttpClientOptions options = {});

}  // namespace tandem
