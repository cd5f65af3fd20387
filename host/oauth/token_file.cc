#include "host/oauth/token_file.h"

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <rapidjson/document.h>

#include <memory>
#include <string_view>

#include "core/value/json.h"

namespace penstock::oauth {
namespace {

constexpr std::string_view kMagic = "penstock token 1\n";  // signed with the rest
constexpr size_t kKeySize = 32, kNonceSize = 12, kTagSize = 16, kNameSize = 16;
constexpr uint64_t kMostBytes = 1 << 20;

using Bytes = unsigned char;
Bytes* In(std::string* text) { return reinterpret_cast<Bytes*>(text->data()); }
const Bytes* In(std::string_view text) { return reinterpret_cast<const Bytes*>(text.data()); }

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

struct FreeDerivation {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};

Error NoEncryption() {
  return MakeError("PS-OAUTH-CACHE", "A token could not be encrypted.",
                   "The machine's OpenSSL or its source of randomness does not work.");
}

// HKDF with SHA-256; empty when it fails.
std::string Derived(std::string_view secret, std::string_view salt, std::string_view purpose,
                    size_t size) {
  const std::unique_ptr<EVP_PKEY_CTX, FreeDerivation> context(
      EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr));
  std::string out(size, '\0');
  EVP_PKEY_CTX* c = context.get();
  const bool good =
      c != nullptr && EVP_PKEY_derive_init(c) == 1 &&
      EVP_PKEY_CTX_set_hkdf_md(c, EVP_sha256()) == 1 &&
      EVP_PKEY_CTX_set1_hkdf_salt(c, In(salt), static_cast<int>(salt.size())) == 1 &&
      EVP_PKEY_CTX_set1_hkdf_key(c, In(secret), static_cast<int>(secret.size())) == 1 &&
      EVP_PKEY_CTX_add1_hkdf_info(c, In(purpose), static_cast<int>(purpose.size())) == 1 &&
      EVP_PKEY_derive(c, In(&out), &size) == 1;
  return good ? out : std::string();
}

void AppendSized(std::string* out, std::string_view text) {
  out->append(std::to_string(text.size())).append(":").append(text);
}

// All that a token is bound to, told apart from any other.
std::string Binding(const Account& account) {
  std::string text;
  for (const std::string* part :
       {&account.grant, &account.client_id, &account.client_secret, &account.private_key,
        &account.user, &account.refresh_token, &account.scope, &account.audience,
        &account.token_host, &account.token_path}) {
    AppendSized(&text, *part);
  }
  return text;
}

std::string Plain(const Token& token) {
  std::string json = R"({"access_token":)";
  AppendJsonString(token.access_token, &json);
  AppendJsonString(token.refresh_token, &json.append(R"(,"refresh_token":)"));
  AppendJsonString(token.base_url, &json.append(R"(,"base_url":)"));
  json.append(R"(,"renew_at_us":)").append(std::to_string(token.renew_at_us));
  return json + R"(,"expires_at_us":)" + std::to_string(token.expires_at_us) + "}";
}

std::optional<Token> FromPlain(const std::string& text) {
  rapidjson::Document json;
  json.Parse(text.data(), text.size());
  if (json.HasParseError() || !json.IsObject()) return std::nullopt;
  Token token;
  for (const auto& [name, into] :
       {std::pair{"access_token", &token.access_token},
        std::pair{"refresh_token", &token.refresh_token}, std::pair{"base_url", &token.base_url}}) {
    const auto found = json.FindMember(name);
    if (found == json.MemberEnd() || !found->value.IsString()) return std::nullopt;
    into->assign(found->value.GetString(), found->value.GetStringLength());
  }
  for (const auto& [name, into] : {std::pair{"renew_at_us", &token.renew_at_us},
                                   std::pair{"expires_at_us", &token.expires_at_us}}) {
    const auto found = json.FindMember(name);
    if (found == json.MemberEnd() || !found->value.IsInt64()) return std::nullopt;
    *into = found->value.GetInt64();
  }
  return token;
}

}  // namespace

Result<TokenFile> TokenFile::Open(const std::string& directory, const std::string& project_secret,
                                  const Account& account) {
  static constexpr char kHex[] = "0123456789abcdef";
  const std::string binding = Binding(account);
  std::string key = Derived(project_secret, binding, "penstock oauth token", kKeySize);
  const std::string id = Derived(project_secret, binding, "penstock oauth token name", kNameSize);
  if (key.empty() || id.empty()) return NoEncryption();
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(directory));
  std::string path = directory + "/";
  for (const char c : id) {
    path += kHex[static_cast<Bytes>(c) >> 4];
    path += kHex[static_cast<Bytes>(c) & 15];
  }
  return TokenFile(path + ".token", std::move(key));
}

std::optional<Token> TokenFile::Read() const {
  if (!file::Exists(path_)) return std::nullopt;
  const auto read = file::ReadAll(path_, kMostBytes);
  if (!read.ok()) return std::nullopt;
  std::string_view rest = *read;
  if (!rest.starts_with(kMagic)) return std::nullopt;
  rest.remove_prefix(kMagic.size());
  if (rest.size() < kNonceSize + kTagSize) return std::nullopt;
  const std::string_view nonce = rest.substr(0, kNonceSize);
  std::string tag(rest.substr(rest.size() - kTagSize));
  const std::string_view sealed = rest.substr(kNonceSize, rest.size() - kNonceSize - kTagSize);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string plain(sealed.size(), '\0');
  int n = 0;
  const bool good =
      cipher &&
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, In(key_), In(nonce)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &n, In(kMagic), static_cast<int>(kMagic.size())) ==
          1 &&
      EVP_DecryptUpdate(cipher.get(), In(&plain), &n, In(sealed),
                        static_cast<int>(sealed.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), In(&plain) + plain.size(), &n) == 1;
  if (!good) return std::nullopt;
  return FromPlain(plain);
}

Status TokenFile::Write(const Token& token) const {
  const std::string plain = Plain(token);
  std::string nonce(kNonceSize, '\0'), sealed(plain.size(), '\0'), tag(kTagSize, '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int n = 0;
  const bool good =
      cipher && RAND_bytes(In(&nonce), kNonceSize) == 1 &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, In(key_), In(&nonce)) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &n, In(kMagic), static_cast<int>(kMagic.size())) ==
          1 &&
      EVP_EncryptUpdate(cipher.get(), In(&sealed), &n, In(plain), static_cast<int>(plain.size())) ==
          1 &&
      EVP_EncryptFinal_ex(cipher.get(), In(&sealed) + sealed.size(), &n) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, tag.data()) == 1;
  if (!good) return NoEncryption();
  return file::WriteAll(path_, std::string(kMagic) + nonce + sealed + tag);
}

Result<file::Lock> TokenFile::OpenLock() const { return file::Lock::Open(path_ + ".lock"); }

}  // namespace penstock::oauth
