// What is posted to a token endpoint.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "host/exchanges/redactor.h"
#include "host/oauth/account.h"

namespace penstock::oauth {

/// So long an assertion is good, seconds.
inline constexpr int64_t kAssertionLife = 180;

/// The body, application/x-www-form-urlencoded; it holds secrets, and `redactor` is told those that
/// it may not know. `refresh_token`: the newest one of its grant. PS-OAUTH-KEY. [thread-safe]
Result<std::string> TokenForm(const Account& account, const std::string& refresh_token,
                              int64_t now_unix_s, exchanges::Redactor* redactor);

}  // namespace penstock::oauth
