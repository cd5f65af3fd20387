// Salesforce's error bodies: of a whole request (errorCode) and of one record (statusCode).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/testing/http.h"

namespace penstock::sandbox::salesforce {

// Why a record was refused.
struct RecordError {
  std::string code;
  std::string message;
  std::vector<std::string> fields;
};

// Why a request was refused.
struct ApiError {
  int status = 400;
  std::string code;
  std::string message;
  std::vector<std::string> fields;
};

// [{"message", "errorCode", "fields"}].
Response ErrorResponse(const ApiError& error);
// The same of a record's errors, as the calls for one row answer them.
Response ErrorResponse(int status, const std::vector<RecordError>& errors);
// "errors" of one item of a collection: [{"statusCode", "message", "fields"}].
void WriteErrors(JsonWriter& json, const std::vector<RecordError>& errors);
// CODE:message:fields --, as CSV results have it.
std::string CsvError(const std::vector<RecordError>& errors);

// 400 with this code.
ApiError Invalid(const char* code, std::string message);
ApiError NotFound();
// 404: a path names a field that finds no records.
ApiError NoSuchKey(std::string_view field);
ApiError BadJson(std::string message);
ApiError NoColumn(std::string_view field, std::string_view object);

}  // namespace penstock::sandbox::salesforce
