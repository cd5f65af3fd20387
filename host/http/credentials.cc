#include "host/http/credentials.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <optional>

#include "core/value/text.h"

namespace penstock::http {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr size_t kLeastKeyBytes = 24, kMostKeyBytes = 64;
constexpr size_t kIdBytes = 16;
constexpr size_t kMostIdLength = 255;

// Kinder than DecodeBase64: also without padding, and where its last bits mean nothing, as in keys
// that were made up by hand.
std::optional<std::string> FromBase64(std::string text) {
  if (text.empty()) return std::nullopt;
  while (text.size() % 4 != 0) text += '=';
  const size_t last = text.find_last_not_of('=');
  const size_t padding = last == std::string::npos ? 3 : text.size() - last - 1;
  if (padding > 2) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  out.resize(static_cast<size_t>(size) - padding);
  return out;
}

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

Result<std::string> NewId() {
  std::array<unsigned char, kIdBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return MakeError("PS-HTTP-AUTH", "There is no randomness for the id of a signed request.");
  }
  static constexpr char kHex[] = "0123456789abcdef";
  std::string id = "msg_";
  for (const unsigned char byte : bytes) {
    id += kHex[byte >> 4];
    id += kHex[byte & 15];
  }
  return id;
}

// An id stands before a full stop in what is signed.
bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= kMostIdLength && std::all_of(id.begin(), id.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  });
}

// "v1,…" of each key.
Result<std::string> Sign(const std::vector<std::string>& keys, const std::string& text) {
  std::string signatures;
  for (const std::string& key : keys) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned int size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(),
             &size) == nullptr) {
      return MakeError("PS-HTTP-AUTH", "A request could not be signed.");
    }
    signatures += signatures.empty() ? "v1," : " v1,";
    AppendBase64({reinterpret_cast<const char*>(mac.data()), size}, &signatures);
  }
  return signatures;
}

Result<std::vector<CredentialHeader>> SignedHeaders(const std::vector<std::string>& keys,
                                                    const CredentialUse& use) {
  if (use.request.body_reader != nullptr) {
    return UsageError("PS-HTTP-AUTH", "A request whose body is spooled cannot be signed.",
                      "Use a connector that keeps its bodies in memory.");
  }
  if (use.memory->empty()) {
    if (const std::string* own = FindHeader(use.request.headers, "webhook-id")) {
      if (!IsId(*own)) {
        return UsageError("PS-HTTP-AUTH",
                          "The connector's webhook-id is not 1 to 255 letters, digits, - and _.",
                          "This is a fault of the connector.");
      }
      *use.memory = *own;
    } else {
      PENSTOCK_ASSIGN_OR_RETURN(*use.memory, NewId());
    }
  }
  const std::string timestamp = std::to_string(use.unix_us / 1000000);
  std::string text = *use.memory + "." + timestamp + ".";
  text += use.request.body;
  PENSTOCK_ASSIGN_OR_RETURN(std::string signatures, Sign(keys, text));
  return std::vector<CredentialHeader>{{"webhook-id", *use.memory, false},
                                       {"webhook-timestamp", timestamp, false},
                                       {"webhook-signature", std::move(signatures), true}};
}

}  // namespace

Result<CredentialProvider> StandardWebhooks(const std::string& name, const std::string& secrets) {
  const auto keys = std::make_shared<std::vector<std::string>>();
  for (const std::string& word : Words(secrets)) {
    std::optional<std::string> key;
    if (word.starts_with(kSecretPrefix)) key = FromBase64(word.substr(kSecretPrefix.size()));
    if (!key || key->size() < kLeastKeyBytes || key->size() > kMostKeyBytes) {
      keys->clear();
      break;
    }
    keys->push_back(*std::move(key));
  }
  if (keys->empty()) {
    return UsageError("PS-HTTP-AUTH",
                      "The secret " + name +
                          " is not one of Standard Webhooks: whsec_ followed by "
                          "base64 of 24 to 64 bytes.",
                      "Copy it whole from the receiver; two of them are separated by a space.");
  }
  return CredentialProvider([keys](const CredentialUse& use) { return SignedHeaders(*keys, use); });
}

Result<CredentialProvider> CredentialOf(const sdk::Auth& auth, std::string secret) {
  if (auth.type == "none") return CredentialProvider();
  if (secret.empty()) {
    return UsageError("PS-HTTP-AUTH", "The secret " + auth.secret + " is empty.",
                      "Set it in the environment or where the destination's configuration says.");
  }
  if (secret.find_first_of(std::string("\r\n\0", 3)) != std::string::npos) {
    return UsageError("PS-HTTP-AUTH", "The secret " + auth.secret + " holds a line break.",
                      "Remove the line break at its end.");
  }
  if (auth.type == "standard_webhooks") return StandardWebhooks(auth.secret, secret);
  CredentialHeader header;
  if (auth.type == "bearer") {
    header = {"Authorization", "Bearer " + secret};
  } else if (auth.type == "basic") {
    header = {"Authorization", "Basic "};
    AppendBase64(secret, &header.value);
  } else if (auth.type == "header" && !auth.header.empty()) {
    header = {auth.header, std::move(secret)};
  } else {
    return UsageError("PS-HTTP-AUTH",
                      "The manifest names an unknown way of authentication: " + auth.type + ".",
                      "Known are none, bearer, basic, header and standard_webhooks.");
  }
  return CredentialProvider(
      [header](const CredentialUse&) -> Result<std::vector<CredentialHeader>> {
        return std::vector<CredentialHeader>{header};
      });
}

std::string SecretHeader(const sdk::Auth& auth) {
  if (auth.type == "none") return {};
  if (auth.type == "header") return auth.header;
  return auth.type == "standard_webhooks" ? "webhook-signature" : "Authorization";
}

std::vector<std::string> SecretTexts(const sdk::Auth& auth, const std::string& secret) {
  std::vector<std::string> texts = {secret};
  if (auth.type != "standard_webhooks") return texts;
  for (const std::string& word : Words(secret)) {
    texts.push_back(word);
    if (word.starts_with(kSecretPrefix)) texts.push_back(word.substr(kSecretPrefix.size()));
  }
  return texts;
}

}  // namespace penstock::http
