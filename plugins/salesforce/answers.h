// What Salesforce says when it does not say yes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/http.hpp"
#include "penstock/json_reader.hpp"
#include "penstock/result.hpp"

namespace penstock::salesforce {

// An error of a whole answer ("errorCode") or of one record ("statusCode"). Every part may be
// missing.
struct ApiError {
  std::string code;                 // "STRING_TOO_LONG"
  std::string message;              // as Salesforce wrote it
  std::vector<std::string> fields;  // that it is about
  size_t more = 0;                  // further errors beside this, the first one
};

// The first of a list of errors; empty when `errors` is no list with one.
ApiError ReadError(const sdk::JsonValue& errors);
// Of a whole answer; empty when the body is not of that form.
ApiError ReadError(const sdk::HttpResponse& response);

// Why the run cannot go on, from an answer that is not about single records: credentials,
// permissions, limits, the server. `doing` begins the sentence, e.g. "reading the organization".
sdk::Failure RunFailure(const sdk::HttpResponse& response, const ApiError& error,
                        std::string_view doing);

// The same for an error code that means the whole run wherever it stands, also in the result of one
// record; ok for all others.
sdk::Status RunStatus(const ApiError& error, std::string_view doing);

// Performs a read and parses its answer, whose numbers are kept as text; `*document` owns it.
// `limit_info`: if given, takes the value of the header Sforce-Limit-Info.
sdk::Status Read(const sdk::Http& http, sdk::Call call, const sdk::HttpRequest& request,
                 std::string_view doing, rapidjson::Document* document,
                 std::string* limit_info = nullptr);

// INTERNAL: an answer that is not of the documented form.
sdk::Failure BadAnswer(std::string_view doing, std::string_view what);

}  // namespace penstock::salesforce
