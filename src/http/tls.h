// Whom a client trusts and how it proves itself: OpenSSL's context, built once.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "tandem/http/client.h"

namespace tandem::http {

struct FreeSslContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeSslContext>;

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Ssl = std::unique_ptr<SSL, FreeSsl>;

/// TLS 1.2 and up, the options' authorities and client certificate. kInvalidArgument if one cannot
/// be read; the message holds no key.
Result<SslContext> NewSslContext(const HttpClientOptions& options);

/// A session that will accept only a certificate for `name` (a host name or a numeric address),
/// unless the context verifies nothing. It reads and writes memory (SSL_get_rbio, SSL_get_wbio).
Result<Ssl> NewSsl(SSL_CTX* context, const std::string& name);

/// What OpenSSL has to say of the last failure in this thread, and clears it; "" if nothing.
std::string TakeSslError();

}  // namespace tandem::http
