// What a token endpoint answers: a token, or a sentence.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "host/exchanges/redactor.h"
#include "host/http/types.h"
#include "host/oauth/account.h"

namespace penstock::oauth {

/// A token and what came with it. Times are microseconds since 1970 on this machine's clock.
struct Token {
  std::string access_token;
  std::string refresh_token;  // of its grant: the newest one; else empty
  std::string base_url;       // as the answer told it; empty: it did not
  int64_t renew_at_us = 0;    // from then on a new one is got
  int64_t expires_at_us = 0;  // from then on it is of no use, as far as is known
};

/// How answers are understood.
struct Reading {
  const Account& account;
  std::string base_url_from;  // member with the API's base URL; empty: none
  int64_t life_s = 3600;      // of a token whose answer has no expires_in
  int64_t now_unix_us = 0;
  const exchanges::Redactor& redactor;  // what the server says is cleaned by it
};

/// The token of an answer, or one sentence: PS-OAUTH-CLIENT (client id or secret are wrong),
/// PS-OAUTH-GRANT (refresh token revoked, no consent, user not allowed), PS-OAUTH-AUDIENCE,
/// PS-OAUTH-CLOCK (the clocks differ), PS-OAUTH-REQUEST (something else is refused),
/// PS-OAUTH-UNAVAILABLE (try later), PS-OAUTH-ANSWER (it cannot be understood). [thread-safe]
Result<Token> ReadAnswer(const http::Response& response, const Reading& reading);

/// What a server said, as it may stand in a sentence: one line, without secrets and not endless.
/// [thread-safe]
std::string AsSaid(const std::string& text, const exchanges::Redactor& redactor);

}  // namespace penstock::oauth
