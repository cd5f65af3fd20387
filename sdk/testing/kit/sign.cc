#include "sdk/testing/kit/sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <atomic>
#include <ctime>

#include "penstock/values.hpp"
#include "sdk/documents/auth.h"
#include "sdk/testing/kit/exact_json.h"

namespace penstock::kit {
namespace {

// The kit does not log in: of OAuth, the fixture holds a token.
constexpr char kTokenSecret[] = "access_token";

// The bytes of base64 text; empty when it is none.
std::string Decoded(const std::string& text) {
  std::string bytes(text.size(), '\0');
  const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                reinterpret_cast<const unsigned char*>(text.data()),
                                static_cast<int>(text.size()));
  if (n < 0) return {};
  size_t length = static_cast<size_t>(n);
  for (size_t i = text.size(); i > 0 && text[i - 1] == '='; --i) --length;
  bytes.resize(length);
  return bytes;
}

// Standard Webhooks: an id, a fresh time, and the signature of both and the body.
void Sign(const std::string& secret, PeerRequest* request) {
  static std::atomic<uint64_t> next{1};
  const std::string id =
      "msg_kit_" + std::to_string(std::time(nullptr)) + "_" + std::to_string(next.fetch_add(1));
  const std::string time = std::to_string(std::time(nullptr));
  constexpr std::string_view kPrefix = "whsec_";
  const std::string key =
      Decoded(secret.starts_with(kPrefix) ? secret.substr(kPrefix.size()) : secret);
  const std::string text = id + "." + time + "." + request->body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned n = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &n);
  request->headers.emplace_back("webhook-id", id);
  request->headers.emplace_back("webhook-timestamp", time);
  request->headers.emplace_back(
      "webhook-signature", "v1," + sdk::Base64({reinterpret_cast<const char*>(digest.data()), n}));
}

// How requests are signed, the manifest and the configuration taken together.
struct Credentials {
  std::string type = "none", header;
  std::string secret;  // its name; empty: the configuration has none
};

Credentials CredentialsOf(const Subject& subject, const Facts& facts) {
  Credentials credentials;
  rapidjson::Document config;
  if (!subject.manifest || !ParseExact(facts.config_json, &config)) return credentials;
  const auto auth = sdk::ChosenAuth(*subject.manifest, facts.config_json);
  if (!auth.ok()) return credentials;
  credentials.type = auth->type;
  credentials.header = auth->header;
  const Json* value = Find(config, auth->secret);
  credentials.secret = auth->type == "oauth2" ? kTokenSecret
                       : value == nullptr     ? ""
                                              : TextOf(*value, "$secret", auth->secret);
  return credentials;
}

}  // namespace

std::string MissingSecret(const Subject& subject, const Facts& facts) {
  const Credentials credentials = CredentialsOf(subject, facts);
  const bool missing = credentials.type != "none" && facts.secrets.count(credentials.secret) == 0;
  return missing ? credentials.secret : "";
}

void Authorise(const Subject& subject, const Facts& facts, PeerRequest* request) {
  const Credentials credentials = CredentialsOf(subject, facts);
  const std::string& type = credentials.type;
  const auto it = facts.secrets.find(credentials.secret);
  if (it == facts.secrets.end()) return;
  if (type == "bearer" || type == "oauth2") {
    request->headers.emplace_back("Authorization", "Bearer " + it->second);
  } else if (type == "basic") {
    request->headers.emplace_back("Authorization", "Basic " + sdk::Base64(it->second));
  } else if (type == "header") {
    request->headers.emplace_back(credentials.header, it->second);
  } else if (type == "standard_webhooks") {
    Sign(it->second, request);
  }
}

}  // namespace penstock::kit
