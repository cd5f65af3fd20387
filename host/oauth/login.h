// A destination's login by OAuth 2.0: gets tokens, shares them with other processes, renews them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "host/exchanges/redactor.h"
#include "host/http/credentials.h"
#include "host/http/transport.h"
#include "host/limits/clock.h"
#include "host/oauth/account.h"

namespace penstock::oauth {

struct LoginOptions {
  Account account;
  std::string base_url_from;               // member of the answer with the API's base URL; or empty
  std::vector<std::string> allowed_hosts;  // that such an address may name, besides token_host's
  int64_t token_life_s = 3600;             // where the answer has no expires_in
  std::string ca_file;                     // as of the gateway
  std::string user_agent = "Penstock";
  int64_t timeout_ms = 30000;    // of one attempt to get a token
  std::string token_directory;   // where tokens are kept; empty: in memory only
  std::string project_secret;    // encrypts them
  exchanges::Redactor redactor;  // knows the account's secrets, and is told every token
  std::function<void(std::string_view)> warn;  // one sentence; may be empty
  limits::Clock* clock = nullptr;              // null: the machine's
};

/// Makes no request yet. The login is [thread-safe]; calls while a token is asked for wait for it,
/// in all processes. Errors of its calls: those of ReadAnswer; PS-OAUTH-BASE (the answer's address
/// of the API is not allowed), PS-OAUTH-BUSY (another process does not end to ask),
/// PS-HTTP-CANCELLED, PS-HTTP-DEADLINE. Errors here: PS-OAUTH-KEY, PS-OAUTH-CACHE, PS-HTTP-URL,
/// PS-HTTP-HOST (no https), PS-FILE-….
Result<std::shared_ptr<http::Login>> OpenLogin(LoginOptions options);

/// True of an error of a login that says nothing of the account: the same may work a moment later.
/// [thread-safe]
bool IsForNow(const Error& error);

}  // namespace penstock::oauth
