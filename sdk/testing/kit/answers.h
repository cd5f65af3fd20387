// Answers that the kit makes up in a destination's place.
#pragma once

#include <string>
#include <utility>

#include "penstock/testing/fixture.hpp"

namespace penstock::kit {

/// With `retry_ms` (whole seconds) it asks for that much patience.
inline PeerAnswer Answered(int status, std::string body = R"({"message": "no"})",
                           int64_t retry_ms = 0) {
  PeerAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.retry_after_ms = retry_ms;
  if (retry_ms > 0) answer.headers = {{"Retry-After", std::to_string(retry_ms / 1000)}};
  return answer;
}

/// `transport`: PENSTOCK_TRANSPORT_…, why there is none.
inline PeerAnswer NoAnswer(int32_t transport, std::string error = "the kit lets this fail") {
  PeerAnswer answer;
  answer.transport = transport;
  answer.error = std::move(error);
  return answer;
}

}  // namespace penstock::kit
