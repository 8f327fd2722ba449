// tandem.api.v1 over gRPC: a unix socket (0600 in a 0700 folder, or one in which nobody else can exchange
// it), and TCP only with TLS.
//
// The actor of a call is the unix peer's uid ("uid:1000", read when the connection is accepted) or the
// subject of the client's certificate ("cn:alice"). Serves health and reflection as well, both without
// a role. Completions come from the engine's thread; streams are bounded, and a slow watcher is ended
// with RESOURCE_EXHAUSTED and resumes by sequence.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "tandem/auth/principal.h"
#include "tandem/base/status.h"
#include "tandem/engine/engine.h"
#include "tandem/schema/kind.h"

namespace tandem {

struct ApiTls {
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;  // "" asks for no certificate: callers have no name, and are viewers at most
};

struct ApiOptions {
  Engine* engine = nullptr;
  const Catalog* catalog = nullptr;
  RoleMap roles{"uid:0"};
  std::string version;
  std::string socket_path;    // "" for none; at most 107 bytes
  std::string tcp_address;    // "host:port", or "" for none
  ApiTls tls;                 // required with tcp_address
  ParallelFor parallel;       // for Validate
  size_t watchers = 1000;     // at once; more are refused with kResourceExhausted
  size_t watch_buffer = 4096; // changes that one watcher may fall behind
};

class ApiServer {
 public:
  virtual ~ApiServer() = default;
  /// The port that was bound, when tcp_address ended in ":0".
  virtual int tcp_port() const = 0;
  /// Health says NOT_SERVING from now on, and requests that would start something are refused.
  virtual void Drain() = 0;
  /// Ends streams, waits for calls until `deadline`, then cancels them. Removes the socket.
  virtual void Stop(std::chrono::milliseconds deadline) = 0;
};

/// Whether it could listen as `options` say: of TLS and its files, as StartApiServer; starts nothing.
Status CheckListening(const ApiOptions& options);

/// kInvalidArgument without TLS on TCP; kAlreadyExists when another process answers on the socket;
/// kPermissionDenied when others could put theirs in its place.
Result<std::unique_ptr<ApiServer>> StartApiServer(ApiOptions options);

}  // namespace tandem
