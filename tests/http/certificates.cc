#include "tests/http/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>

namespace penstock::testing {
namespace {

void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Identity Make(const std::string& common_name, long seconds_left, const Identity* authority,
              bool is_authority, const std::string& names) {
  static long serial = 1;
  Identity made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), seconds_left);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509* issuer = authority != nullptr ? authority->certificate.get() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  if (is_authority) AddExtension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
  if (!names.empty()) AddExtension(certificate, issuer, NID_subject_alt_name, names.c_str());
  X509_sign(certificate, authority != nullptr ? authority->key.get() : made.key.get(),
            EVP_sha256());
  return made;
}

}  // namespace

Identity MakeAuthority() { return Make("Penstock test authority", 86400, nullptr, true, ""); }

Identity MakeServer(const std::string& names, long seconds_left, const Identity* authority) {
  return Make("Penstock test server", seconds_left, authority, false, names);
}

void WritePem(const Identity& identity, const std::string& path) {
  FILE* file = std::fopen(path.c_str(), "w");
  PEM_write_X509(file, identity.certificate.get());
  std::fclose(file);
}

}  // namespace penstock::testing
