// HubSpot's error bodies.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/testing/http.h"

namespace penstock::sandbox::hubspot {

using Context = std::vector<std::pair<std::string, std::vector<std::string>>>;

// One error, as a whole answer or as an element of a batch's errors.
struct ApiError {
  int status = 400;
  std::string category = "VALIDATION_ERROR";
  std::string message;
  Context context;
  std::string detail;      // message of the one element of "errors", "" for none
  Context detail_context;  // its context
  std::string policy;      // rate limits: policyName
};

// A random UUID, as correlation ids are.
std::string NewUuid();
// The error as the answer of a request.
Response ErrorResponse(const ApiError& error);
// The error as an element of "errors" in a 207.
void WriteBatchError(JsonWriter& json, const ApiError& error);

// Frequent errors.
ApiError Invalid(std::string message);
ApiError NotFound(std::string message, std::vector<std::string> ids);
// The 429 of a policy: TEN_SECONDLY_ROLLING, SECONDLY or DAILY.
/// The 429 of a limit ("DAILY", "TEN_SECONDLY_ROLLING", "SECONDLY"); `as_category`: in the form
/// with a category in place of error type and policy, which was reported, too.
ApiError RateLimited(std::string_view policy, bool as_category);

}  // namespace penstock::sandbox::hubspot
