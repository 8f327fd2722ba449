// One connection to one address, in clear or under TLS.
//
// Used by one thread at a time. Every wait has the Patience it is given. After a failure the
// connection is of no more use.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/address.h"
#include "http/patience.h"
#include "http/tls.h"

namespace tandem::http {

class Connection {
 public:
  /// Connects to `address` before `until`. kUnavailable if nobody answers there.
  static Result<std::unique_ptr<Connection>> Open(const IpAddress& address, SteadyTime until,
                                                  const Patience& patience);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Agrees on TLS with a server that proves to be `name`. kFailedPrecondition if it cannot.
  Status StartTls(SSL_CTX* context, const std::string& name, const Patience& patience);

  /// All of `bytes`. What the kernel took of them counts in `written()` even on failure.
  Status Write(std::string_view bytes, const Patience& patience);
  /// At least one byte, or 0 at the end of the stream. Under TLS, an end without its notice is
  /// kUnavailable: somebody may have cut the stream.
  Result<size_t> Read(char* buffer, size_t size, const Patience& patience);

  /// Bytes on the network since the last `ResetWritten`, TLS records included.
  uint64_t written() const { return written_; }
  void ResetWritten() { written_ = 0; }

  /// Whether the peer still holds the connection open and has sent nothing unasked. Does not wait.
  bool IsQuiet();

 private:
  explicit Connection(int fd) : fd_(fd) {}

  Status SendRaw(std::string_view bytes, const Patience& patience);
  Result<size_t> ReceiveRaw(char* buffer, size_t size, const Patience& patience);
  /// Sends what TLS has made of our bytes.
  Status Flush(const Patience& patience);
  /// Feeds TLS with what arrives. False at the end of the stream.
  Result<bool> Fill(const Patience& patience);
  Status TlsFailure(std::string_view what);

  int fd_;
  Ssl ssl_;
  uint64_t written_ = 0;
};

}  // namespace tandem::http
