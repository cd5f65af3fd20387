#include "host/oauth/assertion.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "core/value/json.h"
#include "core/value/text.h"

namespace penstock::oauth {
namespace {

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Signer = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

constexpr char kWhatToDo[] =
    "It must be an RSA private key as PEM text, with its BEGIN and END lines and without a pass "
    "phrase.";

Error Bad(const std::string& what) { return UsageError("PS-OAUTH-KEY", what, kWhatToDo); }

// Nobody is there to be asked for a pass phrase.
int NoPassPhrase(char*, int, int, void*) { return -1; }

// Environments that hold one line only have line breaks written as \n.
std::string WithLineBreaks(std::string_view pem) {
  std::string text;
  for (size_t i = 0; i < pem.size(); ++i) {
    const bool written = pem[i] == '\\' && i + 1 < pem.size() && pem[i + 1] == 'n';
    text += written ? '\n' : pem[i];
    if (written) ++i;
  }
  return text;
}

Result<Key> ReadKey(std::string_view private_key) {
  const std::string pem = WithLineBreaks(private_key);
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassPhrase, nullptr) : nullptr);
  if (!key) {
    if (pem.find("ENCRYPTED") != std::string::npos) {
      return Bad("The private key is protected by a pass phrase.");
    }
    if (pem.find("PUBLIC KEY") != std::string::npos || pem.find("CERTIFICATE") != std::string::npos)
      return Bad("The private key is a public key or a certificate.");
    return Bad("The private key cannot be read.");
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return Bad("The private key is no RSA key.");
  }
  return key;
}

std::string Base64Url(std::string_view bytes) {
  std::string text;
  AppendBase64(bytes, &text);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::string ClaimsText(const Claims& claims) {
  std::string json = R"({"iss":)";
  AppendJsonString(claims.issuer, &json);
  AppendJsonString(claims.subject, &json.append(R"(,"sub":)"));
  AppendJsonString(claims.audience, &json.append(R"(,"aud":)"));
  return json + R"(,"exp":)" + std::to_string(claims.expires_unix_s) + "}";
}

}  // namespace

Status CheckKey(std::string_view private_key) { return ReadKey(private_key).status(); }

Result<std::string> SignedAssertion(const Claims& claims, std::string_view private_key) {
  PENSTOCK_ASSIGN_OR_RETURN(const Key key, ReadKey(private_key));
  const std::string text =
      Base64Url(R"({"alg":"RS256","typ":"JWT"})") + "." + Base64Url(ClaimsText(claims));
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const Signer signer(EVP_MD_CTX_new());
  size_t size = 0;
  std::string signature;
  bool good = signer &&
              EVP_DigestSignInit(signer.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
              EVP_DigestSign(signer.get(), nullptr, &size, bytes, text.size()) == 1;
  if (good) {
    signature.resize(size);
    good = EVP_DigestSign(signer.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                          bytes, text.size()) == 1;
  }
  if (!good) return Bad("Nothing can be signed with the private key.");
  signature.resize(size);
  return text + "." + Base64Url(signature);
}

}  // namespace penstock::oauth
