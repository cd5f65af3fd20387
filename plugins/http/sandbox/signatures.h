// Checks Standard Webhooks signatures, from the receiver's side.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sdk/testing/http.h"

namespace penstock::sandbox::receiver {

// Why a request is not accepted.
struct Refusal {
  std::string code, message;
};

// The keys of a receiver. Not changed once the server runs.
class Signatures {
 public:
  static constexpr std::int64_t kToleranceSeconds = 300;

  // "whsec_" and base64. False when it is no such secret.
  bool Add(const std::string& secret);
  // Whether the request was signed with one of the keys, not longer than five minutes ago by
  // request.now_ms.
  std::optional<Refusal> Check(const Request& request) const;

 private:
  std::vector<std::string> keys_;
};

}  // namespace penstock::sandbox::receiver
