#include "plugins/http/sandbox/signatures.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>

namespace penstock::sandbox::receiver {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::string_view kVersion = "v1,";

std::optional<std::string> Decode(std::string text) {
  while (text.size() % 4 != 0) text += '=';
  std::size_t padding = 0;
  while (padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  if (text.empty() || padding > 2) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string Mac(const std::string& key, const std::string& text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes, &size);
  return {reinterpret_cast<const char*>(bytes), size};
}

bool Same(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

bool Signatures::Add(const std::string& secret) {
  if (!secret.starts_with(kPrefix)) return false;
  auto key = Decode(secret.substr(kPrefix.size()));
  if (!key || key->size() < 24 || key->size() > 64) return false;
  keys_.push_back(*std::move(key));
  return true;
}

std::optional<Refusal> Signatures::Check(const Request& request) const {
  const std::string id(request.Header("webhook-id"));
  const std::string stamp(request.Header("webhook-timestamp"));
  std::string_view given = request.Header("webhook-signature");
  if (id.empty() || stamp.empty() || given.empty()) {
    return Refusal{"signature_missing",
                   "webhook-id, webhook-timestamp and webhook-signature are needed."};
  }
  std::int64_t seconds = 0;
  auto [end, error] = std::from_chars(stamp.data(), stamp.data() + stamp.size(), seconds);
  if (error != std::errc() || end != stamp.data() + stamp.size()) {
    return Refusal{"timestamp_bad", "The timestamp is no number of seconds."};
  }
  std::int64_t age = request.now_ms / 1000 - seconds;
  if (age > kToleranceSeconds || age < -kToleranceSeconds) {
    return Refusal{"timestamp_stale", "The timestamp is more than five minutes off."};
  }
  const std::string text = id + "." + stamp + "." + request.body;
  while (!given.empty()) {
    std::size_t space = given.find(' ');
    std::string_view one = given.substr(0, space);
    given = space == given.npos ? std::string_view() : given.substr(space + 1);
    if (!one.starts_with(kVersion)) continue;
    auto signature = Decode(std::string(one.substr(kVersion.size())));
    if (!signature) continue;
    for (const std::string& key : keys_) {
      if (Same(*signature, Mac(key, text))) return std::nullopt;
    }
  }
  return Refusal{"signature_bad", "No signature fits this request."};
}

}  // namespace penstock::sandbox::receiver
