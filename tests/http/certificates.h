// Certificates made on the spot.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace penstock::testing {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

/// A key and its certificate.
struct Identity {
  std::unique_ptr<EVP_PKEY, FreeKey> key;
  std::unique_ptr<X509, FreeCertificate> certificate;
};

/// An authority that signs itself.
Identity MakeAuthority();
/// A server's certificate: `names` as in a subjectAltName ("DNS:localhost,IP:127.0.0.1"), valid
/// from an hour ago until `seconds_left` from now; signed by `authority`, or by itself when null.
Identity MakeServer(const std::string& names, long seconds_left, const Identity* authority);
/// Writes the certificate in PEM form.
void WritePem(const Identity& identity, const std::string& path);

}  // namespace penstock::testing
