// The signed assertion of a JWT bearer grant (RFC 7523), with RS256.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace penstock::oauth {

/// What an assertion claims.
struct Claims {
  std::string issuer, subject, audience;
  int64_t expires_unix_s = 0;
};

/// Header, claims and signature, as they are sent. `private_key`: PEM, PKCS#8 or PKCS#1; line
/// breaks may be written as \n. PS-OAUTH-KEY: it cannot be read, has a pass phrase, or is no RSA
/// key. [thread-safe]
Result<std::string> SignedAssertion(const Claims& claims, std::string_view private_key);

/// PS-OAUTH-KEY unless SignedAssertion would take the key. [thread-safe]
Status CheckKey(std::string_view private_key);

}  // namespace penstock::oauth
