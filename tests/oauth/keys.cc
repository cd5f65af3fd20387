#include "tests/oauth/keys.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "core/value/text.h"

namespace penstock::testing {
namespace {

EVP_PKEY* TheKey() {
  static const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048),
                                                                       EVP_PKEY_free);
  return key.get();
}

std::string FromBase64Url(std::string_view text) {
  std::string standard(text), bytes;
  for (char& c : standard) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (standard.size() % 4 != 0) standard += '=';
  return DecodeBase64(standard, &bytes) ? bytes : std::string();
}

}  // namespace

std::string KeyPem(KeyForm form) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  switch (form) {
    case KeyForm::kPkcs8:
      PEM_write_bio_PKCS8PrivateKey(bio.get(), TheKey(), nullptr, nullptr, 0, nullptr, nullptr);
      break;
    case KeyForm::kPkcs1:
      PEM_write_bio_PrivateKey_traditional(bio.get(), TheKey(), nullptr, nullptr, 0, nullptr,
                                           nullptr);
      break;
    case KeyForm::kEncrypted:
      PEM_write_bio_PKCS8PrivateKey(bio.get(), TheKey(), EVP_aes_256_cbc(), "pass", 4, nullptr,
                                    nullptr);
      break;
    case KeyForm::kPublic:
      PEM_write_bio_PUBKEY(bio.get(), TheKey());
      break;
    case KeyForm::kElliptic: {
      const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                    EVP_PKEY_free);
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
      break;
    }
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

bool Verifies(std::string_view jwt, std::string* payload) {
  const size_t first = jwt.find('.'), last = jwt.rfind('.');
  if (first == last) return false;
  if (FromBase64Url(jwt.substr(0, first)) != R"({"alg":"RS256","typ":"JWT"})") return false;
  *payload = FromBase64Url(jwt.substr(first + 1, last - first - 1));
  const std::string signature = FromBase64Url(jwt.substr(last + 1));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, TheKey()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(jwt.data()),
                          last) == 1;
}

}  // namespace penstock::testing
