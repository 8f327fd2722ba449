#include "http/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "http/address.h"

namespace tandem::http {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeX509 {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Certificate = std::unique_ptr<X509, FreeX509>;
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

Bio MemoryOf(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Status Failed(std::string_view what) {
  return InvalidArgument(fmt::format("{}: {}", what, TakeSslError()));
}

Status TrustPem(SSL_CTX* context, const std::string& pem) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  Bio bio = MemoryOf(pem);
  int count = 0;
  while (Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) {
      return Failed("cannot use a certificate of the authorities given");
    }
    ++count;
  }
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  if (count == 0) return InvalidArgument("the authorities given hold no PEM certificate");
  return OkStatus();
}

Status TrustAuthorities(SSL_CTX* context, const HttpClientOptions& options) {
  if (options.ca_file.empty() && options.ca_pem.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) {
      return Failed("cannot read the system's certificate authorities");
    }
    return OkStatus();
  }
  if (!options.ca_file.empty() && SSL_CTX_load_verify_file(context, options.ca_file.c_str()) != 1) {
    return Failed(fmt::format("cannot read certificate authorities from {}", options.ca_file));
  }
  if (!options.ca_pem.empty()) return TrustPem(context, options.ca_pem);
  return OkStatus();
}

// A key with a pass phrase is refused rather than asked for on the terminal.
int NoPassword(char*, int, int, void*) { return 0; }

Status UseClientCertificate(SSL_CTX* context, const HttpClientOptions& options) {
  if (options.client_certificate_pem.empty() && options.client_key_pem.empty()) return OkStatus();
  Bio bio = MemoryOf(options.client_certificate_pem);
  Certificate leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return Failed("cannot read the client certificate");
  }
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    if (SSL_CTX_add_extra_chain_cert(context, next) != 1) {  // takes `next` on success
      X509_free(next);
      return Failed("cannot use the client certificate's chain");
    }
  }
  ERR_clear_error();
  Bio key_bio = MemoryOf(options.client_key_pem);
  Key key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassword, nullptr));
  if (!key) return Failed("cannot read the client certificate's key");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return Failed("the client certificate and its key do not belong together");
  }
  return OkStatus();
}

}  // namespace

std::string TakeSslError() {
  unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("error {}", code);
}

Result<SslContext> NewSslContext(const HttpClientOptions& options) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return Internal("OpenSSL has no TLS client: " + TakeSslError());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(context.get(), kHttp11, sizeof kHttp11);
  if (!options.skip_verification) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    TANDEM_RETURN_IF_ERROR(TrustAuthorities(context.get(), options));
  }
  TANDEM_RETURN_IF_ERROR(UseClientCertificate(context.get(), options));
  return context;
}

Result<Ssl> NewSsl(SSL_CTX* context, const std::string& name) {
  ERR_clear_error();
  Ssl ssl(SSL_new(context));
  if (!ssl) return Internal("cannot start TLS: " + TakeSslError());
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  if (in == nullptr || out == nullptr) {
    BIO_free(in);
    BIO_free(out);
    return Internal("cannot start TLS: " + TakeSslError());
  }
  BIO_set_mem_eof_return(in, -1);  // empty is "not yet", never the end
  BIO_set_mem_eof_return(out, -1);
  SSL_set_bio(ssl.get(), in, out);
  SSL_set_connect_state(ssl.get());
  bool numeric = ParseIpAddress(name, 443).has_value();
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl.get());
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  bool set = numeric ? X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1
                     : X509_VERIFY_PARAM_set1_host(expected, name.c_str(), 0) == 1 &&
                           SSL_set_tlsext_host_name(ssl.get(), name.c_str()) == 1;
  if (!set) return InvalidArgument(fmt::format("{} cannot be the name of a TLS server", name));
  return ssl;
}

}  // namespace tandem::http
