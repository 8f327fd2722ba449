// A certificate authority made for one test: its certificate as PEM, and servers that it vouches
// for.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string>

#include "tandem/base/check.h"

namespace tandem::testing {

class TestAuthority {
 public:
  TestAuthority() : key_(EVP_EC_gen("P-256")) {
    static int count = 0;
    std::string name = "made-up test authority " + std::to_string(++count);
    certificate_ = Make(name, key_, key_, nullptr, "CA:TRUE", "", 3600);
  }
  ~TestAuthority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  TestAuthority(const TestAuthority&) = delete;

  std::string Pem() const { return PemOf(certificate_); }

  struct Identity {
    std::string certificate_pem;
    std::string key_pem;
  };

  /// `names` as OpenSSL's subjectAltName: "DNS:localhost,IP:127.0.0.1". Negative `seconds`:
  /// expired.
  Identity Issue(const std::string& names, long seconds = 3600) const {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate =
        Make("made-up test server", key, key_, certificate_, "CA:FALSE", names, seconds);
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    Identity identity{PemOf(certificate), Text(bio)};
    X509_free(certificate);
    EVP_PKEY_free(key);
    return identity;
  }

  /// For LocalServer; freed by the caller. With `ask`, clients must show a certificate of ours.
  SSL_CTX* ServerContext(const std::string& names, long seconds = 3600, bool ask = false) const {
    Identity identity = Issue(names, seconds);
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    BIO* bio = BIO_new_mem_buf(identity.certificate_pem.data(), -1);
    X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    bio = BIO_new_mem_buf(identity.key_pem.data(), -1);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    TANDEM_CHECK(SSL_CTX_use_certificate(context, certificate) == 1);
    TANDEM_CHECK(SSL_CTX_use_PrivateKey(context, key) == 1);
    if (ask) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate_);
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
  }

 private:
  static std::string Text(BIO* bio) {
    char* data = nullptr;
    long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<size_t>(size));
    BIO_free(bio);
    return text;
  }

  static std::string PemOf(X509* certificate) {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    return Text(bio);
  }

  static void Extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    TANDEM_CHECK(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  static X509* Make(const std::string& name, EVP_PKEY* key, EVP_PKEY* signer, X509* issuer,
                    const std::string& constraint, const std::string& names, long seconds) {
    static long serial = 1;
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate), seconds);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    if (issuer == nullptr) issuer = certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    Extend(certificate, issuer, NID_basic_constraints, "critical," + constraint);
    if (!names.empty()) Extend(certificate, issuer, NID_subject_alt_name, names);
    TANDEM_CHECK(X509_sign(certificate, signer, EVP_sha256()) > 0);
    return certificate;
  }

  EVP_PKEY* key_;
  X509* certificate_;
};

}  // namespace tandem::testing
