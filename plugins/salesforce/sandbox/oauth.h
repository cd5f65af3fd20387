// OAuth 2.0 as Salesforce answers it: tokens for credentials, who a token is, revocation.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/salesforce/sandbox/jwt.h"
#include "plugins/salesforce/sandbox/org.h"

namespace penstock::sandbox::salesforce {

// The one connected app and its user.
struct App {
  std::string client_id = "sandbox-client", client_secret = "sandbox-secret";
  std::string password = "sandbox-password", refresh_token = "sandbox-refresh";
  std::vector<std::string> scopes = {"api", "refresh_token", "openid"};
  std::string token = "sandbox-token";  // never expires, for programs that do not log in
  std::string instance_url;             // "": the host that the token was asked of
  std::string jwt_key;  // file with the certificate or public key of JWT bearers; "": none
  std::int64_t token_seconds = 7200;
  std::int64_t token_uses = -1;  // requests until a token expires, -1: no such limit
};

// The tokens that are out. Thread-safe after Open().
class OAuth {
 public:
  App app;

  // Reads the key; without one makes a pair in the data directory, if there is one.
  bool Open(const Org& org, std::string* error);

  Response Token(const Request& request);
  Response Revoke(const Request& request);
  Response UserInfo(const Request& request);
  Response Identity(const Request& request);
  // Counts a use of the request's token. What refuses it, if it may not pass.
  std::optional<ApiError> Refuse(const Request& request);

  // All tokens that are out expire now.
  void ExpireAll();
  // The same, so many more calls later; `block`: and SetBlocked.
  void ExpireAfter(std::int64_t calls, bool block);
  // The user's administrator takes the app's rights away, or gives them back.
  void SetBlocked(bool blocked);
  void SetTokenUses(std::int64_t uses);
  void SetTokenSeconds(std::int64_t seconds);
  void Reset();

 private:
  using Form = std::map<std::string, std::string>;
  struct Issued {
    std::int64_t until_ms = 0;
    std::int64_t uses = -1;
  };
  std::optional<Response> CheckClient(const Form& form) const;
  Response ByPassword(const Request& request, const Form& form);
  Response ByRefreshToken(const Request& request, const Form& form);
  Response ByJwt(const Request& request, const Form& form);
  Response Issue(const Request& request);
  bool IsAudience(const Request& request, std::string audience) const;
  std::string InstanceOf(const Request& request) const;
  std::string IdentityUrl(const Request& request) const;
  bool Knows(const Request& request) const;
  bool IsFixedToken(const Request& request) const;
  std::string NewToken();

  const Org* org_ = nullptr;
  std::unique_ptr<JwtKey> key_;
  mutable std::mutex mutex_;
  std::map<std::string, Issued, std::less<>> tokens_;
  std::int64_t uses_ = -1, seconds_ = 7200;
  std::int64_t calls_left_ = -1;            // until all tokens end; -1: no such limit
  bool block_then_ = false;                 // when they end
  bool blocked_ = false, revoked_ = false;  // revoked: the refresh token
};

}  // namespace penstock::sandbox::salesforce
