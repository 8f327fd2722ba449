#include "http/connection.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tandem::http {
namespace {

std::string ErrorText(int error) {
  char buffer[128];
  return strerror_r(error, buffer, sizeof buffer);  // GNU: returns the text
}

Status Broken(std::string_view what, int error) {
  return Unavailable(fmt::format("{}: {}", what, ErrorText(error)));
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::Open(const IpAddress& address, SteadyTime until,
                                                     const Patience& patience) {
  int fd = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Broken("cannot make a socket", errno);
  std::unique_ptr<Connection> connection(new Connection(fd));
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  auto* target = reinterpret_cast<const sockaddr*>(&address.socket);
  if (connect(fd, target, address.length) == 0) return connection;
  if (errno != EINPROGRESS && errno != EINTR) {
    return Broken("cannot connect to " + address.ToString(), errno);
  }
  if (Status waited = patience.Await(fd, POLLOUT, until); !waited.ok()) {
    // The address's own share of the time is no reason to give up on the next address.
    if (waited.code() == Code::kDeadlineExceeded && patience.Check().ok()) {
      return Unavailable(fmt::format("{} does not answer", address.ToString()));
    }
    return waited.Annotate("connecting to " + address.ToString());
  }
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) return Broken("cannot connect to " + address.ToString(), error);
  return connection;
}

Connection::~Connection() {
  if (ssl_ && SSL_is_init_finished(ssl_.get())) {
    // A notice of the end, if it fits; nobody waits for the peer's.
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    char* pending = nullptr;
    long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &pending);
    if (size > 0) {
      [[maybe_unused]] ssize_t sent =
          send(fd_, pending, static_cast<size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    ERR_clear_error();
  }
  close(fd_);
}

Status Connection::SendRaw(std::string_view bytes, const Patience& patience) {
  while (!bytes.empty()) {
    ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
      written_ += static_cast<uint64_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return Broken("the connection broke", errno);
    TANDEM_RETURN_IF_ERROR(patience.Await(fd_, POLLOUT));
  }
  return OkStatus();
}

Result<size_t> Connection::ReceiveRaw(char* buffer, size_t size, const Patience& patience) {
  while (true) {
    // A peer that never pauses must not outlive the deadline.
    TANDEM_RETURN_IF_ERROR(patience.Check());
    ssize_t count = recv(fd_, buffer, size, 0);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return Broken("the connection broke", errno);
    TANDEM_RETURN_IF_ERROR(patience.Await(fd_, POLLIN));
  }
}

Status Connection::Flush(const Patience& patience) {
  char buffer[16 * 1024];
  while (true) {
    int count = BIO_read(SSL_get_wbio(ssl_.get()), buffer, sizeof buffer);
    if (count <= 0) return OkStatus();
    TANDEM_RETURN_IF_ERROR(SendRaw({buffer, static_cast<size_t>(count)}, patience));
  }
}

Result<bool> Connection::Fill(const Patience& patience) {
  char buffer[16 * 1024];
  TANDEM_ASSIGN_OR_RETURN(size_t count, ReceiveRaw(buffer, sizeof buffer, patience));
  if (count == 0) return false;
  if (BIO_write(SSL_get_rbio(ssl_.get()), buffer, static_cast<int>(count)) !=
      static_cast<int>(count)) {
    return Status(Code::kResourceExhausted, "no memory for TLS");
  }
  return true;
}

Status Connection::TlsFailure(std::string_view what) {
  std::string reason = TakeSslError();
  return Unavailable(fmt::format("{}: {}", what, reason.empty() ? "TLS failed" : reason));
}

Status Connection::StartTls(SSL_CTX* context, const std::string& name, const Patience& patience) {
  TANDEM_ASSIGN_OR_RETURN(ssl_, NewSsl(context, name));
  while (true) {
    ERR_clear_error();
    int done = SSL_connect(ssl_.get());
    int reason = SSL_get_error(ssl_.get(), done);
    // An alert that says why goes out even when the handshake failed.
    Status flushed = Flush(patience);
    if (done == 1) return flushed;
    if (long verdict = SSL_get_verify_result(ssl_.get());
        reason == SSL_ERROR_SSL && verdict != X509_V_OK &&
        SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE) {
      TakeSslError();
      return Status(Code::kFailedPrecondition,
                    fmt::format("the certificate that {} shows is not trusted: {}", name,
                                X509_verify_cert_error_string(verdict)));
    }
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
      return TlsFailure("cannot agree on TLS with " + name);
    }
    if (!flushed.ok()) return flushed.Annotate("agreeing on TLS");
    Result<bool> more = Fill(patience);
    if (!more.ok()) return more.status().Annotate("agreeing on TLS");
    if (!*more) return Unavailable(name + " hung up while agreeing on TLS");
  }
}

Status Connection::Write(std::string_view bytes, const Patience& patience) {
  TANDEM_RETURN_IF_ERROR(patience.Check());
  if (!ssl_) return SendRaw(bytes, patience);
  while (!bytes.empty()) {
    ERR_clear_error();
    size_t taken = 0;
    int done = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &taken);
    int reason = SSL_get_error(ssl_.get(), done);
    TANDEM_RETURN_IF_ERROR(Flush(patience));
    if (done == 1) {
      bytes.remove_prefix(taken);
      continue;
    }
    if (reason != SSL_ERROR_WANT_READ) return TlsFailure("cannot write");
    TANDEM_ASSIGN_OR_RETURN(bool more, Fill(patience));
    if (!more) return Unavailable("the server hung up");
  }
  return OkStatus();
}

Result<size_t> Connection::Read(char* buffer, size_t size, const Patience& patience) {
  if (!ssl_) return ReceiveRaw(buffer, size, patience);
  while (true) {
    ERR_clear_error();
    size_t count = 0;
    int done = SSL_read_ex(ssl_.get(), buffer, size, &count);
    int reason = SSL_get_error(ssl_.get(), done);
    TANDEM_RETURN_IF_ERROR(Flush(patience));  // an answer to a key update
    if (done == 1) return count;
    if (reason == SSL_ERROR_ZERO_RETURN) return size_t{0};
    if (reason != SSL_ERROR_WANT_READ) return TlsFailure("cannot read");
    TANDEM_ASSIGN_OR_RETURN(bool more, Fill(patience));
    if (!more) return Unavailable("the server hung up without ending TLS");
  }
}

bool Connection::IsQuiet() {
  char buffer[16 * 1024];
  if (!ssl_) {
    ssize_t count = recv(fd_, buffer, 1, MSG_PEEK | MSG_DONTWAIT);
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }
  // Session tickets come late and are no answer: TLS takes them in, and must want more after that.
  while (true) {
    ssize_t count = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (count <= 0) return false;
    if (BIO_write(SSL_get_rbio(ssl_.get()), buffer, static_cast<int>(count)) != count) return false;
  }
  ERR_clear_error();
  size_t peeked = 0;
  int done = SSL_peek_ex(ssl_.get(), buffer, 1, &peeked);
  bool quiet = done != 1 && SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ;
  ERR_clear_error();
  return quiet;
}

}  // namespace tandem::http
