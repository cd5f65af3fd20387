#include "plugins/salesforce/sandbox/jwt.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "plugins/salesforce/sandbox/json.h"

namespace penstock::sandbox::salesforce {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

EVP_PKEY* KeyOf(std::FILE* file) {
  if (EVP_PKEY* key = PEM_read_PUBKEY(file, nullptr, nullptr, nullptr)) return key;
  std::rewind(file);
  X509* certificate = PEM_read_X509(file, nullptr, nullptr, nullptr);
  if (certificate == nullptr) return nullptr;
  EVP_PKEY* key = X509_get_pubkey(certificate);
  X509_free(certificate);
  return key;
}

int Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  return c == '_' ? 63 : -1;
}

bool WritePair(const std::string& folder, EVP_PKEY* key) {
  const int descriptor =
      open((folder + "/jwt.key").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const File secret(descriptor < 0 ? nullptr : fdopen(descriptor, "w"));
  const File open_part(std::fopen((folder + "/jwt.pub").c_str(), "w"));
  return secret && open_part &&
         PEM_write_PrivateKey(secret.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
         PEM_write_PUBKEY(open_part.get(), key) == 1;
}

}  // namespace

std::optional<std::string> FromBase64Url(std::string_view text) {
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (char c : text) {
    const int digit = Digit(c);
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<unsigned>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xFF);
  }
  return out;
}

JwtKey::~JwtKey() { EVP_PKEY_free(key_); }

std::unique_ptr<JwtKey> JwtKey::Read(const std::string& file, std::string* error) {
  const File in(std::fopen(file.c_str(), "r"));
  EVP_PKEY* key = in ? KeyOf(in.get()) : nullptr;
  if (key != nullptr && EVP_PKEY_base_id(key) == EVP_PKEY_RSA) {
    return std::unique_ptr<JwtKey>(new JwtKey(key));
  }
  EVP_PKEY_free(key);
  *error = "The file " + file + " is no PEM certificate or public key of RSA.";
  return nullptr;
}

std::unique_ptr<JwtKey> JwtKey::InFolder(const std::string& folder, std::string* error) {
  const std::string file = folder + "/jwt.pub";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (!std::filesystem::exists(file, failed)) {
    EVP_PKEY* key = EVP_RSA_gen(2048);
    const bool written = key != nullptr && WritePair(folder, key);
    EVP_PKEY_free(key);
    if (!written) {
      *error = "The keys " + folder + "/jwt.key and jwt.pub cannot be written.";
      return nullptr;
    }
  }
  return Read(file, error);
}

bool JwtKey::Signed(std::string_view text, std::string_view signature) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool good =
      EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key_) == 1 &&
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                       text.size()) == 1;
  EVP_MD_CTX_free(context);
  return good;
}

std::optional<std::string> JwtKey::Open(std::string_view token) const {
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? first : token.find('.', first + 1);
  if (second == token.npos) return std::nullopt;
  const auto header = FromBase64Url(token.substr(0, first));
  const auto signature = FromBase64Url(token.substr(second + 1));
  if (!header || !signature) return std::nullopt;
  Json json;
  std::string error;
  if (!ParseJson(*header, &json, &error)) return std::nullopt;
  const std::string* algorithm = json.FindText("alg");
  if (algorithm == nullptr || *algorithm != "RS256") return std::nullopt;
  if (!Signed(token.substr(0, second), *signature)) return std::nullopt;
  return FromBase64Url(token.substr(first + 1, second - first - 1));
}

}  // namespace penstock::sandbox::salesforce
