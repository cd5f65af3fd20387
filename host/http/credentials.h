// What proves to a destination who we are: the headers that the gateway adds to each attempt.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "host/http/types.h"
#include "penstock/documents.hpp"

namespace penstock::http {

/// A header of a credential. It replaces one of the same name that the connector set.
struct CredentialHeader {
  std::string name, value;
  bool secret = true;  // its value appears in no log, error or exchange
};

/// The attempt that is about to be sent.
struct CredentialUse {
  const Request& request;
  int64_t unix_us = 0;
  std::string* memory = nullptr;  // empty at the first attempt of a request, then as it was left
  /// Of the call that waits; may be empty. Whoever blocks asks it about every 50 ms.
  std::function<bool()> cancelled = {};
  int64_t deadline_us = 0;  // on the gateway's Clock::MonotonicUs; 0: none
};

/// Makes the headers of one attempt. Asked on the thread that called Perform; may block (a token is
/// renewed).
using CredentialProvider =
    std::function<Result<std::vector<CredentialHeader>>(const CredentialUse&)>;

/// A credential that gets old and is renewed while it is used. Asked on the threads that call
/// Perform, by several at once; may block. An error of it ends Perform.
class Login {
 public:
  virtual ~Login() = default;
  /// The base URL of the API as the login told it; empty: that of the options stands.
  virtual Result<std::string> BaseUrl(const CredentialUse& use) = 0;
  /// The headers of one attempt.
  virtual Result<std::vector<CredentialHeader>> Headers(const CredentialUse& use) = 0;
  /// The attempt for which Headers left `use.memory` as it is now was answered with 401: gets
  /// another credential, unless somebody did so since.
  virtual Status Renew(const CredentialUse& use) = 0;
};

/// The way that the manifest says: bearer, basic (the secret is "user:password") or header, always
/// the same; or standard_webhooks (below). Empty for none. PS-HTTP-AUTH for another type and for a
/// secret that does not suit it.
Result<CredentialProvider> CredentialOf(const sdk::Auth& auth, std::string secret);

/// The header that holds what CredentialOf makes; empty where there is none.
std::string SecretHeader(const sdk::Auth& auth);

/// The texts by which a secret could be recognised: itself, and its parts that are secret alone.
std::vector<std::string> SecretTexts(const sdk::Auth& auth, const std::string& secret);

/// Signatures as https://www.standardwebhooks.com describes them. `secrets`: "whsec_" and base64 of
/// 24 to 64 bytes; several, separated by spaces, while a receiver changes from one to the next.
/// `webhook-id` is the same for all attempts of a request: the connector's own header of that name,
/// else a random one; the timestamp is that of the attempt. PS-HTTP-AUTH; requests with a
/// malformed id, or with a body that is not in memory, end with it, too.
Result<CredentialProvider> StandardWebhooks(const std::string& name, const std::string& secrets);

}  // namespace penstock::http
