// What HubSpot says when it does not say yes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/http.hpp"
#include "penstock/json_reader.hpp"
#include "penstock/result.hpp"

namespace penstock::hubspot {

// An error body, or one element of a batch's errors. Every part may be missing.
struct ApiError {
  std::string category;                // "VALIDATION_ERROR"
  std::string message;                 // as HubSpot wrote it
  std::string code;                    // of the first refused property, e.g. "INVALID_OPTION"
  std::string field;                   // its name
  std::string field_message;           // why
  size_t n_fields = 0;                 // refused properties
  std::string policy;                  // of rate limits, "DAILY"
  std::vector<std::string> trace_ids;  // objectWriteTraceId of the inputs that it is about
  std::vector<std::string> ids;        // record ids or keys that it is about
  std::vector<std::string> scopes;     // of which one is missing
};

ApiError ReadError(const sdk::JsonValue& json);
// Of a whole answer; empty when the body is no JSON object.
ApiError ReadError(const sdk::HttpResponse& response);

// Why the run cannot go on, from an answer that is not about single records: credentials, scopes,
// limits, the server. `doing` begins the sentence, e.g. "reading properties".
sdk::Failure RunFailure(const sdk::HttpResponse& response, const ApiError& error,
                        std::string_view doing);

// The scopes of which one would do, "a or b".
std::string ScopeText(const ApiError& error);

// Performs a read and parses its answer; `*document` keeps it.
sdk::Status Read(const sdk::Http& http, sdk::Call call, const sdk::HttpRequest& request,
                 std::string_view doing, rapidjson::Document* document);

}  // namespace penstock::hubspot
