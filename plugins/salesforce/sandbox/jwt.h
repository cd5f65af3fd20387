// Signed assertions (JWT, RS256): OpenSSL does the arithmetic.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

typedef struct evp_pkey_st EVP_PKEY;

namespace penstock::sandbox::salesforce {

// A public key. Thread-safe.
class JwtKey {
 public:
  // Reads a PEM certificate or public key. nullptr with a sentence in `error`.
  static std::unique_ptr<JwtKey> Read(const std::string& file, std::string* error);
  // Makes FOLDER/jwt.key (private, mode 0600) and FOLDER/jwt.pub unless they are there, and reads
  // the latter.
  static std::unique_ptr<JwtKey> InFolder(const std::string& folder, std::string* error);
  ~JwtKey();
  JwtKey(const JwtKey&) = delete;
  JwtKey& operator=(const JwtKey&) = delete;

  // The claims' JSON of a token that this key signed with RS256; nullopt if it is none.
  std::optional<std::string> Open(std::string_view token) const;

 private:
  explicit JwtKey(EVP_PKEY* key) : key_(key) {}
  bool Signed(std::string_view text, std::string_view signature) const;

  EVP_PKEY* key_;
};

// Decodes base64url without padding; nullopt if it is none.
std::optional<std::string> FromBase64Url(std::string_view text);

}  // namespace penstock::sandbox::salesforce
