// The OAuth app of the account: its consent, and the access tokens that were got with it.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/testing/http.h"

namespace penstock::sandbox::hubspot {

// What the app is after a start and after a reset.
struct AppOptions {
  std::string client_id = "sandbox-client";
  std::string client_secret = "sandbox-client-secret";
  std::vector<std::string> refresh_tokens = {"sandbox-refresh-token"};
  std::int64_t life_s = 1800;  // of an access token
};

// Thread-safe.
class OAuthApp {
 public:
  enum class Standing { kUnknown, kGood, kExpired };

  void Set(const AppOptions& options);
  // POST /oauth/v1/token with grant_type=refresh_token.
  Response Exchange(const Request& request);
  Standing Of(std::string_view access_token, std::int64_t now_ms) const;
  // The same of a call that uses it, which expire_after_calls counts.
  Standing Use(std::string_view access_token, std::int64_t now_ms);
  // Seconds that a good access token has left.
  std::int64_t SecondsLeft(std::string_view access_token, std::int64_t now_ms) const;
  // PUT /_sandbox/config: token_life_s, refresh_tokens (none: consent was revoked),
  // rotate_refresh_tokens, expire_tokens (all that were given until now), expire_after_calls (the
  // same after so many more calls). False: not one of them.
  bool Configure(std::string_view name, const JsonValue& value);

 private:
  Standing Judge(std::string_view access_token, std::int64_t now_ms) const;
  void Expire();

  mutable std::mutex mutex_;
  AppOptions options_;
  std::set<std::string, std::less<>> refresh_tokens_;
  std::map<std::string, std::int64_t, std::less<>> access_tokens_;  // until when, ms
  bool rotate_ = false;
  std::int64_t calls_left_ = 0;  // until all tokens expire; 0: they don't
};

}  // namespace penstock::sandbox::hubspot
